from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from unvisor.datasets import store
from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.rig import RIGS
from unvisor.tools.main import main


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the log, and the wearer's own settings, out of it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """One second of a simulated headset."""
    path = tmp_path / "take.h5"
    store.save(path, simulate(performance(), RIGS["mouth+eyes"]).first(1.0))
    return path


def run(*words: object, model: str = "neutral") -> int:
    return main(["run", "--model", model, *map(str, words)])


def addresses(packets: Sequence[bytes]) -> set[str]:
    return {
        one.address
        for packet in packets
        for one in OscBundle(packet)
        if isinstance(one, OscMessage)
    }


def received(receiver: socket.socket) -> list[bytes]:
    receiver.setblocking(False)
    packets: list[bytes] = []
    while True:
        try:
            packets.append(receiver.recv(4096))
        except BlockingIOError:
            return packets


def test_a_recording_is_played_to_vrchat_and_live_link_face(
    take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as vrchat,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
    ):
        for receiver in (vrchat, phone):
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            receiver.bind(("127.0.0.1", 0))
        ports = [receiver.getsockname()[1] for receiver in (vrchat, phone)]
        done = run(
            "--source", take, "--json",
            "--vrchat", f"127.0.0.1:{ports[0]}", "--live-link-face", f":{ports[1]}",
        )  # fmt: skip
        told, packets = addresses(received(vrchat)), received(phone)
    assert done == 0
    assert "/avatar/parameters/v2/JawOpen" in told
    assert "/avatar/parameters/FT/v2/EyeLeftX" in told
    assert 5 <= len(packets) <= 70  # at most 60 a second; a busy machine skips
    jaws = [np.frombuffer(packet[-244:], ">f4")[17] for packet in packets]
    assert max(jaws) > min(jaws)
    summary = json.loads(capsys.readouterr().out)
    assert 0.5 <= summary["duration_s"] <= 1.1
    assert summary["parts"]["from take.h5"]["state"] == "live"


def test_a_recording_played_is_recorded_again(take: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.h5"
    assert run("--source", take, "--record", again, "--rate-hz", 60) == 0
    one, other = store.load(take), store.load(again)
    assert other.about.basis == one.about.basis
    assert set(other.streams) == set(one.streams)
    assert other.face is not None
    assert 0.5 <= other.duration_s <= 1.2


def test_the_demo_goes_on_until_its_time_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--source", "demo", "--duration-s", 1.6, "--status", "--headless") == 0
    status, *_, summary = capsys.readouterr().out.splitlines()
    assert status.startswith("from demo: live")
    assert " faces in 1." in summary


@pytest.mark.parametrize("polite", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_asked(tmp_path: Path, polite: signal.Signals) -> None:
    recording = tmp_path / "evening.h5"
    words = ["run", "--source", "demo", "--loop", "--model", "neutral", "--record", str(recording)]
    running = subprocess.Popen(
        [sys.executable, "-m", "unvisor.tools.main", *words, "--status"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}, cwd=tmp_path,
    )  # fmt: skip
    assert running.stdout is not None
    first = running.stdout.readline()
    running.send_signal(polite)
    rest, wrong = running.communicate(timeout=30)
    assert first.startswith("from demo: live")
    assert running.returncode == 0, wrong
    assert " faces in " in rest.splitlines()[-1]
    assert wrong == ""
    assert store.load(recording).duration_s > 0.3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--source", "openxr"], "--source openxr: not in this version yet: use --source devices"),
        ([], "no sensor named: add --sensor "),
        (["--sensor", "live-link-fac"], "did you mean live-link-face?"),
        (["--source", "missing.h5"], "missing.h5"),
        (["--source", "demo", "--vrchat", "x,prot=3"], "vrchat: prot is not known"),
        (["--source", "demo", "--vrchat", "no such host:1"], "no such address"),
        (["--source", "demo", "--profile", "missing.json"], "missing.json"),
        (["--source", "demo", "--model", "better"], "better: no such model"),
        (["--source", "demo", "--rate-hz", "0"], "--rate-hz 0: "),
        (["--source", "demo", "--duration-s", "-1"], "--duration-s -1: "),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 1
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("to", [["--vrchat"], ["--record", "evening.h5"]])
def test_a_live_face_goes_nowhere_without_consent(
    to: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("--sensor", "live-link-face::0", *to, "--duration-s", 0.1) == 1
    assert '--consent-reference "form, version, date"' in capsys.readouterr().err
    assert list(tmp_path.glob("evening*")) == []


@pytest.mark.parametrize("to", [["--vrchat"], ["--record", "evening.h5"]])
def test_a_capture_without_a_licence_goes_nowhere_but_can_be_worked_on(
    to: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    frames = [{"weights": [n / 40], "time": n / 20} for n in range(20)]
    Path("take.json").write_text(json.dumps({"names": ["jawOpen"], "frames": frames}))
    assert main(["import", "arkit-json", "take.json", "--out", "take.h5"]) == 0
    assert main(["simulate", "take.h5", "--rig", "mouth+eyes", "--out", "worn.h5"]) == 0
    assert main(["reconstruct", "worn.h5", "--model", "neutral", "--out", "face.h5"]) == 0
    assert run("--source", "worn.h5") == 0
    capsys.readouterr()
    assert run("--source", "worn.h5", *to) == 1
    assert "no licence is stated for this face: import it with --licence" in capsys.readouterr().err
    assert list(tmp_path.glob("evening*")) == []


def test_settings_name_sensors_and_outputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "config" / "unvisor"
    folder.mkdir(parents=True)
    (folder / "settings.toml").write_text("[readers.live-link-face]\nport = 0\n")
    assert run("--duration-s", 0.2, "--json") == 0
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert parts["from live-link-face"]["state"] == "waiting"
    assert parts["loop"]["state"] == "live"


def test_the_log_has_what_happened_and_errors(tmp_path: Path) -> None:
    assert run("--source", "demo", "--duration-s", 0.1) == 0
    assert run("--source", "openxr") == 1
    (log,) = (tmp_path / "state").rglob("unvisor.log")
    text = log.read_text()
    assert "faces in" in text
    assert "ERROR --source openxr" in text

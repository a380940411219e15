from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from PIL import Image
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from unvisor.datasets import store
from unvisor.datasets.layout import LAYOUT
from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.datasets.streams import FaceStream
from unvisor.headset.clock import NS_PER_S, now_ns
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.rig import RIGS
from unvisor.headset.sensors import packet_log
from unvisor.headset.sensors.babble import PLUG as BABBLE
from unvisor.headset.sensors.live_link_face import GOLDEN
from unvisor.tools.main import main

from ..reconstruct.cameras.brought_models import (
    MOUTH,
    affine,
    brought,
)

pytestmark = pytest.mark.usefixtures("own_folders")


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
    assert first.startswith("to record: live")
    assert "from demo: live" in first
    assert running.returncode == 0, wrong
    assert " faces in " in rest.splitlines()[-1]
    assert rest.splitlines()[-2] == f"wrote {recording}"
    assert wrong == ""
    assert store.load(recording).duration_s > 0.3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--source", "openxr"], "--source openxr: OpenXR: no runtime is active here"),
        (["--room"], "--room: no OpenXR runtime is active here"),
        (["--room", "--headless"], "--room draws in the headset and --headless nothing"),
        (["--room", "--source", "demo"], "--room: no OpenXR runtime is active here"),
        (["--room", "--overlay"], "--overlay draws over the game that has the headset"),
        (["--overlay", "--headless"], "--overlay draws in the headset and --headless nothing"),
        (["--overlay"], "--overlay: "),
        (["--avatar", "x.vrm"], "--avatar: nothing is drawn"),
        (["--panels", "off"], "--panels: nothing is drawn"),
        (["--refresh-hz", "90", "--film", "x.mp4"], "--refresh-hz: is the headset's"),
        (["--source", "demo", "--film", "x.avi"], "x.avi: neither .mp4 nor .png"),
        (["--source", "demo", "--film", "nowhere/x.png"], "no folder nowhere"),
        (["--film", "x.mp4"], '--consent-reference "form, version, date"'),
        (["--source", "demo", "--film", "x.png", "--avatar", "no.vrm"], "no.vrm"),
        (["--settings", "none.toml"], "--settings none.toml: no such file"),
        (["--loop"], "--loop: plays a recording or the demo again"),
        (["--sensor", "babble", "--sensor", "babble:port=1"], "--sensor babble: was given 2 times"),
        (["--bundle", "x.zip", "--source", "demo"], "--bundle: needs sensors"),
        (["--sensor", "babble", "--source", "demo"], "--sensor: is one of the devices"),
        (["--bundle", "nowhere/x.zip"], "no folder nowhere"),
        (["--source", "missing.zip"], "missing.zip: no such file: name a bundle"),
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


@pytest.mark.parametrize(
    "to",
    [
        ["--vrchat"],
        ["--record", "evening.h5"],
        ["--bundle", "evening.zip"],
        ["--film", "evening.mp4"],
        ["--film", "evening.mp4", "--record", "evening.h5"],
    ],
)
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


@pytest.mark.parametrize(
    "to", [["--vrchat"], ["--record", "evening.h5"], ["--film", "evening.png"]]
)
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
    (folder / "settings.toml").write_text(
        "[readers.live-link-face]\nport = 0\n[readers.steamvr]\nenabled = false\n"
    )
    parts = parts_of(capsys, "--duration-s", 0.2)
    assert parts["from live-link-face"]["state"] == "waiting"
    assert parts["loop"]["state"] == "live"
    assert set(parts) == {"from live-link-face", "from openxr", "loop"}


def parts_of(
    capsys: pytest.CaptureFixture[str], *words: object
) -> dict[str, dict[str, str | float | None]]:
    """Run, and return how each part was doing at the end."""
    assert run(*words, "--json") == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])["parts"]


@contextmanager
def holding(port: int) -> Generator[None]:
    """Have a port; another run on this machine may have it first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        deadline_ns = now_ns() + 30 * NS_PER_S
        while True:
            try:
                holder.bind(("127.0.0.1", port))
                break
            except OSError:
                assert now_ns() < deadline_ns
                time.sleep(0.05)
        yield


def test_without_a_sensor_named_all_are_opened_that_take_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with holding(9015):  # Steam Link's
        parts = parts_of(capsys, "--duration-s", 0.2)
    assert {
        "from openxr", "from steamvr", "from babble", "from vrchat", "from virtual-desktop",
    } <= parts.keys()  # fmt: skip
    asks_or_takes = {"from vrcft", "from vtube-studio", "from microphone", "from mouth-camera"}
    assert not asks_or_takes & parts.keys()
    taken = parts["from steam-link"]
    assert taken["state"] == "waiting"
    assert "127.0.0.1:9015" in str(taken["note"])
    assert "tried again" in str(taken["remedy"])
    assert {parts[f"from {name}"]["state"] for name in ("openxr", "steamvr")} == {"off"}


def test_what_takes_no_port_joins_the_sensors_that_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = ("--sensor", "babble::0", "--duration-s", 0.1)
    assert set(parts_of(capsys, *named)) == {"from babble", "from openxr", "from steamvr", "loop"}
    without = parts_of(capsys, *named, "--sensor", "openxr:enabled=false")
    assert set(without) == {"from babble", "from steamvr", "loop"}


def test_one_sensor_can_be_left_out_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    parts = parts_of(capsys, "--sensor", "vrchat:enabled=false", "--duration-s", 0.1)
    assert "from babble" in parts
    assert "from vrchat" not in parts


def test_nobody_listens_where_we_send(capsys: pytest.CaptureFixture[str]) -> None:
    consent = ("--consent-reference", "form 1, 2026-01-01")
    to_phone_app = ("--live-link-face", "127.0.0.1:11111", "--duration-s", "0.1")
    assert run(*to_phone_app, *consent, "--json") == 0
    parts = json.loads(capsys.readouterr().out.splitlines()[-1])["parts"]
    assert "to live-link-face" in parts
    assert "from live-link-face" not in parts
    assert run(*to_phone_app, *consent, "--sensor", "live-link-face") == 1
    assert "it would hear ourselves" in capsys.readouterr().err


def test_a_named_sensor_whose_port_is_taken_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        assert run("--sensor", f"babble::{holder.getsockname()[1]}") == 1
    assert "has this port" in capsys.readouterr().err


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def sending(to: dict[int, Callable[[int], bytes]]) -> Generator[None]:
    """Send each port its next packet a hundred times a second meanwhile."""
    stop = Event()

    def send() -> None:
        number = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not stop.wait(0.01):
                for port, packet in to.items():
                    sender.sendto(packet(number), ("127.0.0.1", port))
                number += 1

    thread = Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def phone(number: int) -> bytes:
    """A jaw that opens: each packet differs."""
    return GOLDEN[:-244] + np.r_[np.zeros(17), number / 1000, np.zeros(43)].astype(">f4").tobytes()


def babble(number: int) -> bytes:
    return BABBLE.golden[:-4] + struct.pack(">f", number / 1000)


def test_a_bundles_packets_give_the_same_samples_again(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    with sending(dict(zip(ports, (phone, babble), strict=True))):
        assert run(
            "--sensor", f"live-link-face::{ports[0]}", "--sensor", f"babble::{ports[1]}",
            "--duration-s", 1.5, "--record", tmp_path / "x.h5", "--bundle", tmp_path / "x.zip",
            "--consent-reference", "form 1, 2026-01-01",
        ) == 0  # fmt: skip
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert {"doctor.json", "versions.json", "log.txt", "packets.json"} <= set(
            archive.namelist()
        )
        states = json.loads(archive.read("doctor.json"))["states"]
    assert states["from babble"]["state"] == "live"
    assert run("--source", tmp_path / "x.zip", "--record", tmp_path / "y.h5") == 0
    one, other = store.load(tmp_path / "x.h5"), store.load(tmp_path / "y.h5")
    assert other.about.basis == one.about.basis
    assert set(one.streams) == set(other.streams) >= {"live-link-face", "babble", "eyes"}
    shifts: set[int] = set()
    for name, stream in one.streams.items():
        again, rows = other.streams[name], len(stream.time_ns)
        assert rows > 50
        assert 0 <= len(again.time_ns) - rows < 20  # what came after the last frame
        for column in LAYOUT[type(stream)]:
            if getattr(stream, column) is not None:
                np.testing.assert_array_equal(
                    getattr(again, column)[:rows], getattr(stream, column)
                )
        for times in ("time_ns", "received_ns"):
            shifts |= set((getattr(again, times)[:rows] - getattr(stream, times)).tolist())
    assert len(shifts) == 1


def test_a_model_of_ones_own_looks_at_the_mouths_camera(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = brought(tmp_path, affine([1, 2, 9], [0, 0, 0]), MOUTH)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(4):
        Image.fromarray(np.full((40, 60), 51, np.uint8)).save(pictures / f"{number}.png")
    words = (
        "--mouth-model", model, "--duration-s", 1.5, "--record", tmp_path / "x.h5",
        "--consent-reference", "form 1, 2026-01-01",
    )  # fmt: skip
    assert run(*words) == 1
    assert "--mouth-model: no camera for it: add --sensor mouth-camera" in capsys.readouterr().err
    assert run("--sensor", f"mouth-camera:device={pictures},loop=true", *words) == 0
    stream = store.load(tmp_path / "x.h5").streams["mouth-model"]
    assert isinstance(stream, FaceStream)
    np.testing.assert_allclose(stream.weights[:, UNIFIED_INDEX["JawOpen"]], 0.2, atol=1e-6)


def test_a_bundle_is_written_when_the_run_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    words = [
        "run", "--sensor", f"babble::{port}", "--model", "neutral", "--status",
        "--bundle", str(tmp_path / "x.zip"), "--consent-reference", "form 1, 2026-01-01",
    ]  # fmt: skip
    running = subprocess.Popen(
        [sys.executable, "-m", "unvisor.tools.main", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}, cwd=tmp_path,
    )  # fmt: skip
    assert running.stdout is not None
    with sending({port: babble}):
        running.stdout.readline()
        assert not (tmp_path / "x.zip").exists()
        running.send_signal(signal.SIGINT)
        _, wrong = running.communicate(timeout=30)
    assert (running.returncode, wrong) == (0, "")
    assert len(list(packet_log.load(tmp_path / "x.zip").sensors["babble"].packets())) > 5


def test_a_hostile_bundle_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    assert run("--source", tmp_path / "x.zip") == 1
    told = capsys.readouterr().err
    assert "is no zip" in told
    assert told.count("\n") == 1


def test_no_file_is_replaced_and_none_has_two_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = {"x.mp4": "--film", "x.h5": "--record", "x.zip": "--bundle"}
    for name, word in kept.items():
        Path(name).write_text("of before")
        assert run(word, name) == 1
        assert f"{name}: is there already, " in capsys.readouterr().err
        assert Path(name).read_text() == "of before"
    assert run("--record", "y.png", "--film", "y.png") == 1
    assert "--film y.png: is where --record goes" in capsys.readouterr().err


def test_the_settings_avatar_is_read_where_something_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "me.toml").write_text('[headset]\navatar = "me.vrm"\n')
    words = ("--source", "demo", "--settings", tmp_path / "me.toml", "--duration-s", 0.1)
    assert run(*words) == 0
    capsys.readouterr()
    assert run(*words, "--film", tmp_path / "x.png") == 1
    assert "me.vrm: " in capsys.readouterr().err


def test_the_log_has_what_happened_and_errors(tmp_path: Path) -> None:
    assert run("--source", "demo", "--duration-s", 0.1) == 0
    assert run("--source", "missing.h5") == 1
    (log,) = (tmp_path / "state").rglob("unvisor.log")
    text = log.read_text()
    assert "faces in" in text
    assert "ERROR missing.h5" in text

"""A sensor or an output is one file, one line in one table, and one golden packet.

`tests/plugs/chin_strap.py` and `tests/plugs/jaw_lamp.py` are such files. Here they are plugged in,
once by a line in our tables and once as another package would, and found everywhere, with no other
edit: in `run`, in its status, in a recording, in `doctor` and in the settings file.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from unvisor.datasets import store
from unvisor.headset import settings
from unvisor.headset.errors import SensorError, UnvisorError
from unvisor.headset.frame import SensorFrame
from unvisor.headset.outputs import SINKS
from unvisor.headset.outputs.udp import UdpTarget
from unvisor.headset.plug import GOLDEN_FACE, READER_PLUGS, SINK_PLUGS
from unvisor.headset.sensors import READERS
from unvisor.headset.sensors.udp import UdpReader, UdpSettings
from unvisor.tools.main import main

PLUGS = Path(__file__).parent / "plugs"


@pytest.fixture(params=["a line in our table", "another package"])
def plugged(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The strap and the lamp, plugged in."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # the log's place
    packages = tmp_path / "packages"
    shutil.copytree(PLUGS, packages)
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    for module in ("chin_strap", "jaw_lamp"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    if request.param == "another package":
        about = packages / "strap_and_lamp-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: strap-and-lamp\nVersion: 1.0\n"
        )
        (about / "entry_points.txt").write_text(
            "[unvisor.readers]\nchin-strap = chin_strap:PLUG\n"
            "[unvisor.sinks]\njaw-lamp = jaw_lamp:PLUG\n"
        )
    else:
        monkeypatch.setitem(READERS, "chin-strap", "chin_strap:PLUG")
        monkeypatch.setitem(SINKS, "jaw-lamp", "jaw_lamp:PLUG")


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """The wearer's settings: the strap on a free port, and a lamp."""
    path = tmp_path / "settings.toml"
    path.write_text(
        f"[readers.chin-strap]\nport = {free_port()}\n[outputs.jaw-lamp]\nport = {free_port()}\n"
    )
    return path


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def sending(packet: bytes, port: int) -> Generator[None]:
    """Send a packet a hundred times a second meanwhile."""
    stop = Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not stop.wait(0.01):
                sender.sendto(packet, ("127.0.0.1", port))

    thread = Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.usefixtures("plugged")
def test_run_reads_the_strap_lights_the_lamp_and_records(
    settings_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = settings.load(settings_file)
    strap, target = chosen.readers["chin-strap"], chosen.outputs["jaw-lamp"]
    assert isinstance(strap, UdpSettings)
    assert isinstance(target, UdpTarget)
    recording = tmp_path / "evening.h5"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as lamp, sending(b"\x80", strap.port):
        lamp.bind(("127.0.0.1", target.port))
        lamp.settimeout(5.0)
        done = main([
            "run", "--settings", str(settings_file), "--model", "neutral", "--duration-s", "2",
            "--record", str(recording), "--consent-reference", "form 1, 2026-01-01",
            "--status", "--json",
        ])  # fmt: skip
        while lamp.recv(16) != b"\x80":  # at first, before the strap is heard, the jaw is at rest
            pass
    assert done == 0
    status, *_, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert status["from chin-strap"]["state"] == "live"
    assert status["to jaw-lamp"]["state"] == "live"
    assert summary["parts"]["to jaw-lamp"]["dropped"] == 0
    stored = store.load(recording)
    assert list(stored.streams) == ["chin-strap"]
    assert stored.about.basis.text == "form 1, 2026-01-01"


@pytest.mark.usefixtures("plugged")
def test_the_command_line_names_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    shown = capsys.readouterr().out
    assert "chin-strap" in shown
    assert "--jaw-lamp" in shown
    assert main(["run", "--sensor", "chin-strap:prot=9"]) == 1
    assert "chin-strap: prot is not known: did you mean port?" in capsys.readouterr().err


@pytest.mark.usefixtures("plugged")
def test_doctor_finds_them(settings_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json", "--listen-s", "0.1", "--settings", str(settings_file)])
    findings = {one["name"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["sensor chin-strap"]["state"] == "absent"
    assert "switch the strap on" in findings["sensor chin-strap"]["remedy"]
    assert "127.0.0.1" in findings["output jaw-lamp"]["found"]


@pytest.mark.usefixtures("plugged")
@pytest.mark.parametrize(
    "name",
    [
        *(n for n in READERS if n != "virtual-desktop" and READER_PLUGS.load(n).parse is not None),
        "chin-strap",
    ],
)
def test_a_reader_reads_its_golden_packet_through_its_socket(name: str) -> None:
    plug = READER_PLUGS.load(name)
    assert plug.parse is not None
    reader = plug.make(settings.from_words(plug, ":0", None))
    assert isinstance(reader, UdpReader)
    with reader, sending(plug.golden, reader.port):
        while not (samples := reader.read()):
            pass
    assert len(samples) >= len(plug.parse(plug.golden, 0)) > 0
    assert reader.health().dropped == 0


@pytest.mark.usefixtures("plugged")
@pytest.mark.parametrize("name", [*SINKS, "jaw-lamp"])
def test_a_sink_sends_its_golden_packet(name: str) -> None:
    plug = SINK_PLUGS.load(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5.0)
        target = settings.from_words(plug, f":{receiver.getsockname()[1]}", None)
        with plug.make(target) as sink:
            sink.put(SensorFrame(time_ns=0), GOLDEN_FACE)
            assert receiver.recv(4096) == plug.golden


@pytest.mark.parametrize("path", ["chin_strap.py", "jaw_lamp.py"])
def test_a_plug_is_short(path: str) -> None:
    assert len((PLUGS / path).read_text().splitlines()) < 100


def test_a_name_offered_twice_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "impostor-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: impostor\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[unvisor.readers]\nlive-link-face = impostor:PLUG\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(UnvisorError, match="impostor:PLUG: keep one"):
        READER_PLUGS.load("live-link-face")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no_such_module:PLUG", "cannot be imported"),
        ("unvisor.headset.clock:NOTHING", "cannot be imported"),
        ("unvisor.headset.outputs.vrchat:PLUG", "is not a ReaderPlug of that name"),
        ("unvisor.headset.sensors.live_link_face:PLUG", "is not a ReaderPlug of that name"),
    ],
)
def test_a_broken_plug_is_told_in_one_line(
    value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READERS, "broken", value)
    with pytest.raises(UnvisorError, match=says):
        READER_PLUGS.load("broken")


def test_a_plug_that_fails_while_it_is_imported_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lacks_a_library.py").write_text("raise OSError('libnose.so: not found')\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setitem(READERS, "broken", "lacks_a_library:PLUG")
    with pytest.raises(UnvisorError, match=r"cannot be imported \(libnose.so: not found\)"):
        READER_PLUGS.load("broken")


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnvisorError, match="did you mean live-link-face"):
        READER_PLUGS.load("livelinkface")


def test_a_port_that_is_taken_is_told_with_its_owner() -> None:
    plug = READER_PLUGS.load("live-link-face")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with (
            pytest.raises(SensorError, match=f"UDP 127.0.0.1:{port}: .*pid"),
            plug.make(settings.from_words(plug, f":{port}", None)),
        ):
            pass

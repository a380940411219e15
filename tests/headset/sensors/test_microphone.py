"""A microphone through the genuine PortAudio, ALSA and PulseAudio: a server of the test's own, whose
sink is heard by the reader and fed a known sound."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.clock import NS_PER_MS
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import AudioBlock
from unvisor.headset.sensors.microphone import PLUG, Microphone, MicrophoneSettings

RATE_HZ = 44_100
PATIENCE_S = 20.0


class SoundServer:
    """A PulseAudio of our own: a sink that plays to nobody, and what it plays as a microphone."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "s"
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self._environment = os.environ | {
            "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_SERVER": f"unix:{self.socket}",
        }  # fmt: skip

    def start(self) -> None:
        sink = f"sink_name=room format=float32le rate={RATE_HZ} channels=1"
        words = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                 "--disable-shm=yes", "--log-target=stderr", "--realtime=no", "--high-priority=no",
                 "-L", f"module-native-protocol-unix socket={self.socket} auth-anonymous=1",
                 "-L", f"module-null-sink {sink}"]  # fmt: skip
        self._server = subprocess.Popen(
            words, env=self._environment, stderr=subprocess.DEVNULL, cwd=self._folder
        )
        until(self.socket.exists)

    def stop(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        self._server = None
        self.socket.unlink(missing_ok=True)

    def play(self, samples: NDArray[np.float32]) -> None:
        words = ["pacat", "--playback", "--device=room", "--format=float32le",
                 f"--rate={RATE_HZ}", "--channels=1", "--raw"]  # fmt: skip
        subprocess.run(
            words, input=samples.tobytes(), env=self._environment, check=True, timeout=30
        )


def until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.02)


@pytest.fixture(scope="module")
def server() -> Iterator[SoundServer]:
    if sys.platform != "linux":
        pytest.skip("elsewhere: PulseAudio stands in for a sound card on Linux")
    for program in ("pulseaudio", "pacat"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program}: apt-get install pulseaudio libasound2-plugins")
    try:
        PLUG.make(MicrophoneSettings()).__enter__().__exit__(None, None, None)
    except SensorError as error:
        pytest.skip(str(error))
    with tempfile.TemporaryDirectory(prefix="sound") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        server = SoundServer(folder)
        conf = folder / "alsa.conf"
        conf.write_text(
            "</usr/share/alsa/alsa.conf>\n"
            f'pcm.!default {{ type pulse server "unix:{server.socket}" }}\n'
            f'pcm.room {{ type pulse server "unix:{server.socket}" device "room.monitor"\n'
            '  hint { show on description "what the sink plays" } }\n'
        )
        patch.setenv("ALSA_CONFIG_PATH", str(conf))
        patch.setenv("PULSE_LATENCY_MSEC", "20")
        patch.setenv("HOME", name)  # libpulse leaves its cookie there
        server.start()
        try:
            yield server
        finally:
            server.stop()


def heard(microphone: Microphone, enough: Callable[[list[AudioBlock]], bool]) -> list[AudioBlock]:
    blocks: list[AudioBlock] = []

    def more() -> bool:
        blocks.extend(microphone.read())
        return enough(blocks)

    until(more)
    return blocks


def sound(blocks: list[AudioBlock]) -> NDArray[np.float32]:
    return np.concatenate([block.samples for block in blocks] or [np.zeros(0, np.float32)])


def test_a_known_sound_comes_sample_for_sample_on_our_clock(server: SoundServer) -> None:
    played = np.random.default_rng(1).uniform(-0.9, 0.9, RATE_HZ // 2).astype(np.float32)
    quiet = np.zeros(RATE_HZ // 4, np.float32)
    with Microphone(MicrophoneSettings(device="ROOM")) as microphone:
        blocks = heard(microphone, lambda _: microphone.health().note == "exact silence")
        assert "unmute it" in microphone.health().remedy
        server.play(np.concatenate([quiet, played, quiet]))
        blocks += heard(microphone, lambda more: bool(np.count_nonzero(sound(more)) >= len(played)))
        health = microphone.health()
    whole = sound(blocks)
    start = int(np.flatnonzero(whole)[0])
    assert np.array_equal(whole[start : start + len(played)], played)
    assert (health.state, health.dropped, health.note) == ("live", 0, "")
    assert 0.0 <= health.offset_error_s < 0.1
    assert {block.sample_rate_hz for block in blocks} == {RATE_HZ}
    assert {len(block.samples) for block in blocks} == {RATE_HZ // 50}
    times_ns = np.array([block.time_ns for block in blocks])
    received_ns = np.array([block.received_ns for block in blocks])
    assert (times_ns < received_ns).all()
    assert np.median(np.diff(times_ns)) == pytest.approx(20 * NS_PER_MS, rel=0.01)


def test_a_microphone_that_is_unplugged_is_missing_and_comes_back(server: SoundServer) -> None:
    threads = set(threading.enumerate())
    with Microphone(MicrophoneSettings(device="room", rate_hz=16_000, block_ms=10)) as microphone:
        blocks = heard(microphone, lambda blocks: len(blocks) > 2)
        assert {(block.sample_rate_hz, len(block.samples)) for block in blocks} == {(16_000, 160)}
        server.stop()
        until(lambda: microphone.health().state == "lost" and microphone.health().note != "")
        assert microphone.health().remedy
        server.start()
        microphone.read()
        heard(microphone, lambda blocks: len(blocks) > 2)
        assert microphone.health().state == "live"
    assert set(threading.enumerate()) <= threads
    with microphone:  # closed, it may be opened again, and what was heard before is forgotten
        assert microphone.read() == []


@pytest.mark.parametrize("device", ["trombone", "999"])
def test_a_microphone_that_is_not_there_is_waited_for(server: SoundServer, device: str) -> None:
    with Microphone(MicrophoneSettings(device=device)) as microphone:
        until(lambda: microphone.health().note != "")
        health = microphone.health()
        assert health.state == "waiting"
        assert health.note.startswith(f"microphone {device}: is not among 0 room, ")
        assert health.remedy == "set device to one of these"
        assert microphone.read() == []


def test_a_rate_that_cannot_be_had_says_so(server: SoundServer) -> None:
    with Microphone(MicrophoneSettings(device="room", rate_hz=1)) as microphone:
        until(lambda: microphone.health().note != "")
        assert "cannot be opened" in microphone.health().note
        assert "rate_hz" in microphone.health().remedy


def test_without_portaudio_the_remedy_names_its_package(tmp_path: Path) -> None:
    # As sounddevice itself ends where the system has no PortAudio.
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    program = (
        "from unvisor.headset.errors import SensorError\n"
        "from unvisor.headset.sensors.microphone import PLUG\n"
        "try:\n    PLUG.make(PLUG.settings()).__enter__()\n"
        "except SensorError as error:\n    print(error)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "sudo apt-get install libportaudio2" in told.stdout


def test_a_microphone_is_opened_only_when_it_is_named() -> None:
    assert not PLUG.by_default
    assert PLUG.parse is None

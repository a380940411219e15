"""The one home of PortAudio: hands on an input device's blocks as they come, and plays tones.

PortAudio knows the devices of the moment it was started, so it is started anew before each opening:
only then is a microphone that was plugged in since found. It is one for the whole program, so that
waits until no stream is open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_S, now_ns
from ..errors import OutputError, SensorError

_WASAPI: Final = "Windows WASAPI"
_LONGEST_WAIT_S: Final = (
    1.0  # for the interpreter, in a callback: beyond it is two clocks' difference
)
_OLDEST_S: Final = 2.0  # sound in any driver's buffers: beyond it, it is the driver that errs

_SOUNDS: Final = 4  # that wait to be played: more are old
_FINISHED_WITHIN_S: Final = 2.0

_lock: Final = Lock()  # held while PortAudio starts, opens or closes; it is not thread-safe there
_streams = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One block, as the device gave it.

    Attributes:
        frame: How many samples came before it since the stream was opened.
        samples: float32, mono.
        measured_ns: When its first sample was true, as the driver says, on the host clock: uneven.
        received_ns: When it reached us.
        lost: Whether samples between the block before and this one were lost.
    """

    frame: int
    samples: bytes
    measured_ns: int
    received_ns: int
    lost: bool


def load(what: str = "microphone", error: type[SensorError | OutputError] = SensorError) -> Any:
    """Import the library: half a second, hence where it is needed.

    Args:
        what: It is needed for, for the message.
        error: What to raise.

    Raises:
        UnvisorError: As `error`: it, or the system's PortAudio, is not installed.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as cause:
        raise error(
            f"{what}: PortAudio cannot be loaded ({cause}): "
            "on Debian or Ubuntu run `sudo apt-get install libportaudio2`"
        ) from cause
    return cast("Any", sounddevice)  # it has no types


class Stream:
    """An input device that is open, until it is closed.

    Attributes:
        name: The device's.
        rate_hz: Samples a second.
    """

    def __init__(self, device: str, rate_hz: int, block_s: float) -> None:
        """Open a device.

        Args:
            device: Its number, or some of its name in any case; empty for the system's default.
            rate_hz: Samples a second; 0 for the device's own.
            block_s: Length of a block.

        Raises:
            SensorError: No such device, or it cannot be opened so.
        """
        global _streams
        self._library = library = load()
        self._take: Callable[[Chunk], None] | None = None
        self._frame = 0
        with _lock:
            try:
                _start_anew(library)
                found = _chosen(library, device)
                self.name = str(found["name"])
                self.rate_hz = rate_hz or round(found["default_samplerate"])
                self._stream: Any = library.RawInputStream(
                    device=found["index"],
                    samplerate=self.rate_hz,
                    blocksize=round(self.rate_hz * block_s),
                    channels=1,
                    dtype="float32",
                    latency="high",  # late is stamped and does no harm, lost does
                    extra_settings=_extra(library, found),
                    callback=self._called,
                )
            except library.PortAudioError as cause:
                raise SensorError(
                    f"microphone {device or 'by default'}: cannot be opened ({_words(cause)}): "
                    "close what has it, or set another device or rate_hz"
                ) from cause
            _streams += 1

    def start(self, take: Callable[[Chunk], None]) -> None:
        """Begin.

        Args:
            take: Is given each block, on PortAudio's own thread; must neither wait nor raise.

        Raises:
            SensorError: It does not start.
        """
        self._take = take
        try:
            self._stream.start()
        except self._library.PortAudioError as cause:
            raise SensorError(
                f"microphone {self.name}: does not start ({_words(cause)}): plug it in again"
            ) from cause

    @property
    def active(self) -> bool:
        """Whether it still runs; false once the device is gone."""
        try:
            return bool(self._stream.active)
        except self._library.PortAudioError:  # it was unplugged in a way that the driver minds
            return False

    def close(self) -> None:
        """Stop and close it; no block comes after this."""
        global _streams
        with _lock:
            self._stream.abort(ignore_errors=True)  # a device that is gone cannot be stopped
            self._stream.close(ignore_errors=True)
            _streams -= 1

    def _called(self, samples: Any, frames: int, times: Any, status: Any) -> None:
        # Taken between two looks at our clock: that waiting for the interpreter, which may take
        # milliseconds, is not taken for the age of the sound.
        before_ns = now_ns()
        try:
            stream_s = self._stream.time
        except self._library.PortAudioError:  # it is ending
            stream_s = times.currentTime
        after_ns = now_ns()
        at_ns = (before_ns + after_ns) // 2
        if not 0.0 <= stream_s - times.currentTime <= _LONGEST_WAIT_S:  # two clocks in one driver
            stream_s, at_ns = times.currentTime, before_ns
        age_s = stream_s - times.inputBufferAdcTime
        block_s = frames / self.rate_hz
        if not block_s / 2 <= age_s <= _OLDEST_S:  # some drivers do not say
            age_s = block_s
        chunk = Chunk(
            frame=self._frame,
            samples=bytes(samples),
            measured_ns=at_ns - round(age_s * NS_PER_S),
            received_ns=after_ns,
            lost=bool(status.input_overflow),
        )
        self._frame += frames
        if self._take is not None:
            self._take(chunk)


class Player:
    """The default output device, open until it is closed: plays sounds one after another.

    The stream runs all the time, in silence between sounds: a device that sleeps, as wireless ones do,
    would swallow the beginning of each.
    """

    def __init__(self, rate_hz: int) -> None:
        """Open it.

        Args:
            rate_hz: Samples a second of what is played.

        Raises:
            OutputError: There is no such device, or PortAudio is not installed.
        """
        global _streams
        self._library = library = load("sound", OutputError)
        self._waiting: deque[NDArray[np.float32]] = deque(maxlen=_SOUNDS)
        self._idle = Event()
        self._idle.set()
        with _lock:
            try:
                _start_anew(library)
                index = library.default.device[1]
                found = library.query_devices(None if index < 0 else index, "output")
                self._stream: Any = library.RawOutputStream(
                    device=found["index"], samplerate=rate_hz, channels=1, dtype="float32",
                    latency="low", extra_settings=_extra(library, found), callback=self._called,
                )  # fmt: skip
                try:
                    self._stream.start()
                except library.PortAudioError:
                    self._stream.close(ignore_errors=True)
                    raise
            except library.PortAudioError as cause:
                raise OutputError(
                    f"sound: no output device can be opened ({_words(cause)}): "
                    "plug headphones in, or set a default device"
                ) from cause
            _streams += 1

    def play(self, samples: NDArray[np.float32]) -> None:
        """Play after what still waits; of more than a few the oldest is let go.

        Args:
            samples: Shape (N,), -1 to 1.

        Raises:
            OutputError: The device is gone.
        """
        try:
            active = bool(self._stream.active)
        except self._library.PortAudioError:
            active = False
        if not active:
            raise OutputError("sound: the output device is gone: plug it in again")
        self._waiting.append(samples)
        self._idle.clear()

    def finish(self) -> None:
        """Wait until all is played, but not for a device that is gone."""
        self._idle.wait(_FINISHED_WITHIN_S)

    def close(self) -> None:
        """Stop and close it."""
        global _streams
        with _lock:
            self._stream.abort(ignore_errors=True)
            self._stream.close(ignore_errors=True)
            _streams -= 1

    def _called(self, out: Any, frames: int, _times: Any, _status: Any) -> None:
        block = np.frombuffer(out, np.float32)
        filled = 0
        while filled < frames and self._waiting:
            sound = self._waiting.popleft()
            count = min(frames - filled, len(sound))
            block[filled : filled + count] = sound[:count]
            filled += count
            if count < len(sound):
                self._waiting.appendleft(sound[count:])
        block[filled:] = 0.0
        if not filled:  # the last sound went out with the block before
            self._idle.set()


def _start_anew(library: Any) -> None:
    if _streams:
        return
    # By its private names: PortAudio offers this and sounddevice gives it no other.
    if library._initialized:
        library._terminate()
    library._initialize()


def _chosen(library: Any, device: str) -> dict[str, Any]:
    """Return the input device that is meant.

    Raises:
        SensorError: There is none; says which there are.
    """
    hosts = cast("list[dict[str, Any]]", list(library.query_hostapis()))
    # The same microphone stands there once for each way to it; on Windows this one is the quickest.
    rank = {index: host["name"] != _WASAPI for index, host in enumerate(hosts)}
    inputs = sorted(
        (found for found in library.query_devices() if found["max_input_channels"] > 0),
        key=lambda found: rank[found["hostapi"]],
    )
    if device.isdecimal():
        meant = [found for found in inputs if found["index"] == int(device)]
    elif device:
        named = [found for found in inputs if device.casefold() in found["name"].casefold()]
        exact = [found for found in named if device.casefold() == found["name"].casefold()]
        meant = exact or named
    else:
        defaults = {host["default_input_device"] for host in hosts}
        meant = [found for found in inputs if found["index"] in defaults] or inputs
    if meant:
        return meant[0]
    # The remedy has no colon of its own: many a device's name has one.
    there = ", ".join(f"{found['index']} {found['name']}" for found in inputs)
    raise SensorError(
        f"microphone {device or 'by default'}: is not among {there}: set device to one of these"
        if there
        else f"microphone {device or 'by default'}: there is none at all: plug one in"
    )


def _extra(library: Any, found: dict[str, Any]) -> Any:
    if library.query_hostapis(found["hostapi"])["name"] == _WASAPI:
        return library.WasapiSettings(auto_convert=True)  # or it takes its own rate alone
    return None


def _words(cause: Exception) -> str:
    return str(cause).splitlines()[0]

"""A microphone: mono blocks, each stamped with when its first sample was heard.

Opened only when it is named. The sound card's thread copies a block and leaves; what it may be taken
for is worked out when the loop asks. A microphone that is unplugged is missing, and found again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from threading import Event, Thread
from types import TracebackType
from typing import Annotated, Final, Self

import msgspec
import numpy as np

from ..clock import NS_PER_S, now_ns, seconds
from ..errors import SensorError
from ..frame import AudioBlock, Health
from ..meter import Meter
from ..plug import ReaderPlug, Settings
from . import portaudio
from .portaudio import Chunk, Stream
from .sound_clock import SoundClock

_KEPT_S: Final = 2.0  # of sound, between two reads
_LOOK_S: Final = 0.1  # how long closing may take
_STALLED_S: Final = 5.0  # a stream is opened anew after so long without a block; some start in two
_PAUSES_S: Final = (0.5, 8.0)  # before trying again: the first, and the longest
_MUTE_S: Final = 3.0  # exact silence for so long is a switch or a permission, not a quiet room


class MicrophoneSettings(Settings, frozen=True, kw_only=True):
    """Which microphone, and how it is read."""

    device: str = ""
    """Its number or some of its name; empty for the system's default."""
    rate_hz: Annotated[int, msgspec.Meta(ge=0, le=192_000)] = 0
    """Samples a second; 0 for the device's own."""
    block_ms: Annotated[float, msgspec.Meta(ge=5, le=100)] = 20.0
    """Length of a block: what is heard is late by at least this."""


class Microphone:
    """Reads sound."""

    def __init__(self, settings: MicrophoneSettings) -> None:
        """Prepare; nothing is opened."""
        self._settings = settings
        block_s = settings.block_ms / 1000.0
        self._meter = Meter()
        self._blocks: deque[tuple[SoundClock, Chunk]] = deque(maxlen=round(_KEPT_S / block_s))
        self._block_s = block_s
        self._thread: Thread | None = None
        self._stop = Event()
        self._heard_ns = 0
        self._sounded_ns = 0
        self._clock: SoundClock | None = None
        self._trouble = ""

    def __enter__(self) -> Self:
        portaudio.load()
        self._stop.clear()
        self._blocks.clear()
        self._clock, self._trouble, self._sounded_ns = None, "", 0
        self._thread = Thread(target=self._keep_open, daemon=True, name="microphone")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def read(self) -> Sequence[AudioBlock]:
        """Return what was heard since the last call, oldest first; never waits or raises."""
        heard: list[AudioBlock] = []
        while self._blocks:
            clock, chunk = self._blocks.popleft()
            samples = np.frombuffer(chunk.samples, np.float32)
            if samples.any() or clock is not self._clock:
                self._sounded_ns = chunk.received_ns
            self._clock = clock
            heard.append(
                AudioBlock(
                    time_ns=clock.time_ns(chunk.frame, chunk.measured_ns, lost=chunk.lost),
                    received_ns=chunk.received_ns,
                    samples=samples,
                    sample_rate_hz=clock.rate_hz,
                )
            )
        return heard

    def health(self) -> Health:
        """Return how it is doing; its rate is that of blocks."""
        what, _, remedy = self._trouble.rpartition(": ")
        health = self._meter.health(note=what, remedy=remedy or "plug it in, or set device")
        if health.state != "live" or self._clock is None:
            return health
        mute_s = seconds(now_ns() - self._sounded_ns)
        health = replace(health, offset_error_s=self._clock.error_ns / NS_PER_S)
        if mute_s <= _MUTE_S:
            return health
        return replace(
            health, note="exact silence", remedy="unmute it, or allow programs to use it"
        )

    def _take(self, clock: SoundClock, chunk: Chunk) -> None:
        """Keep a block; on PortAudio's thread."""
        if len(self._blocks) == self._blocks.maxlen or chunk.lost:
            self._meter.drop()
        self._blocks.append((clock, chunk))
        self._heard_ns, self._trouble = chunk.received_ns, ""
        self._meter.tick(chunk.received_ns)

    def _keep_open(self) -> None:
        first_s, longest_s = _PAUSES_S
        pause_s = first_s
        while not self._stop.is_set():
            before_ns = self._heard_ns
            try:
                self._listen()
            except SensorError as error:
                self._trouble = str(error)
            heard = self._heard_ns != before_ns
            pause_s = first_s if heard else min(2.0 * pause_s, longest_s)
            self._stop.wait(pause_s)

    def _listen(self) -> None:
        """Open it and stay until it is gone, or this is to close.

        Raises:
            SensorError: It cannot be opened, or is gone.
        """
        settings = self._settings
        with closing(Stream(settings.device, settings.rate_hz, self._block_s)) as stream:
            opened_ns = now_ns()
            stream.start(partial(self._take, SoundClock(stream.rate_hz)))
            while stream.active:
                if self._stop.wait(_LOOK_S):
                    return
                if seconds(now_ns() - max(self._heard_ns, opened_ns)) > _STALLED_S:
                    raise SensorError(f"microphone {stream.name}: stalls: close what else has it")
            raise SensorError(f"microphone {stream.name}: is gone: plug it in again")


PLUG = ReaderPlug(
    name="microphone",
    summary="the wearer's voice",
    settings=MicrophoneSettings,
    make=Microphone,
)

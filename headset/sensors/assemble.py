"""From samples that arrive when they please to `SensorFrame`s at a steady rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from ..clock import NS_PER_S
from ..frame import (
    AudioBlock,
    EyeSample,
    FaceSample,
    HeadSample,
    Health,
    ImageSample,
    Reader,
    Sample,
    SensorFrame,
    SpeechSample,
    WornSample,
)
from ..pace import HOST, Pace

TOLERANCE_S: Final = 0.25
"""Oldest sample that still speaks of now. Longer than a blink of a radio link, shorter than anyone
takes for a frozen face."""

_AUDIO_BLOCKS: Final = (
    64  # over a second of 20 ms blocks: what a stalled loop may still catch up on
)


class Assembly:
    """Keeps the newest sample of each kind from each reader, and hands out those still usable.

    Nothing latches: what is older than the tolerance is as good as never sent. What is dated further
    ahead of its arrival than that is refused, for being newest it would shut out all that follows.
    Where two readers sense the same thing, the reader named first is preferred.
    """

    def __init__(self, readers: Sequence[str], tolerance_s: float = TOLERANCE_S) -> None:
        self._tolerance_ns = round(tolerance_s * NS_PER_S)
        self._refused = dict.fromkeys(readers, 0)
        self._newest: dict[str, dict[str, Sample]] = {name: {} for name in readers}
        self._audio: deque[AudioBlock] = deque(maxlen=_AUDIO_BLOCKS)

    def add(self, reader: str, samples: Sequence[Sample]) -> None:
        """Take what a reader delivered; a sample older than the one held is let go.

        One from the future is refused and counted.
        """
        newest = self._newest[reader]
        for sample in samples:
            if sample.time_ns - sample.received_ns > self._tolerance_ns:
                self._refused[reader] += 1
                continue
            if isinstance(sample, AudioBlock):
                self._audio.append(sample)
                continue
            held = newest.get(key := _key(sample))
            if held is None or sample.time_ns >= held.time_ns:
                newest[key] = sample

    def refused(self, reader: str) -> int:
        """Return how many of a reader's samples came from the future."""
        return self._refused[reader]

    def frame(self, time_ns: int) -> SensorFrame:
        """Return all that is sensed, seen at an instant of the host clock."""
        faces: dict[str, FaceSample] = {}
        images: dict[str, ImageSample] = {}
        eyes: EyeSample | None = None
        head: HeadSample | None = None
        worn: WornSample | None = None
        speech: SpeechSample | None = None
        for newest in self._newest.values():
            for sample in newest.values():
                if abs(time_ns - sample.time_ns) > self._tolerance_ns:
                    continue
                match sample:
                    case FaceSample():
                        faces.setdefault(sample.source, sample)
                    case ImageSample():
                        images.setdefault(sample.camera, sample)
                    case EyeSample():
                        eyes = eyes or sample
                    case HeadSample():
                        head = head or sample
                    case WornSample():
                        worn = worn or sample
                    case SpeechSample():
                        speech = speech or sample
                    case AudioBlock():  # never kept here; each block is handed out once
                        pass
        audio = tuple(self._audio)
        self._audio.clear()
        return SensorFrame(
            time_ns=time_ns,
            faces=tuple(faces.values()),
            eyes=eyes,
            head=head,
            worn=worn,
            speech=speech,
            audio=audio,
            images=tuple(images.values()),
        )


def _key(sample: Sample) -> str:
    match sample:
        case FaceSample():
            return f"face {sample.source}"
        case ImageSample():
            return f"image {sample.camera}"
        case _:
            return type(sample).__name__


Tap = Callable[[Sequence[Sample]], None]


class Devices:
    """A `FrameSource` over live readers, at a steady rate on the host clock.

    A loop that falls behind skips instants; it never works through a backlog.
    """

    def __init__(
        self,
        readers: Mapping[str, Reader],
        rate_hz: float,
        tolerance_s: float = TOLERANCE_S,
        *,
        pace: Pace = HOST,
    ) -> None:
        """Prepare; readers open when this is entered.

        Args:
            readers: By name, in order of preference.
            rate_hz: Frames a second, above 0.
            tolerance_s: Oldest sample that is still used.
            pace: The clock it goes by; readers stamp their samples on the same one.
        """
        self._readers = dict(readers)
        self._period_ns = round(NS_PER_S / rate_hz)
        self._assembly = Assembly(tuple(self._readers), tolerance_s)
        self._pace = pace
        self._stack = ExitStack()
        self._taps: list[Tap] = []

    def tap(self, tap: Tap) -> None:
        """Hand every sample on as it comes, before frames keep the newest: to a recorder."""
        self._taps.append(tap)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for reader in self._readers.values():
                stack.enter_context(reader)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._stack.close()

    def frames(self) -> Iterator[SensorFrame]:
        """Yield a frame each period, for ever."""
        assembly, pace = self._assembly, self._pace
        next_ns = pace.now_ns()
        while True:
            pace.sleep_until(next_ns)
            for name, reader in self._readers.items():
                samples = reader.read()
                for tap in self._taps:
                    tap(samples)
                assembly.add(name, samples)
            yield assembly.frame(pace.now_ns())
            late_ns = pace.now_ns() - next_ns
            next_ns += self._period_ns * max(1, -(-late_ns // self._period_ns))

    def health(self) -> Mapping[str, Health]:
        """Return how each reader is doing, by name."""
        return {name: self._health(name, reader) for name, reader in self._readers.items()}

    def _health(self, name: str, reader: Reader) -> Health:
        health, refused = reader.health(), self._assembly.refused(name)
        if not refused:
            return health
        note = f"{refused} samples dated ahead of their arrival: set the sender's clock"
        return replace(
            health,
            dropped=health.dropped + refused,
            note="; ".join(part for part in (health.note, note) if part),
        )

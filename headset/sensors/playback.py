"""Frames of the past, played as if they came now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Final, Self, TypeVar

from ..clock import NS_PER_S
from ..frame import Health, Sample, SensorFrame
from ..meter import Meter
from ..pace import HOST, Pace

LATE_NS: Final = NS_PER_S // 10
"""A frame later than this is skipped: a slow loop keeps pace and does not slide behind."""

T = TypeVar("T", bound=Sample)


class Playback:
    """A `FrameSource` that gives stored frames at their own pace, on the host clock now.

    Every time in a frame is moved by the same amount, so delays and gaps stay what they were.
    """

    def __init__(
        self,
        name: str,
        frames: Callable[[], Iterable[SensorFrame]],
        *,
        loop: bool = False,
        pace: Pace = HOST,
    ) -> None:
        """Prepare.

        Args:
            name: For the status: `demo`, or the file's.
            frames: Gives the stored frames, from the start each time it is called.
            loop: Start again at the end, for ever.
            pace: The clock it plays by.
        """
        self._name = name
        self._frames = frames
        self._loop = loop
        self._pace = pace
        self._meter = Meter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        return

    def frames(self) -> Iterator[SensorFrame]:
        """Yield each frame at its time; where nothing is stored, nothing."""
        while True:
            offset_ns: int | None = None
            for frame in self._frames():
                if offset_ns is None:
                    offset_ns = self._pace.now_ns() - frame.time_ns
                at_ns = frame.time_ns + offset_ns
                if self._pace.now_ns() > at_ns + LATE_NS:
                    self._meter.drop()
                    continue
                self._pace.sleep_until(at_ns)
                self._meter.tick(at_ns)
                yield moved(frame, offset_ns)
            if offset_ns is None or not self._loop:
                return

    def health(self) -> Mapping[str, Health]:
        """Return how the playback is doing, under its name."""
        return {self._name: self._meter.health(at_ns=self._pace.now_ns())}


def moved(frame: SensorFrame, by_ns: int) -> SensorFrame:
    """Return a frame with all its times moved."""

    def shifted(sample: T) -> T:
        return replace(
            sample, time_ns=sample.time_ns + by_ns, received_ns=sample.received_ns + by_ns
        )

    return SensorFrame(
        time_ns=frame.time_ns + by_ns,
        faces=tuple(map(shifted, frame.faces)),
        eyes=frame.eyes and shifted(frame.eyes),
        head=frame.head and shifted(frame.head),
        worn=frame.worn and shifted(frame.worn),
        speech=frame.speech and shifted(frame.speech),
        audio=tuple(map(shifted, frame.audio)),
        images=tuple(map(shifted, frame.images)),
    )

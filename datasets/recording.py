"""A recording: what was sensed, captured and reconstructed over one span of time.

Streams keep their own times; `frames` replays them as a live run would have seen them, so that what
works on a recording works on a headset. Arrays are read when first asked for.

Camera images have their place (`/images/<camera>` in a file, `headset.frame.ImageSample` in a
frame) but no stream yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_S
from ..headset.frame import SensorFrame
from . import replay
from .streams import About, FaceTrack, Floats, Stream, Times, Truth

T = TypeVar("T")
Timed = Stream | Truth | FaceTrack
P = TypeVar("P", bound=Timed)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream:
    """What happened when, in words: a cue shown, a donning, a lost tracker.

    Attributes:
        time_ns: Shape (N,), never decreasing.
        text: One line each.
    """

    time_ns: Times
    text: tuple[str, ...]

    def until(self, end_ns: int) -> EventStream:
        """Return the events up to an instant."""
        kept = int(np.searchsorted(self.time_ns, end_ns, side="right"))
        return EventStream(time_ns=self.time_ns[:kept], text=self.text[:kept])


class Lazy(Mapping[str, T]):
    """A mapping whose values are read when first asked for, then kept."""

    def __init__(self, names: Iterable[str], read: Callable[[str], T]) -> None:
        self._values: dict[str, T | None] = dict.fromkeys(names)
        self._read = read

    def __getitem__(self, name: str) -> T:
        value = self._values[name]
        if value is None:
            value = self._values[name] = self._read(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Recording:
    """Streams by time, with the truth where it was captured.

    Attributes:
        about: Whose face, on what ground, from where.
        streams: By source name, in order of preference (`mouth`, `eyes`, `head`, `audio`, …).
        events: By name.
        span_ns: First and last instant, both included. It is the recording's own, not any stream's:
            it stays when truth or a stream is taken away.
    """

    def __init__(
        self,
        *,
        about: About,
        streams: Mapping[str, Stream] | None = None,
        truth: Truth | Callable[[], Truth] | None = None,
        face: FaceTrack | Callable[[], FaceTrack] | None = None,
        events: Mapping[str, EventStream] | None = None,
        span_ns: tuple[int, int] | None = None,
    ) -> None:
        """Gather the parts.

        Args:
            about: Whose face, on what ground, from where.
            streams: By source name, in order of preference.
            truth: What was captured, or how to read it when it is first asked for.
            face: What was reconstructed, or how to read it.
            events: By name.
            span_ns: First and last instant; without it, those of all that is given.
        """
        self.about = about
        self.streams: Mapping[str, Stream] = MappingProxyType({}) if streams is None else streams
        self.events: Mapping[str, EventStream] = MappingProxyType({}) if events is None else events
        self._truth = truth
        self._face = face
        self.span_ns = self._reach() if span_ns is None else span_ns

    @property
    def truth(self) -> Truth | None:
        """What a capture saw of the whole face, or None where there is none (any more)."""
        if callable(self._truth):
            self._truth = self._truth()
        return self._truth

    @property
    def face(self) -> FaceTrack | None:
        """What was reconstructed, or None."""
        if callable(self._face):
            self._face = self._face()
        return self._face

    @property
    def duration_s(self) -> float:
        """Length of the span."""
        return (self.span_ns[1] - self.span_ns[0]) / NS_PER_S

    def _reach(self) -> tuple[int, int]:
        parts = [*self.streams.values(), *self.events.values(), self.truth, self.face]
        times = [part.time_ns for part in parts if part is not None and len(part.time_ns)]
        if not times:
            return (0, 0)
        return (min(int(t[0]) for t in times), max(int(t[-1]) for t in times))

    def without_truth(self) -> Recording:
        """Return the same recording as a headset would have made it."""
        return self._with(truth=None)

    def first(self, seconds: float) -> Recording:
        """Return what was known `seconds` after the start: nothing true or received later."""
        start, end = self.span_ns
        end = min(end, start + round(max(seconds, 0.0) * NS_PER_S))
        return self._with(
            streams=Lazy(self.streams, lambda name: _until(self.streams[name], end)),
            truth=self._truth and (lambda: _until(_given(self.truth), end)),
            face=self._face and (lambda: _until(_given(self.face), end)),
            events={name: events.until(end) for name, events in self.events.items()},
            span_ns=(start, end),
        )

    def _with(self, **parts: Any) -> Recording:
        kept: dict[str, Any] = {
            "about": self.about,
            "streams": self.streams,
            "truth": self._truth and (lambda: _given(self.truth)),
            "face": self._face and (lambda: _given(self.face)),
            "events": self.events,
            "span_ns": self.span_ns,
        }
        return Recording(**(kept | parts))

    def frame_times(self, rate_hz: float | None = None) -> Times:
        """Return the instants of `frames`: see `replay.frame_times`."""
        return replay.frame_times(self.streams, self.span_ns, rate_hz)

    def frames(
        self, rate_hz: float | None = None, *, tolerance_s: float = 0.25
    ) -> Iterator[SensorFrame]:
        """Yield what a live run would have known at each of `frame_times`: see `replay.frames`.

        Args:
            rate_hz: As `replay.frame_times` takes it; without it the densest tracker sets the pace.
            tolerance_s: Oldest usable sample, by its own time.
        """
        return replay.frames(self.streams, self.frame_times(rate_hz), tolerance_s=tolerance_s)


def nearest(times_ns: Times, at_ns: Times, *, within_ns: int) -> NDArray[np.intp]:
    """Return for each instant the index of the sample closest to it.

    Of two samples equally far, the earlier is taken.

    Args:
        times_ns: Shape (N,), never decreasing.
        at_ns: Shape (M,), the instants asked for, on the same clock.
        within_ns: Largest distance that still counts as a match.

    Returns:
        Shape (M,), indices into times_ns, -1 where no sample is near enough.

    Source:
        Project Aria, TimeQueryOptions::Closest (tie rule).
    """
    if not len(times_ns):
        return np.full(len(at_ns), -1, np.intp)
    after = np.searchsorted(times_ns, at_ns).clip(0, len(times_ns) - 1)
    before = (after - 1).clip(0)
    index = np.where(abs(at_ns - times_ns[before]) <= abs(times_ns[after] - at_ns), before, after)
    return np.where(abs(times_ns[index] - at_ns) <= within_ns, index, -1)


def interpolate(times_ns: Times, values: Floats, at_ns: Times, *, gap_ns: int) -> Floats:
    """Return values at other instants, linearly between the samples around them.

    Args:
        times_ns: Shape (N,), strictly increasing.
        values: Shape (N, ...), NaN where missing.
        at_ns: Shape (M,), on the same clock.
        gap_ns: Longest step between two samples that may be bridged.

    Returns:
        Shape (M, ...): a sample's own value at its own time; NaN outside the samples, across a
        longer gap, and next to a missing value.
    """
    found = np.full((len(at_ns), *values.shape[1:]), np.nan)
    if not len(times_ns):
        return found
    after = np.searchsorted(times_ns, at_ns).clip(0, len(times_ns) - 1)
    exact = times_ns[after] == at_ns
    found[exact] = values[after[exact]]
    step_ns = times_ns[after] - times_ns[after - 1]
    between = ~exact & (after > 0) & (at_ns < times_ns[after]) & (step_ns <= gap_ns)
    later = after[between]
    part = (at_ns[between] - times_ns[later - 1]) / step_ns[between]
    part = part.reshape(-1, *[1] * (values.ndim - 1))
    found[between] = (1.0 - part) * values[later - 1] + part * values[later]
    return found


def _given(part: T | None) -> T:
    assert part is not None
    return part


def _until(part: P, end_ns: int) -> P:
    """Cut a stream, truth or track after an instant; the rows are views."""
    kept = int(np.searchsorted(part.time_ns, end_ns, side="right"))
    if isinstance(part, Stream):
        kept = min(kept, int(np.searchsorted(part.received_ns, end_ns, side="right")))
    columns: dict[str, Any] = {field.name: getattr(part, field.name) for field in fields(part)}
    return replace(part, **{k: c[:kept] for k, c in columns.items() if isinstance(c, np.ndarray)})

"""How a remote sender's clock stands to ours, from nothing but what it sends.

A packet that says when it was sent took `received - sent` by two clocks: their offset, and its way. A
network only ever adds to the way. So the least of many differences is the offset and the shortest way,
and a line under all of them, the lower envelope, follows a clock that runs fast or slow.

What is not known, and cannot be from one direction: how long the shortest way is. Over a cable that is
less than 1 ms, over Wi-Fi a few; a sample's time is late by that much, beyond the error that is told.

Source: S. B. Moon, P. Skelly, D. Towsley, Estimation and Removal of Clock Skew from Network Delay
Measurements, INFOCOM 1999.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ..clock import NS_PER_MS, NS_PER_S, Offset

WINDOW_NS: Final = 20 * NS_PER_S
"""How far back the envelope looks: long enough that the way was at its shortest some time in it, short
enough that a clock's drift is even."""

BUCKET_NS: Final = NS_PER_S // 4
"""Of each quarter second the least difference is kept."""

KNOWN_AFTER: Final = 3
"""Whole buckets. A clock that was not steady for so long is not believed, nor said to be known: many
senders fill their time in as they please, and some not at all."""

FASTEST_DRIFT: Final = 0.0005
"""Largest difference in rate that is believed; crystals keep 0.0001."""

STEP_NS: Final = 50 * NS_PER_MS
"""A packet this far off the envelope is late, or a clock was set, or its sender started anew."""

BELIEVED_AFTER_NS: Final = NS_PER_S // 4
"""The latter where all packets are off alike for so long, three of them at least. A network that is
slower by `STEP_NS` for longer than that looks the same."""

GIVEN_UP_AFTER_NS: Final = NS_PER_S
"""And where all are off for so long, if not alike: a clock that stands still."""

LATEST_NS: Final = NS_PER_S
"""A packet is not called older than this: nobody uses it, and a clock may be set back by years."""

_FEWEST: Final = 3
_DRIFT_AFTER: Final = 20  # buckets: a few jitters over less would be taken for a drift
_LARGEST_NS: Final = 1 << 62  # no clock of anyone's is beyond it


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamps:
    """What a tracker's packets say of time.

    Attributes:
        sent_ns: A packet that its parser could read -> when it was true, nanoseconds on the sender's
            clock, of any origin; None where it does not say. Raises as `plug.Parse` does.
        resolution_ns: The step in which it says so.
        wraps_ns: Where its clock begins anew, None where it does not.
    """

    sent_ns: Callable[[bytes], int | None]
    resolution_ns: int = 0
    wraps_ns: int | None = None


@dataclass(slots=True)
class _Doubt:
    """Packets that are off the envelope, since the last that was not."""

    first_ns: int
    since_ns: int  # since when they are off alike
    least_ns: int  # difference of those
    count: int = 1


@dataclass(slots=True)
class _Line:
    """The envelope: the difference then, its slope; how far the least scatter above it, if known."""

    then_ns: int
    there_ns: int
    slope: float = 0.0
    scatter_ns: int | None = None

    def at(self, at_ns: int) -> int:
        return self.there_ns + round(self.slope * (at_ns - self.then_ns))


class SenderClock:
    """The clock of one sender; is told every packet, in the order they came."""

    def __init__(self, timestamps: Timestamps) -> None:
        """Prepare; nothing is known yet."""
        self._timestamps = timestamps
        self._newest_ns: int | None = None  # on their clock, unwrapped
        self._doubt: _Doubt | None = None
        self._begin(0, 0)

    def dated(self, packet: bytes, received_ns: int) -> int:
        """Take a packet; return when it was true on our clock: without a word of it, at its arrival."""
        sent_ns = self._timestamps.sent_ns(packet)
        return received_ns if sent_ns is None else self.ours(sent_ns, received_ns)

    def ours(self, sent_ns: int, received_ns: int) -> int:
        """Take a packet's times; return when it was true on our clock, never after its arrival.

        Args:
            sent_ns: When it was true, on their clock.
            received_ns: When it reached us, not before the packet that was told last.
        """
        if abs(sent_ns) > _LARGEST_NS:
            return received_ns
        sent_ns = self._unwrapped(sent_ns)
        apart_ns = received_ns - sent_ns
        self._forget(received_ns)
        if not self._buckets:
            self._begin(received_ns, apart_ns)
        late_ns = apart_ns - self._line.at(received_ns)
        if abs(late_ns) <= STEP_NS or self._begun_anew(received_ns, apart_ns):
            self._doubt = None
            self._take(received_ns, apart_ns)
            late_ns = apart_ns - self._line.at(received_ns)
        if self.offset is None:
            return received_ns
        return received_ns - min(max(0, late_ns), LATEST_NS)

    @property
    def offset(self) -> Offset | None:
        """How their clock stands to ours lately; None while it was not steady for almost a second.

        Its error is how far the least differences scatter above the envelope, and the resolution;
        the shortest way is not in it.
        """
        line = self._line  # from any thread
        if line.scatter_ns is None:
            return None
        error_ns = line.scatter_ns + self._timestamps.resolution_ns
        return Offset(offset_ns=line.there_ns, error_ns=error_ns)

    def _unwrapped(self, sent_ns: int) -> int:
        wraps_ns, newest_ns = self._timestamps.wraps_ns, self._newest_ns
        if wraps_ns is not None and newest_ns is not None:
            half_ns = wraps_ns // 2
            sent_ns = newest_ns + (sent_ns - newest_ns + half_ns) % wraps_ns - half_ns
        self._newest_ns = sent_ns
        return sent_ns

    def _begin(self, at_ns: int, apart_ns: int) -> None:
        self._buckets: list[tuple[int, int]] = []
        """(received_ns, difference) of the least difference in each, the last still filling."""
        self._ends_ns = at_ns  # when the last is full
        self._line = _Line(at_ns, apart_ns)

    def _begun_anew(self, at_ns: int, apart_ns: int) -> bool:
        """Take a packet that is off the envelope; begin anew where enough have been."""
        doubt = self._doubt
        if doubt is None:
            self._doubt = _Doubt(first_ns=at_ns, since_ns=at_ns, least_ns=apart_ns)
            return False
        if abs(apart_ns - doubt.least_ns) > STEP_NS:
            doubt.since_ns, doubt.least_ns, doubt.count = at_ns, apart_ns, 0
        doubt.count += 1
        doubt.least_ns = min(doubt.least_ns, apart_ns)
        alike = doubt.count >= _FEWEST and at_ns - doubt.since_ns >= BELIEVED_AFTER_NS
        if not alike and at_ns - doubt.first_ns < GIVEN_UP_AFTER_NS:
            return False
        self._begin(at_ns, doubt.least_ns)
        self._take(at_ns, doubt.least_ns)
        return True

    def _forget(self, at_ns: int) -> None:
        while self._buckets and at_ns - self._buckets[0][0] > WINDOW_NS:
            del self._buckets[0]

    def _take(self, at_ns: int, apart_ns: int) -> None:
        below = apart_ns < self._line.at(at_ns)
        if at_ns >= self._ends_ns:
            self._buckets.append((at_ns, apart_ns))
            self._ends_ns = at_ns + BUCKET_NS
        elif apart_ns <= self._buckets[-1][1]:
            self._buckets[-1] = at_ns, apart_ns
            if not below:
                return
        else:
            return
        self._fit()

    def _fit(self) -> None:
        """Lay the line anew: under all buckets, its slope that of the hull below their mean time."""
        buckets = self._buckets
        at_ns, there_ns = buckets[-1]
        points = [(one_ns - at_ns, apart_ns - there_ns) for one_ns, apart_ns in buckets]
        slope = 0.0
        if len(points) >= _DRIFT_AFTER:
            slope = min(max(_slope(points), -FASTEST_DRIFT), FASTEST_DRIFT)
        lowest_ns = min(apart_ns - slope * one_ns for one_ns, apart_ns in points)
        self._line = line = _Line(at_ns, there_ns + round(lowest_ns), slope)
        if len(buckets) > KNOWN_AFTER:
            scatter = sorted(apart_ns - line.at(one_ns) for one_ns, apart_ns in buckets[:-1])
            # The upper quartile: a quarter of the time a network may be busy.
            widest_ns = max(0, scatter[3 * len(scatter) // 4])
            line.scatter_ns = widest_ns if widest_ns <= STEP_NS else None


def _slope(points: list[tuple[int, int]]) -> float:
    """Return the slope of the lower convex hull at the points' mean abscissa; they go to the right."""
    hull: list[tuple[int, int]] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2:]
            if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                break
            hull.pop()  # it is not below the line from the one before it to this
        hull.append((x, y))
    mean = sum(x for x, _ in points) / len(points)
    for (x0, y0), (x1, y1) in pairwise(hull):
        if x1 >= mean:
            return (y1 - y0) / (x1 - x0)
    return 0.0

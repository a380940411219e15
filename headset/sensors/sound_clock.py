"""When the samples of a stream of sound were true: its own even clock, set by uneven reports.

A sound card samples evenly, at a rate that is off by up to a hundred parts in a million; its driver's
word of when a block began is uneven by milliseconds. So the time runs on by the number of samples, and
each report only pulls at it: a delay-locked loop of second order, which follows a constant drift
without lagging behind it.

Source: F. Adriaensen, Using a DLL to filter time, Linux Audio Conference 2005.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Final

from ..clock import NS_PER_MS, NS_PER_S

BANDWIDTH_HZ: Final = 0.05
"""Of the loop: it settles in some 3 s, and leaves a tenth of the reports' unevenness (20 ms blocks)."""

REFUSED_NS: Final = 30 * NS_PER_MS
"""A report further off than this is refused; a driver is never that uneven, a stall is."""

BELIEVED_AFTER_S: Final = 0.25
"""Unless all reports for this long are: then sound was lost, or the system slept."""

DRIFT: Final = 0.005
"""Largest deviation of the rate; crystals keep 0.0001, sound over a radio link is pulled further."""


class SoundClock:
    """Times of the blocks of one stream.

    Attributes:
        rate_hz: Its nominal rate.
        error_ns: How far reports are off lately, mean: what the times can be trusted to.
    """

    def __init__(self, rate_hz: int) -> None:
        """Prepare for a stream of a nominal rate."""
        self.rate_hz = rate_hz
        self._nominal_ns = NS_PER_S / rate_hz
        self._period_ns = self._nominal_ns
        self._frame = 0
        self._time_ns = 0.0
        self._reports = 0
        self._refused_s = 0.0
        self.error_ns = 0.0

    def time_ns(self, frame: int, measured_ns: int, *, lost: bool = False) -> int:
        """Return when a block's first sample was true, on the host clock.

        Args:
            frame: How many samples came before the block; larger at each call.
            measured_ns: When its first sample was true, as the driver says, on the host clock.
            lost: Whether samples were lost before it, which the count does not know of.
        """
        elapsed_ns = (frame - self._frame) * self._period_ns
        predicted_ns = self._time_ns + elapsed_ns
        off_ns = measured_ns - predicted_ns
        if self._reports and not lost and abs(off_ns) > REFUSED_NS:
            self._refused_s += elapsed_ns / NS_PER_S
        else:
            self._refused_s = 0.0
        if not self._reports or lost or self._refused_s > BELIEVED_AFTER_S:
            self._begin(frame, measured_ns)
        elif self._refused_s:
            self._frame, self._time_ns = frame, predicted_ns
        else:
            self._follow(frame, predicted_ns, off_ns, elapsed_ns)
        return round(self._time_ns)

    def _begin(self, frame: int, measured_ns: int) -> None:
        self._frame, self._time_ns = frame, float(measured_ns)
        self._reports = 1
        self._refused_s = 0.0

    def _follow(self, frame: int, predicted_ns: float, off_ns: float, elapsed_ns: float) -> None:
        turn = min(1.0, 2.0 * pi * BANDWIDTH_HZ * elapsed_ns / NS_PER_S)
        self._reports += 1
        pull = max(sqrt(2.0) * turn, 1.0 / self._reports)  # the first ones are averaged
        self._frame, self._time_ns = frame, predicted_ns + min(1.0, pull) * off_ns
        period_ns = self._period_ns * (1.0 + turn * turn * off_ns / max(elapsed_ns, 1.0))
        low, high = self._nominal_ns * (1.0 - DRIFT), self._nominal_ns * (1.0 + DRIFT)
        self._period_ns = min(max(period_ns, low), high)
        self.error_ns += max(turn, 1.0 / self._reports) * (abs(off_ns) - self.error_ns)

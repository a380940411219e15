"""Keeps lids from trembling without delaying them.

What a tracker's noise does and a lid does not is turn round at every other sample by a little: from
that its size is measured, on the stream itself. Differences of that size are then followed slowly
and larger ones at once, so a blink passes as it is. A stream whose noise is too small to be told
from a lid's own unrest passes to the bit.
"""

from __future__ import annotations

from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_S

Floats = NDArray[np.float64]

_NO_NOISE: Final = 0.010
"""SD up to which a stream passes as it is: above what real lids reach on exact streams (NOTES, *Seen
ahead*)."""
_MEASURED_S: Final = 10.0
"""The noise is an average over this long."""
_TURN_MOST: Final = 0.015
"""No turn counts for more: a blink turns round once, by much."""
_SD_PER_TURN: Final = 6.25
"""SD of noise with a memory of 50 ms at 90 Hz over the mean of its turns."""
_FOLLOWED_S: Final = 0.5
"""Time constant by which a difference much smaller than the noise is followed."""
_LARGE: Final = 1.25
"""A difference of so many SDs is followed by half at once."""
_SAME_NS: Final = NS_PER_S // 2000
"""A sample told by its age is the same one within this."""
_GAP_NS: Final = NS_PER_S // 2
"""After a longer gap a lid begins anew; what is known of its noise stays."""


class Steady:
    """Follows the two lids of one wearer, in order of time."""

    def __init__(self) -> None:
        self._lids = (_Lid(), _Lid())
        self._time_ns: int | None = None
        self._seen = b""
        self._shown = [float("nan"), float("nan")]

    def steady(self, time_ns: int, openness: Floats) -> list[float]:
        """Return openness without its tremor.

        Args:
            time_ns: Of the sample; the same one again changes nothing.
            openness: Shape (2,), NaN where not sensed.

        Returns:
            Left and right, NaN where not sensed.
        """
        passed_ns = 0 if self._time_ns is None else time_ns - self._time_ns
        seen = openness.tobytes()
        if abs(passed_ns) <= _SAME_NS:
            if seen == self._seen:
                return self._shown
            passed_ns = 0  # another sample, stamped alike
        self._time_ns, self._seen = time_ns, seen
        values = openness.tolist()
        self._shown = [
            lid.follow(value, passed_ns) for lid, value in zip(self._lids, values, strict=True)
        ]
        return self._shown


class _Lid:
    """One lid.

    Attributes:
        sd: Measured, of its noise.
    """

    __slots__ = ("_change", "_last", "_passed_ns", "_shown", "sd")

    def __init__(self) -> None:
        self.sd = 0.0
        self._last = self._shown = float("nan")
        self._change = 0.0
        self._passed_ns = 0

    def follow(self, value: float, passed_ns: int) -> float:
        """Take a sample that came so long after the last; return what is shown."""
        self._passed_ns += passed_ns
        if value != value:  # NaN: nothing is sensed
            return value
        passed_s = self._passed_ns / NS_PER_S
        anew = self._last != self._last or not 0 <= self._passed_ns <= _GAP_NS
        self._passed_ns = 0
        if anew:
            self._last = self._shown = value
            self._change = 0.0
            return value
        change = value - self._last
        turned = change * self._change < 0.0
        turn = min(abs(change), abs(self._change), _TURN_MOST) if turned else 0.0
        self.sd += (1.0 - exp(-passed_s / _MEASURED_S)) * (_SD_PER_TURN * turn - self.sd)
        if change:  # a tracker may repeat itself amid its noise
            self._last, self._change = value, change
        if self.sd <= _NO_NOISE:
            self._shown = value
            return value
        off = value - self._shown
        large = (off / (_LARGE * self.sd)) ** 4
        slowly = 1.0 - exp(-passed_s / _FOLLOWED_S)
        self._shown += (slowly + large) / (1.0 + large) * off
        return self._shown

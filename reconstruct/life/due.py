"""Something that comes again and again, irregularly, at a rate that may change meanwhile."""

from __future__ import annotations

import numpy as np


class Due:
    """Counts down to an event in units of the mean interval, so that no rate is ever waited out.

    A blink that was 30 % away stays 30 % away when its owner starts to talk, and then comes sooner.
    """

    def __init__(self, rng: np.random.Generator, spread: float) -> None:
        """Take the spread of intervals: the deviation of their logarithm."""
        self._rng, self._spread = rng, spread
        self.left = self._interval() * float(rng.random())
        """How much of the mean interval is left to the next, 0 or more."""

    def overdue_s(self, passed_s: float, rate_hz: float) -> float | None:
        """Let time pass: return how long ago the event came, None where none came.

        At most one comes; passed_s should be well under an interval.
        """
        self.left -= passed_s * rate_hz
        if self.left > 0.0:
            return None
        overdue_s = min(passed_s, -self.left / rate_hz)
        self.left = max(0.0, self.left + self._interval())
        return overdue_s

    def bring_forward(self) -> None:
        """Let the next come now: what was left to it is put on the one after, which keeps the rate."""
        self.left += self._interval()

    def _interval(self) -> float:
        """Draw an interval, 1 in the mean."""
        spread = self._spread
        return float(self._rng.lognormal(-0.5 * spread * spread, spread))

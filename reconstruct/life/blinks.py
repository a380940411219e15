"""Blinks: when they come, and how far the lids are shut at an instant."""

from __future__ import annotations

from typing import Final

import numpy as np

from .due import Due
from .person import Person
from .saccade import PEAK_OF_MEAN, step

COMPLETE: Final = 0.44
"""Share of blinks that shut the eye all but wholly (SCIENCE 4)."""

WITH_SHIFT: Final = 0.97
"""Share of gaze shifts over 33 degrees that carry a blink (SCIENCE 4)."""

AT_PAUSE: Final = 0.5
"""A blink due within this much of the mean interval comes when the wearer pauses: most do at the ends
of phrases, and the rate stays."""

_SPREAD: Final = 0.6  # of the intervals' logarithm: most are short, some long
_BETWEEN_S: Final = 0.1  # from one blink's end to the next's start
_PAUSE_S: Final = 0.25  # within this a pause is followed by its blink

# Opening is a quick part and a slow one, after which the lid creeps home: 240 ms of which half are
# over in 80. Their times in closing times; the quick one's is set by the skew wanted.
_SLOW_SHARE: Final = 0.3
_SLOW_TIMES: Final = 3.0
_SLOW_SPEED: Final = 0.065  # at the quick part's peak; 0.3 x 30 x^2 (1 - x)^2 / 3 with x = 0.53 / 3


class Blinks:
    """One wearer's blinks."""

    def __init__(self, rng: np.random.Generator, person: Person) -> None:
        self._rng, self._person = rng, person
        self._due = Due(rng, _SPREAD)
        self._start_s = self._end_s = float("-inf")
        self._next_s = float("inf")  # when a blink that is settled begins
        self._closing_s, self._dwell_s, self.depth = person.closing_s, 0.0, 0.0
        # Peak speeds, in full blinks a closing time: opening's is to be closing's by the skew.
        opening = PEAK_OF_MEAN / person.skew - _SLOW_SPEED
        self._quick_times = (1.0 - _SLOW_SHARE) * PEAK_OF_MEAN / opening

    def advance(
        self, at_s: float, passed_s: float, per_min: float, *, paused: bool, shifted: bool
    ) -> None:
        """Let time pass.

        Args:
            at_s: Now.
            passed_s: Since the last call.
            per_min: Blinks a minute now.
            paused: Whether a phrase has just ended.
            shifted: Whether a gaze shift has just grown large.
        """
        overdue_s = self._due.overdue_s(passed_s, per_min / 60.0)
        if overdue_s is not None:
            self._next_s = min(self._next_s, at_s - overdue_s)
        elif at_s < self._end_s or self._next_s < float("inf"):
            pass  # one at a time
        elif shifted and self._rng.random() < WITH_SHIFT:
            self._due.bring_forward()
            self._next_s = at_s
        elif paused and self._due.left < AT_PAUSE:
            self._due.bring_forward()
            self._next_s = at_s + _PAUSE_S * float(self._rng.random())
        start_s = max(self._next_s, self._end_s + _BETWEEN_S)
        if start_s <= at_s:
            self._begin(start_s)

    def closure(self, at_s: float) -> float:
        """Return how far the blink under way has shut the eye: 0 not, 1 wholly."""
        since_s = at_s - self._start_s
        if since_s < 0.0 or at_s >= self._end_s:
            return 0.0
        if since_s < self._closing_s:
            return self.depth * step(since_s / self._closing_s)
        opened = max(0.0, since_s - self._closing_s - self._dwell_s) / self._closing_s
        quick, slow = step(opened / self._quick_times), step(opened / _SLOW_TIMES)
        return self.depth * (1.0 - (1.0 - _SLOW_SHARE) * quick - _SLOW_SHARE * slow)

    def _begin(self, start_s: float) -> None:
        rng = self._rng
        complete = float(rng.random()) < COMPLETE
        self.depth = float(rng.uniform(0.95, 1.0) if complete else rng.triangular(0.5, 0.65, 0.95))
        self._dwell_s = float(rng.uniform(0.010, 0.050) if complete else rng.uniform(0.0, 0.015))
        self._closing_s = self._person.closing_s * float(rng.lognormal(0.0, 0.06))
        self._start_s, self._next_s = start_s, float("inf")
        self._end_s = start_s + self._closing_s * (1.0 + _SLOW_TIMES) + self._dwell_s

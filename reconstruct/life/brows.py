"""Brow raises of somebody who talks: at the start of a phrase, or where the voice stresses a word."""

from __future__ import annotations

from typing import Final

import numpy as np

from .due import Due
from .person import Person
from .saccade import step

LENGTH_S: Final = (0.55, 0.67)
"""Of a raise (FIDELITY)."""

MOST: Final = 0.5
"""Weight of the largest."""

_LEAST: Final = 0.25
_RISES: Final = 0.35  # of its length, then holds
_FALLS: Final = 0.60  # from there on
_OUTER: Final = 0.7  # of the inner end; the lateral end moves less (SCIENCE 4)
_SPREAD: Final = 0.5


class Brows:
    """One wearer's gestures: they time the speech and say nothing of mood."""

    def __init__(self, rng: np.random.Generator, person: Person) -> None:
        self._rng, self._rate_hz = rng, person.raises_per_min / 60.0
        self._due = Due(rng, _SPREAD)
        self._owed = 0
        self._start_s, self._lasts_s, self._height = float("-inf"), 1.0, 0.0

    def advance(self, at_s: float, passed_s: float, *, talking: bool, cue: bool) -> None:
        """Let time pass: a raise that is due waits for the next cue, for a moment of talk."""
        if talking and self._due.overdue_s(passed_s, self._rate_hz) is not None:
            self._owed = min(self._owed + 1, 2)
        if cue and self._owed and at_s > self._start_s + 2.0 * self._lasts_s:
            self._owed -= 1
            self._start_s, self._lasts_s = at_s, float(self._rng.uniform(*LENGTH_S))
            self._height = float(self._rng.uniform(_LEAST, MOST))

    def weights(self, at_s: float) -> tuple[float, float]:
        """Return what is added to the (inner, outer) brow."""
        way = (at_s - self._start_s) / self._lasts_s
        if not 0.0 < way < 1.0:
            return 0.0, 0.0
        raised = self._height * (step(way / _RISES) - step((way - _FALLS) / (1.0 - _FALLS)))
        return raised, _OUTER * raised

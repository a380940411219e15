"""Lids go along with the eye: down as far as it goes, up less and later."""

from __future__ import annotations

from math import exp
from typing import Final

DOWN_PER_DEG: Final = 0.015
"""Closure a degree of looking down: shut, a lid has come some 45 degrees, and a third of what it owes
the eye (whose gain is 1, SCIENCE 4) lies in ARKit's eyeLookDown, which moves the lid as well."""

UP_PER_DEG: Final = 0.009
"""The same upwards, where lids do less (SCIENCE 4)."""

BEHIND_S: Final = 0.005
"""How long after the eye the lid moves (SCIENCE 4)."""

_BEHIND_UP_S: Final = 0.012
_MOST: Final = 0.6


class Lids:
    """One pair of lids' share in where the eyes look."""

    def __init__(self) -> None:
        self._closure = self._wanted = 0.0

    def follow(self, passed_s: float, pitch_deg: float) -> float:
        """Return the closure that goes with a pitch: negative where the lids rise.

        The lid runs after the eye as a first-order lag does after a ramp, the eye's way since the
        last call: so it is as late at 30 Hz as at 120.
        """
        wanted = min(_MOST, -pitch_deg * (DOWN_PER_DEG if pitch_deg < 0.0 else UP_PER_DEG))
        if passed_s > 0.0:
            behind_s = BEHIND_S if wanted > self._wanted else _BEHIND_UP_S
            late = behind_s * (wanted - self._wanted) / passed_s
            off = self._closure - self._wanted + late
            self._closure = wanted - late + off * exp(-passed_s / behind_s)
        self._wanted = wanted
        return self._closure

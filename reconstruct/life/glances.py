"""Where the eyes look: fixations on somebody ahead, glances aside, and saccades between them."""

from __future__ import annotations

from math import atan2, cos, degrees, pi, sin
from typing import Final

import numpy as np

from .person import Activity, Person
from .saccade import duration_s, step

_FIXATION_S: Final = 0.245  # median; what is measured has the slow ends of two saccades in it
_FIXATION_SPREAD: Final = 0.45  # of its logarithm
_MICRO_HZ: Final = 1.5
_MICRO_DEG: Final = (0.15, 0.6)
_ATTEND_S: Final = {
    Activity.LOOK: (7.9, 0.43),
    Activity.TALK: (3.1, 0.93),
    Activity.READ: (7.9, 0.43),
}
"""How long one looks at somebody, and then away, mean. Source: SCIENCE 4 (Eyes Alive)."""
_ASIDE_DEG: Final = 6.9
"""Mean size of a glance aside. Source: SCIENCE 4 (Eyes Alive): A = -6.9 ln(P / 15.7)."""
_NEAREST_DEG: Final = 2.5  # a smaller glance would not be seen as one
_FLATTER: Final = 0.6  # people glance sideways more than up and down
_YAW_DEG: Final = 18.0
_PITCH_DEG: Final = (-14.0, 9.0)
"""Farther out the head joins, and this one is not ours to turn."""
_LOOKED_AT_M: Final = ((-0.032, 0.0), (0.032, 0.0), (0.0, -0.070))
"""The eyes and mouth of whoever is looked at, from between their eyes: right and up."""
_PUPILS_M: Final = 0.063
_VERGENCE_S: Final = ((0.16, 0.20), (0.3, 1.0))
"""Latency and duration of a turn to another distance (SCIENCE 4)."""
_LEAD_S: Final = 0.25
"""A saccade in a turn of the head lands where the head goes in this time: the eye leads."""


class Glances:
    """One wearer's gaze in the head, angles in degrees: yaw to the right, pitch up, both eyes'."""

    def __init__(self, rng: np.random.Generator, person: Person) -> None:
        self._rng, self._person = rng, person
        self._distance_m = person.distance_m
        self._attends = True
        self._at = 0  # which of `_LOOKED_AT_M`
        self._attends_until_s = self._next_s = self._shift_s = 0.0
        self._from = self._to = (0.0, 0.0)
        self._start_s, self._lasts_s = 0.0, 1.0
        near = self._nasal(self._distance_m)
        self._nasal_from = self._nasal_to = near
        self._nasal_start_s, self._nasal_lasts_s = 0.0, 1.0
        self._turned = [0.0, 0.0]  # against the head's turn, since the saccade

    def advance(
        self,
        at_s: float,
        activity: Activity,
        turned_deg: tuple[float, float] = (0.0, 0.0),
        speed_deg_s: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Let time pass: hold the point against the head's turn, then look elsewhere if it is time.

        Args:
            at_s: Now.
            activity: What the wearer does.
            turned_deg: How far the head turned since the last call, (yaw, pitch).
            speed_deg_s: How fast it turns.
        """
        self._turned[0] -= turned_deg[0]
        self._turned[1] -= turned_deg[1]
        while self._next_s <= at_s:
            self._look(self._next_s, activity, speed_deg_s)
        if any(self._turned) and at_s > self._start_s + self._lasts_s + 0.05:
            yaw, pitch = self.direction(at_s)
            if abs(yaw) > _YAW_DEG + 3.0 or not _PITCH_DEG[0] - 3.0 < pitch < _PITCH_DEG[1] + 3.0:
                self._shift_s = at_s  # carried too far: the quick phase
                self._look(at_s, activity, speed_deg_s)

    def direction(self, at_s: float) -> tuple[float, float]:
        """Return (yaw, pitch) of both eyes, degrees."""
        way = step((at_s - self._start_s) / self._lasts_s)
        (from_yaw, from_pitch), (to_yaw, to_pitch) = self._from, self._to
        return (
            from_yaw + way * (to_yaw - from_yaw) + self._turned[0],
            from_pitch + way * (to_pitch - from_pitch) + self._turned[1],
        )

    def nasal_deg(self, at_s: float) -> float:
        """Return how far each eye turns to the nose, for what is looked at is near."""
        way = step((at_s - self._nasal_start_s) / self._nasal_lasts_s)
        return self._nasal_from + way * (self._nasal_to - self._nasal_from)

    def _look(self, start_s: float, activity: Activity, speed_deg_s: tuple[float, float]) -> None:
        """Begin the saccade that is due, or the microsaccade that comes before it."""
        here = self.direction(start_s)
        if start_s < self._shift_s:
            size, way = float(self._rng.uniform(*_MICRO_DEG)), 2.0 * pi * float(self._rng.random())
            there = (here[0] + size * cos(way), here[1] + size * sin(way))
        else:
            yaw, pitch = self._choose(start_s, here, activity)
            there = (
                _bound(yaw + _LEAD_S * speed_deg_s[0], -_YAW_DEG, _YAW_DEG),
                _bound(pitch + _LEAD_S * speed_deg_s[1], *_PITCH_DEG),
            )
        self._turned = [0.0, 0.0]
        self._from, self._to, self._start_s = here, there, start_s
        lasts_s = duration_s(there[0] - here[0], there[1] - here[1]) / self._person.saccade_speed
        self._lasts_s = lasts_s
        end_s = start_s + lasts_s
        if start_s >= self._shift_s:
            spread = float(self._rng.lognormal(0.0, _FIXATION_SPREAD))
            self._shift_s = end_s + _FIXATION_S * max(spread, 0.4)
        micro_s = end_s + 0.1 + float(self._rng.exponential(1.0 / _MICRO_HZ))
        self._next_s = micro_s if micro_s + 0.1 < self._shift_s else self._shift_s

    def _choose(
        self, start_s: float, here: tuple[float, float], activity: Activity
    ) -> tuple[float, float]:
        """Return where to look next, degrees from straight ahead."""
        rng = self._rng
        if start_s >= self._attends_until_s:
            self._attends = not self._attends or start_s == 0.0
            mean_s = _ATTEND_S[activity][0 if self._attends else 1]
            self._attends_until_s = start_s + max(0.25, float(rng.exponential(mean_s)))
            person_m = self._person.distance_m
            self._look_at(person_m if self._attends else float(rng.uniform(0.7, 4.0)), start_s)
        if self._attends:
            self._at = (self._at + int(rng.integers(1, 3))) % 3
            x_m, y_m = _LOOKED_AT_M[self._at]
            x_m, y_m = x_m + 0.006 * rng.standard_normal(), y_m + 0.006 * rng.standard_normal()
            return degrees(atan2(x_m, self._distance_m)), degrees(atan2(y_m, self._distance_m))
        size, way = _NEAREST_DEG + float(rng.exponential(_ASIDE_DEG)), 2 * pi * float(rng.random())
        yaw, pitch = here[0] + size * cos(way), here[1] + _FLATTER * size * sin(way)
        # Where that is too far out, the other way is as good.
        if abs(yaw) > _YAW_DEG:
            yaw = here[0] - size * cos(way)
        if not _PITCH_DEG[0] < pitch < _PITCH_DEG[1]:
            pitch = here[1] - _FLATTER * size * sin(way)
        return _bound(yaw, -_YAW_DEG, _YAW_DEG), _bound(pitch, *_PITCH_DEG)

    def _look_at(self, distance_m: float, start_s: float) -> None:
        """Turn the eyes to another distance, later and slower than the saccade."""
        (soon, late), (quick, slow) = _VERGENCE_S
        now = self.nasal_deg(start_s)
        self._distance_m = distance_m
        self._nasal_from, self._nasal_to = now, self._nasal(distance_m)
        self._nasal_start_s = start_s + float(self._rng.uniform(soon, late))
        self._nasal_lasts_s = float(self._rng.uniform(quick, slow))

    @staticmethod
    def _nasal(distance_m: float) -> float:
        return degrees(atan2(0.5 * _PUPILS_M, distance_m))


def _bound(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))

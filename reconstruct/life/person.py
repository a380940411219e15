"""What differs between people who do not know each other, drawn once per seed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import exp
from typing import Final

import numpy as np

_REACH: Final = 1.5
"""Deviations within which a person is drawn: with what chance adds in some minutes, nobody then
leaves the interval of 95 % of people."""


class Activity(IntEnum):
    """What the wearer does; people blink and look about by it."""

    LOOK = 0
    """Looks ahead, or listens."""
    TALK = 1
    READ = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One wearer's habits.

    Attributes:
        blinks_per_min: By `Activity`.
        closing_s: How long a lid takes to shut, median.
        skew: Peak closing speed over peak opening speed.
        saccade_speed: Of the main sequence's.
        distance_m: How far off the person usually looked at stands.
        blink_down_deg: How far the eyes dip in a full blink.
        blink_in_deg: How far they turn to the nose.
        lid_balance: How much less the left lid shuts than the right one, or more where negative.
        raises_per_min: Brow raises while talking.
    """

    blinks_per_min: tuple[float, float, float]
    closing_s: float
    skew: float
    saccade_speed: float
    distance_m: float
    blink_down_deg: float
    blink_in_deg: float
    lid_balance: float
    raises_per_min: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Person:
        """Draw somebody.

        One deviation moves all three blink rates: who blinks much does so whatever is done.

        Source:
            SCIENCE 4: blink rates log-normal between people, 13.0 / .25, 18.5 / .29, 4.5 / .60 a
            minute; closing 66 to 90 ms, 40-47 % faster than opening; eyes 1 to 5 degrees down and
            nasal. FIDELITY: brow raises 2 to 2.6 a minute.
        """
        much = within(rng, _REACH)
        return cls(
            blinks_per_min=(
                13.0 * exp(0.25 * much),
                18.5 * exp(0.29 * much),
                4.5 * exp(0.60 * much),
            ),
            closing_s=float(rng.uniform(0.080, 0.092)),
            skew=float(rng.uniform(1.43, 1.455)),
            saccade_speed=1.0 + 0.04 * within(rng, _REACH),
            distance_m=float(rng.uniform(1.0, 1.6)),
            blink_down_deg=float(rng.uniform(1.0, 3.0)),
            blink_in_deg=float(rng.uniform(0.7, 2.5)),
            lid_balance=float(rng.uniform(-0.03, 0.03)),
            raises_per_min=float(rng.uniform(2.0, 2.6)),
        )


def within(rng: np.random.Generator, deviations: float) -> float:
    """Draw from the standard normal, again until within so many deviations."""
    while abs(drawn := float(rng.standard_normal())) > deviations:
        pass
    return drawn

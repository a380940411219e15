"""How an eye gets from one point to the next: along the main sequence, by a minimum-jerk step."""

from __future__ import annotations

from math import exp, hypot
from typing import Final

PEAK_OF_MEAN: Final = 1.875
"""Peak speed of a minimum-jerk step over its mean speed: that of 10 x^3 - 15 x^4 + 6 x^5 at 1/2."""


def step(x: float) -> float:
    """Return a minimum-jerk step: 0 up to x = 0, 1 from x = 1 on, slow at both ends.

    Source: T. Flash, N. Hogan, The coordination of arm movements, J. Neurosci. 5, 1985.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    return x * x * x * (10.0 + x * (6.0 * x - 15.0))


def main_sequence_deg_s(amplitude_deg: float, sideways: float) -> float:
    """Return the peak speed people reach, degrees a second; between the fits by direction.

    Args:
        amplitude_deg: Of the saccade, not negative.
        sideways: Its horizontal share, 0 to 1: the cosine of its direction.

    Source:
        SCIENCE 4, V = 462 (1 - e^(-A/9.1)) horizontally, 418 (1 - e^(-A/7.5)) vertically.
    """
    horizontal = 462.0 * (1.0 - exp(-amplitude_deg / 9.1))
    vertical = 418.0 * (1.0 - exp(-amplitude_deg / 7.5))
    return sideways**2 * horizontal + (1.0 - sideways**2) * vertical


def duration_s(across_deg: float, along_deg: float) -> float:
    """Return how long a saccade lasts: 37 ms from nothing to 5 degrees' 48, 61 for 10 degrees.

    Args:
        across_deg: How far it goes sideways.
        along_deg: How far it goes up or down.
    """
    amplitude_deg = max(hypot(across_deg, along_deg), 1e-3)
    peak_deg_s = main_sequence_deg_s(amplitude_deg, abs(across_deg) / amplitude_deg)
    return PEAK_OF_MEAN * amplitude_deg / peak_deg_s

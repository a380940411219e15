"""The grain of sensor noise: what fades, what comes in bouts, what repeats.

All of it is drawn once per sample and in order, so a longer stretch begins as a shorter one did.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .streams import Floats

Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]


def ar1(shape: tuple[int, ...], tau_s: float, rate_hz: float, rng: Generator) -> Floats:
    """Return noise of SD 1 along the first axis whose correlation fades by 1/e in `tau_s`."""
    rho = np.exp(-1.0 / (tau_s * rate_hz))
    noise = rng.standard_normal(shape)
    noise[1:] *= np.sqrt(1.0 - rho**2)  # the first sample is drawn at full SD: no warming up
    # y[t] = x[t] + rho y[t - 1], by doubling: after k steps y holds the last 2^k pushes.
    reach = 1
    while reach < shape[0] and rho**reach > np.finfo(np.float64).eps:
        noise[reach:] += rho**reach * noise[:-reach]
        reach *= 2
    return noise


def bouts(
    count: int, rate_hz: float, share: float, lasting_s: tuple[float, float], rng: Generator
) -> Mask:
    """Return which of `count` samples fall in random bouts that cover a share of the time.

    Args:
        count: How many samples.
        rate_hz: Of the samples.
        share: Of the time, 0 to 1; exact for long times (bouts may overlap).
        lasting_s: Shortest and longest bout, uniform between.
        rng: Drawn from once per sample, so a longer stretch begins as a shorter one did.
    """
    shortest, longest = (duration * rate_hz for duration in lasting_s)
    # Bouts that start at random cover 1 - exp(-rate x length): solve for the starts per sample.
    chance = -np.log1p(-share) / (0.5 * (shortest + longest))
    drawn = rng.random((count, 2))
    starts = np.flatnonzero(drawn[:, 0] < chance)
    lengths = np.ceil(shortest + (longest - shortest) * drawn[starts, 1]).astype(np.intp)
    edges = np.zeros(count + 1, np.intp)
    np.add.at(edges, starts, 1)
    np.add.at(edges, np.minimum(starts + lengths, count), -1)
    return np.cumsum(edges[:count]) > 0


def held(keep: Mask) -> Indices:
    """Return for each sample the index of the newest one at or before it that is not repeated."""
    return np.maximum.accumulate(np.where(keep, np.arange(keep.size), 0))

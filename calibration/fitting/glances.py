"""Where a wearer usually looks, and how surely a few seconds tell it.

Told of both eyes *together* (their mean: where the wearer looks, which is the scene's doing) and of
left less right (how far they are *apart*: the tracker's and the donning's doing, and hardly the
scene's). Seconds of looking about say nothing of the one and much of the other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.clock import NS_PER_S
from .robust import median
from .use import Use

Floats = NDArray[np.float64]

BLOCK_S: Final = 1.0
"""Some three fixations: medians of blocks are nearly independent where those of samples are not."""

_LONGER: Final = 1.5
"""What follows is still a little alike: standard errors are larger by this (fixations whose place is
correlated by .4 from one to the next)."""

_FEWEST: Final = 3  # blocks

LOOK_APART_SD_RAD: Final = np.radians((1.2, 1.0))
"""How far one look at one place errs, left less right, (yaw, pitch): half the variance of 1.7 and 1.4°
(SCIENCE 5.2); the other half lasts a donning."""

USUAL_AWAY_M: Final = 1.8
"""Of what people look at, about (assumed)."""


def together_and_apart(gaze_rad: Floats) -> Floats:
    """Return (..., 2, 2) of eyes as (together, apart) by (yaw, pitch)."""
    left, right = gaze_rad[..., 0, :], gaze_rad[..., 1, :]
    return np.stack([(left + right) / 2.0, left - right], axis=-2)


def eyes_of(changes: Floats) -> Floats:
    """Return the change of each eye (2, 2) that (together, apart) amount to: the inverse."""
    both, apart = changes
    return np.stack([both + apart / 2.0, both - apart / 2.0])


def usual(use: Use) -> tuple[Floats, Floats]:
    """Return where the eyes usually were, together and apart, and its standard error.

    Returns:
        Two of shape (2, 2), radians: (together, apart) by (yaw, pitch); NaN where not known.
    """
    rows = together_and_apart(use.gaze_rad)
    centre = median(rows)
    if not len(rows):
        return centre, np.full((2, 2), np.nan)
    block = (use.eyes_ns - use.eyes_ns[0]) // round(BLOCK_S * NS_PER_S)
    medians = np.array([median(rows[block == one]) for one in np.unique(block)])
    medians = medians[np.isfinite(medians).all(axis=(1, 2))]
    if len(medians) < _FEWEST:
        return centre, np.full((2, 2), np.nan)
    return centre, _LONGER * medians.std(axis=0, ddof=1) / len(medians) ** 0.5

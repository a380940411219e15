"""How far a guess may be from a stranger's face: half the width of a 90 % interval.

A person left out of training is to a model what the next wearer is, so the width is read off their
errors, and those of the one it serves worst count: wearers differ by far more (in how much they move
their brows, tenfold) than one wearer's minutes do, and quantiles of everybody's frames together cover
the quiet at the expense of the lively. It is symmetrical, because on which side a model errs does not
carry over from one person to another (NOTES).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COVERED: Final = 0.90
"""Share of a stranger's frames that an interval is to cover."""

_TAIL: Final = 0.95
"""Quantile of |error| that stands for a person's scale on a channel. Further out than `COVERED`,
where channels that move rarely show what they can do; the factor below takes the surplus off."""

_LEAST: Final = 0.05
"""Added to a person's scale, a tracker's own flutter, so that ratios of nothing to nothing say
nothing."""

_POINTS: Final = np.linspace(0.0, 1.0, 401)


def reach(errors: Sequence[Floats]) -> Floats:
    """Return per channel how far truth may lie from the guess, either way.

    The bound is a factor times the largest scale of any person. The factor is what would have been
    right for the people at hand: each is bounded by the largest scale of the *others*, and the ratios
    of their errors to it, all people and channels alike, have to be under it in `COVERED` of cases.
    That was said of k - 1 people; the largest of k is larger by what one more person adds to it on
    average, which the same left-out bounds show and the factor is divided by.

    Args:
        errors: For each person left out, shape (T, C): truth less guess, per unit of what errors are
            expected to grow with. Those of mirrored faces belong in it where the model is mirrored.

    Returns:
        Shape (C,), positive, per unit of the same.
    """
    scales = np.array([np.quantile(np.abs(error), _TAIL, axis=0) for error in errors]) + _LEAST
    if len(errors) < 2:
        return scales[0]  # nobody to say how people differ
    ratios: list[Floats] = []
    grown: list[Floats] = []
    largest = scales.max(axis=0)
    for person, error in enumerate(errors):
        others = np.delete(scales, person, axis=0).max(axis=0)
        # The same number of points for everybody: people count alike, however long they were seen.
        ratio: Floats = np.abs(error) / others
        ratios.append(np.quantile(ratio, _POINTS))
        grown.append(np.log(largest / others))
    factor = np.quantile(np.concatenate(ratios), COVERED)
    return np.asarray(largest * factor / np.exp(np.mean(grown)), dtype=np.float64)

"""Which channels ship a baseline: those on which it serves people left out better than the model.

A channel falls back to `robust` or to rest (`neutral`) where that has the lower error over people
left out *and* the model's r is no higher, mirrored channels together. Error alone would still every
brow: the best single guess of what moves rarely is rest, and rest has no r and no life. r alone would
keep what moves along but far too much.

A difference under `MARGIN` counts as none. With three or four people smaller ones are noise: without a
margin the channels chosen so lost .003 of rest on the person who had no say in it (NOTES).

Source: FIDELITY "A channel on which the model does not beat `robust` and `neutral` on unseen people
ships the better baseline for that channel".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from .gains import correlation

Floats = NDArray[np.float64]
Baseline = Literal["robust", "neutral"]

FEWEST: Final = 3
"""People below whom nothing is compared: maps of one person each tell of those people only."""

MARGIN: Final = 0.05
"""Share of rest by which a baseline's error is to be lower."""

_LEAST_REST: Final = 0.01
"""Added to a person's error at rest, as `anatomy` does."""


def fallen_back(
    truths: Sequence[Floats],
    guesses: Sequence[Floats],
    baselines: Mapping[Baseline, Sequence[Floats]],
    mirror: Sequence[int],
) -> list[Baseline | None]:
    """Return for each of C channels the baseline that ships in the model's place, or None.

    Args:
        truths: For each person left out, shape (T, C).
        guesses: The model's, likewise; nothing in them may stem from that person.
        baselines: Theirs, likewise.
        mirror: Of C, where each channel's mirror image stands.
    """
    ours, our_r = _scores(truths, guesses, mirror)
    best = ours - MARGIN
    found: list[Baseline | None] = [None] * len(mirror)
    for name, theirs in baselines.items():
        error, r = _scores(truths, theirs, mirror)
        better = (error < best) & (our_r <= r)
        best = np.where(better, error, best)
        found = [name if b else f for b, f in zip(better.tolist(), found, strict=True)]
    return found


def _scores(
    truths: Sequence[Floats], guesses: Sequence[Floats], mirror: Sequence[int]
) -> tuple[Floats, Floats]:
    """Return error ÷ rest and r by channel, (C,), means over people and both sides."""
    error, r = np.zeros((2, len(mirror)))
    for truth, guess in zip(truths, guesses, strict=True):
        error += np.abs(truth - guess).mean(axis=0) / (np.abs(truth).mean(axis=0) + _LEAST_REST)
        r += correlation(truth, guess)
    both = list(mirror)
    count = 2.0 * len(truths)
    return (error + error[both]) / count, (r + r[both]) / count

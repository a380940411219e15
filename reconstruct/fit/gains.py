"""How far a guess is to be believed, and how much of its motion is to be shown.

Both are read off people who were left out, each counting alike, and are the same for both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.names import ARKIT_MIRROR

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_GAINS: Final = np.linspace(0.0, 1.0, 21)

_STILL: Final = 0.002
"""Added to a person's error at rest, so that a channel they never move says little."""

_FLUTTER: Final = 0.001
"""Added to the motion of truth and guess alike, lest who never moves a channel decide its gain."""

SENT_MOST: Final = 5.0
"""The largest gain of what is shown. Under the rig `mouth` lids and brows are guessed far too small:
with less the face stays still, with more what is sent errs more than rest does (NOTES)."""

LEAST_R: Final = 0.1
"""A guess that follows the truth less than this is not made larger: it would be another face."""


def partners(hidden: Places) -> list[int]:
    """Return for each hidden channel where its mirror image stands among them."""
    place = {channel: i for i, channel in enumerate(hidden.tolist())}
    return [place[ARKIT_MIRROR[channel]] for channel in hidden.tolist()]


def believed(guesses: Sequence[Floats], truths: Sequence[Floats], mirror: Sequence[int]) -> Floats:
    """Return per channel the gain (0 to 1) that serves people best.

    Each person's error counts relative to what their own rest would give: an exercise in grimaces
    and an evening's talk weigh the same, and a channel that is guessed wrong for those who hardly
    move it is turned down though the grimacer would gain.

    Args:
        guesses: For each person left out, shape (T, C).
        truths: Likewise.
        mirror: Of C, where each channel's mirror image stands.
    """
    error = np.zeros((_GAINS.size, len(mirror)))
    for guess, truth in zip(guesses, truths, strict=True):
        rest = np.abs(truth).mean(axis=0) + _STILL
        for row, gain in enumerate(_GAINS):
            error[row] += np.abs(truth - gain * guess).mean(axis=0) / rest
    return _GAINS[np.argmin(error + error[:, list(mirror)], axis=0)]


def shown(guesses: Sequence[Floats], truths: Sequence[Floats], mirror: Sequence[int]) -> Floats:
    """Return per channel (1 to `SENT_MOST`) what is shown ÷ the guess.

    A guess with correlation r shows a share r of the motion at best. The gain is what would have
    given each person the motion they really made, in the geometric mean over people: too much for
    one is then as far off as too little for another. Where concordance is concerned a guess at its
    full motion is best whatever r is; but below `LEAST_R` nothing is gained.

    Args:
        guesses: For each person left out, shape (T, C).
        truths: Likewise.
        mirror: Of C, where each channel's mirror image stands.
    """
    lacks, r = np.zeros((2, len(mirror)))
    for guess, truth in zip(guesses, truths, strict=True):
        lacks += np.log((truth.std(axis=0) + _FLUTTER) / (guess.std(axis=0) + _FLUTTER))
        r += correlation(truth, guess)
    sides, count = list(mirror), 2.0 * len(guesses)
    mean = (lacks + lacks[sides]) / count
    follows = r + r[sides] >= LEAST_R * count
    return np.where(follows, np.clip(np.exp(mean), 1.0, SENT_MOST), 1.0)


def correlation(truth: Floats, guess: Floats) -> Floats:
    """Return Pearson's r by column, (C,); 0 where either does not move."""
    mine, real = guess - guess.mean(axis=0), truth - truth.mean(axis=0)
    size = np.sqrt((mine * mine).mean(axis=0) * (real * real).mean(axis=0))
    return np.divide((mine * real).mean(axis=0), size, out=np.zeros_like(size), where=size > 1e-12)

"""A model's guesses put right by the wearer's own face, where a capture without the headset shows it.

Per hidden channel truth = gain x guess, the most likely gain given that models are usually right: each
stretch of the capture counts for one look, with errors by Laplace's law (what is judged is the mean
absolute error), and the logarithm of gains is normal around none. A channel and its mirror have one
gain: a take is short. It is let through only where it helps on stretches that it has not seen.

An offset is not fitted: guesses are relative to rest, which each take finds anew, and offsets of one
take made another worse by up to 9 %. Nor is a guess held to the range of the take, which helped on
some takes and harmed on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.names import ARKIT, ARKIT_MIRROR, BROW_5
from .outcome import Outcome

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LOG_GAIN_SD: Final = 0.7
"""How far models are off for one wearer: half of them by less than a half or a double."""

GAINS: Final = np.linspace(0.3, 2.0, 35)
"""Those that are tried; 1 is among them."""

SEGMENT_S: Final = 10.0
"""How long the stretches are that a capture is cut into: a mood lasts longer than an expression."""

FEWEST: Final = 3
"""Segments, one of which is left out at a time."""

HELPS: Final = 0.98
"""What error must fall to, of what it was, on segments left out."""

SHARE: Final = 0.8
"""Of those segments more than this must gain: what helps on a few may be a mood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a model's guess is put right by.

    Attributes:
        offset: Shape (52,), ARKit, added after the gain; 0.
        gain: Shape (52,); 1 where refused.
        accepted: Shape (52,).
        outcomes: Brows, and what else there is.
    """

    offset: Floats
    gain: Floats
    accepted: Flags
    outcomes: tuple[Outcome, ...]


def fit_habits(segments: Sequence[tuple[Floats, Floats]], *, rate_hz: float) -> Habits:
    """Fit it, a channel and its mirror at a time.

    Args:
        segments: (guesses, truths), shape (T, 52) each, relative to the wearer's rest, NaN where there
            is none or where the channel was measured; each segment is a stretch apart from the others.
        rate_hz: Of the rows.
    """
    shapes = len(ARKIT)
    offset, gain, accepted = np.zeros(shapes), np.ones(shapes), np.zeros(shapes, dtype=np.bool_)
    before, after = np.full(shapes, np.nan), np.full(shapes, np.nan)
    for channel in range(shapes):
        both = sorted({channel, ARKIT_MIRROR[channel]})
        if channel != both[0]:
            continue
        errors = [_errors(guess[:, both], truth[:, both], rate_hz) for guess, truth in segments]
        looks = np.array([each for each in errors if each is not None])
        if len(looks) < FEWEST:
            continue
        judged = np.array([_left_out(looks, one) for one in range(len(looks))])
        before[both], after[both] = means = judged.mean(axis=0)
        helps = judged[:, 1] < judged[:, 0]
        if means[1] < HELPS * means[0] and helps.mean() > SHARE:
            accepted[both] = True
            gain[both] = GAINS[_likeliest(looks)]
    outcomes = [
        _outcome(step, members, accepted, before, after)
        for step, members in _GROUPS.items()
        if np.isfinite(before[members]).any()
    ]
    if not outcomes:
        why = f"fewer than {FEWEST} stretches of a second or more"
        outcomes = [Outcome(step="habits", accepted=False, reason=why)]
    return Habits(offset=offset, gain=gain, accepted=accepted, outcomes=tuple(outcomes))


def _members(*starts: str) -> Flags:
    return np.array([name.startswith(starts) for name in ARKIT])


_GROUPS: Final = {
    "brows": np.array([name in BROW_5 for name in ARKIT]),
    "cheeks": _members("cheek"),
    "nose": _members("nose"),
    "lids": _members("eyeSquint", "eyeWide", "eyeBlink"),
    "mouth": _members("mouth", "jaw", "tongue"),
    "gaze": _members("eyeLook"),
}


def _errors(guess: Floats, truth: Floats, rate_hz: float) -> Floats | None:
    """Return the mean absolute error under each of `GAINS`; None where under a second is known."""
    known = np.isfinite(guess) & np.isfinite(truth)
    if known.any(axis=1).sum() < rate_hz:
        return None
    meant, said = truth[known], guess[known]
    return np.array([np.abs(meant - gain * said).mean() for gain in GAINS])


def _left_out(looks: Floats, one: int) -> tuple[float, float]:
    """Return the error on one segment as guessed, and put right by the others."""
    return float(looks[one, _NONE]), float(looks[one, _likeliest(np.delete(looks, one, axis=0))])


def _likeliest(looks: Floats) -> int:
    """Return which of `GAINS` is, of errors (segments, gains)."""
    means = looks.mean(axis=0)
    spread = max(float(means[_NONE]), 1e-6)  # of Laplace's law, as if nothing were put right
    unlikely = (np.log(GAINS) / LOG_GAIN_SD) ** 2 / 2.0
    return int(np.argmin(len(looks) * means / spread + unlikely))


_NONE: Final = int(np.argmin(np.abs(GAINS - 1.0)))


def _outcome(step: str, members: Flags, accepted: Flags, before: Floats, after: Floats) -> Outcome:
    judged = members & np.isfinite(before)
    taken = judged & accepted
    ends = np.where(taken, after, before)[judged]
    names = ", ".join(name for name, one in zip(ARKIT, judged & ~accepted, strict=True) if one)
    return Outcome(
        step=step,
        accepted=bool(taken.any()),
        reason=f"no gain on stretches left out: {names}" if names else "",
        before=float(before[judged].mean()),
        after=float(ends.mean()),
    )

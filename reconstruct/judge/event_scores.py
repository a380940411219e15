"""Is the stated probability of an event true? One person's against what happened.

Source: FIDELITY "error against stated confidence" and "brow events with AUC"; SCIENCE 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BINS: Final = 10
"""Tenths of probability that stated and happened are compared in."""

LEAST_FRAMES: Final = 60
"""A share of fewer frames of a person (a second at 60 Hz) says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventScores:
    """How true one event's stated probability is of one person; NaN where nothing was stated.

    Attributes:
        auc: As `auc`.
        rate: Share of frames on which the event is under way.
        brier: Mean squared error of the probability.
        rate_brier: The same of the person's own rate stated on every frame: what there is to gain.
        stated: Shape (BINS,), mean of what was stated in each tenth, NaN under `LEAST_FRAMES`.
        happened: Shape (BINS,), how often it was so.
    """

    auc: float
    rate: float
    brier: float
    rate_brier: float
    stated: Floats
    happened: Floats

    @property
    def figures(self) -> tuple[float, float, float, float]:
        """AUC, rate, Brier score and that of the rate."""
        return self.auc, self.rate, self.brier, self.rate_brier


def event_scores(happens: Flags, probability: Floats) -> EventScores:
    """Compare an event's stated probability with what happened.

    Args:
        happens: Shape (T,).
        probability: Shape (T,), 0 to 1, NaN where not judged.
    """
    judged = np.isfinite(probability)
    so, said = happens[judged].astype(np.float64), probability[judged]
    nothing = float("nan")
    if not len(said):
        empty = np.full(BINS, np.nan)
        return EventScores(
            auc=nothing, rate=nothing, brier=nothing, rate_brier=nothing,
            stated=empty, happened=empty,
        )  # fmt: skip
    rate = float(so.mean())
    tenth = np.clip((said * BINS).astype(np.intp), 0, BINS - 1)
    frames = np.bincount(tenth, minlength=BINS)
    enough = frames >= LEAST_FRAMES
    stated, happened = (
        np.where(enough, np.bincount(tenth, each, BINS) / np.maximum(frames, 1), np.nan)
        for each in (said, so)
    )
    return EventScores(
        auc=auc(happens, probability),
        rate=rate,
        brier=float(((said - so) ** 2).mean()),
        rate_brier=rate * (1.0 - rate),
        stated=stated,
        happened=happened,
    )


def auc(happens: Flags, probability: Floats) -> float:
    """Return the area under the ROC curve: .5 tells nothing, 1 tells all.

    That is how often a frame with the event is given a higher probability than one without; equal
    ones count half.

    Args:
        happens: Shape (T,).
        probability: Shape (T,), NaN where not judged.

    Returns:
        0 to 1; NaN where judged frames are all of one kind.
    """
    judged = np.isfinite(probability)
    happens = happens[judged]
    positives, negatives = int(happens.sum()), int((~happens).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    _, value, sizes = np.unique(probability[judged], return_inverse=True, return_counts=True)
    rank = (np.cumsum(sizes) - (sizes - 1) / 2.0)[value]  # ties share their mean rank, from 1
    return float((rank[happens].sum() - positives * (positives + 1) / 2) / (positives * negatives))

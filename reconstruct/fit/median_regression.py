"""Median regression: a line through the middle of what is seen, by squares weighed anew."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KNEE: Final = 0.01
"""Errors below this count as squares: a hundredth of a weight is noise."""


def least_absolute(
    rows: Floats,
    target: Floats,
    penalty: Floats,
    *,
    weight: Floats | float,
    share: Floats,
    start: Floats,
    rounds: int,
    settled: float,
) -> Floats:
    """Return the coefficients (S,) with the least weighted sum of absolute errors.

    Args:
        rows: Shape (R, S), what is seen.
        target: Shape (R,), what is to be guessed.
        penalty: Shape (S, S), added to the rows' Gram matrix.
        weight: Shape (R,), how much each row counts; or the same of all.
        share: Shape (R,), how much each row's square counts in the first round.
        start: Shape (S,), coefficients that `share` comes from.
        rounds: At most so many.
        settled: It ends when no coefficient moves by this.
    """
    coefficients = start
    for _ in range(rounds):
        weighted = rows * share[:, None]
        gram = weighted.T @ rows + penalty
        step = np.asarray(np.linalg.solve(gram, weighted.T @ target), dtype=np.float64)
        moved = np.abs(step - coefficients).max(initial=0.0)
        coefficients = step
        if moved < settled:
            break
        share = weight / np.hypot(target - rows @ coefficients, KNEE)
    return coefficients

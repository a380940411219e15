"""Left and right told apart: the 2x2 matrix that one-sided poses give, inverted, under a guard.

A tracker whose cameras share a view shows a little of one side on the other. Under a linear leak what
is reported is R times what is done, and the columns of R are what it reports when one side alone does
something.

Source: SCIENCE 2.2 (QFT+: inverted only where the condition number is below 10).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..profile_file import LARGEST_CONDITION
from .outcome import Outcome

Floats = NDArray[np.float64]

ANSWER: Final = 0.2
"""A side that answers its own pose by less was not seen. Source: SCIENCE 2.2."""

NO_LEAK: Final = 0.05
"""Of a side's own answer; below it there is nothing to unmix."""

NOT_ALONE: Final = 0.25
"""Lids shut all the way, both together or one alone: what one lid reports of either wink has to add
up to what it reports of both, within this. Where it does not the other lid did move: that is the
wearer's face and not the tracker's leak."""


def unmix(
    step: str, left: Floats, right: Floats, both: Floats | None = None, *, adds_up: bool = False
) -> tuple[Floats, Outcome]:
    """Return the matrix that tells the sides apart, the identity where it is refused.

    Args:
        step: For the outcome.
        left: Shape (2,), what (left, right) report over rest when the left side alone does it.
        right: Shape (2,), likewise for the right side.
        both: Shape (2,), likewise for both, which the matrix then leaves as it is; without it a side's
            own answer stays what it was.
        adds_up: Whether `left` and `right` must add up to `both`.
    """

    def refused(reason: str) -> tuple[Floats, Outcome]:
        return np.eye(2), Outcome(step=step, accepted=False, reason=reason)

    mixed = np.column_stack([left, right])
    if not np.isfinite(mixed).all():
        return refused("one-sided poses were not seen")
    own, other = np.diag(mixed), mixed[[0, 1], [1, 0]]
    if (own < ANSWER).any():
        return refused("one-sided poses were not seen on their own side")
    if (other >= own).any():
        return refused("the other side moved more: are left and right swapped?")
    if (np.abs(other) < NO_LEAK * own).all():
        return refused("left and right do not leak into each other")
    if both is not None and adds_up and (np.abs(mixed.sum(axis=1) - both) > NOT_ALONE).any():
        return refused("the other side moved too")
    if not np.linalg.cond(mixed) < LARGEST_CONDITION:
        return refused("left and right cannot be told apart")
    matrix = np.linalg.inv(mixed) * own[:, None]
    if both is not None and np.isfinite(both).all():
        kept = matrix @ both
        if (kept < ANSWER).any():
            return refused("both sides together are seen less than one alone")
        matrix = matrix * (both / kept)[:, None]
    if not np.linalg.cond(matrix) < LARGEST_CONDITION:
        return refused("left and right cannot be told apart")
    leak = float(np.mean(other / own))
    return matrix, Outcome(step=step, accepted=True, reason=f"{leak:.0%} leaked to the other side")

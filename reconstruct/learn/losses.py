"""What a window's guess costs, given what the face really did.

Only channels that are not measured and whose truth is known count. The median pays the absolute
error, the ends of the interval the pinball loss of their quantiles, the median's motion from frame
to frame the error of its velocity, events the cross entropy.
"""

# torch types itself in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from .network import Guess
from .shards import FACE

_ENDS: Final = 0.5
_VELOCITY: Final = 0.5
"""Source: SCIENCE 3.2."""

_EVENTS: Final = 0.01
"""A nat of an event weighs as much as a hundredth of a weight's error in every channel."""


def cost(guess: Guess, rows: Tensor, judged: Tensor) -> Tensor:
    """Return what each window costs, (B,), in weights (0 to 1); 0 where nothing can be judged.

    Args:
        guess: Of B windows.
        rows: Shape (B, T, WIDTH).
        judged: Shape (B, T), whether a row counts.
    """
    truth = rows[..., 3 * FACE : 4 * FACE]
    unseen = rows[..., FACE : 2 * FACE] == 0.0
    counts = judged[..., None] & unseen & truth.isfinite()
    truth = torch.where(counts, truth, 0.0)
    median = _mean((guess.median - truth).abs(), counts)
    ends = _mean(pinball(truth - guess.low, 0.05) + pinball(truth - guess.high, 0.95), counts)
    moves = counts[:, 1:] & counts[:, :-1]
    velocity = _mean((guess.median.diff(dim=1) - truth.diff(dim=1)).abs(), moves)
    happens = rows[..., 4 * FACE :]
    known = judged[..., None] & happens.isfinite()
    wrong = functional.binary_cross_entropy_with_logits(
        guess.events, torch.where(known, happens, 0.0), reduction="none"
    )
    return median + _ENDS * ends + _VELOCITY * velocity + _EVENTS * _mean(wrong, known)


def pinball(over: Tensor, quantile: float) -> Tensor:
    """Return the pinball loss of truth − guess: least in the mean at that quantile of truth."""
    return torch.maximum(quantile * over, (quantile - 1.0) * over)


def _mean(values: Tensor, counts: Tensor) -> Tensor:
    """Return each window's mean over what counts, (B,)."""
    kept = torch.where(counts, values, 0.0)
    return kept.flatten(1).sum(1) / counts.flatten(1).sum(1).clamp(min=1)

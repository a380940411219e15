"""When an expression is under way: the one meaning that fitting, training and judging share.

A channel is *up* from the frame that reaches `ONSET` to the one before it falls to `REARM`: the gap
between the two (hysteresis) keeps one wavering rise one event. Weights are relative to the wearer's
rest.

Source: FIDELITY "event F1" (onset level).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.frame import EVENTS
from ..headset.names import ARKIT_INDEX

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ONSET: Final = 0.3
"""Level above rest that counts as an event (FIDELITY)."""

REARM: Final = 0.2
"""Level a channel must have been down at before it can rise again."""

EVENT_CHANNELS: Final[dict[str, tuple[str, ...]]] = {
    "brow_raise": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "frown": ("browDownLeft", "browDownRight"),
    "cheek_raise": ("cheekSquintLeft", "cheekSquintRight"),
    "squint": ("eyeSquintLeft", "eyeSquintRight"),
    "wide": ("eyeWideLeft", "eyeWideRight"),
    "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
}
"""The ARKit channels each of `headset.frame.EVENTS` is told by: it is under way while any is up."""


def up(weight: Floats) -> Flags:
    """Return the frames, shape (T,), on which a channel (T,), relative to rest, is up.

    Up from the frame that reaches `ONSET` to the one before it falls to `REARM`; never where NaN.
    """
    return up_or_down(weight) > 0


def up_or_down(weight: Floats) -> NDArray[np.int8]:
    """Return 1 where a channel is up, -1 where it is down, 0 where that is not known."""
    said = np.where(weight >= ONSET, 1, np.where(weight <= REARM, -1, 0)).astype(np.int8)
    # A frame between the two levels is what the last frame outside them, or unseen, was.
    decides = (said != 0) | np.isnan(weight)
    last = np.maximum.accumulate(np.where(decides, np.arange(len(weight)), 0))
    return said[last]


def under_way(arkit: Floats) -> Flags:
    """Return which of `EVENTS` are under way, shape (T, 6), in weights (T, 52) relative to rest."""
    return np.stack(
        [
            np.any([up(arkit[:, ARKIT_INDEX[name]]) for name in EVENT_CHANNELS[event]], axis=0)
            for event in EVENTS
        ],
        axis=-1,
    )

"""The jaw: one hinge, and how far each point of the skin goes along with it."""

from __future__ import annotations

from typing import Final

import numpy as np

from .field import MOUTH_HALF_WIDTH, MOUTH_Y, Floats, smoothstep

OPEN_RAD: Final = np.radians(14.0)
"""The jaw's turn at jawOpen 1."""
_GLIDE: Final = np.array([0.0, -0.55, 1.4])
"""The joint slides forward as it opens; without it the chin would sink into the neck."""
_HINGE: Final = np.array([0.0, -1.6, 0.3])
_CORNER: Final = 0.42
"""The mouth's corners go down with the jaw by this much."""
_LIP: Final = 0.5
"""This near to the slit a lip goes along as a whole, so that it is not stretched."""


def opened(points: Floats, share: Floats) -> Floats:
    """Return how far points (N, 3) move when the jaw opens fully, each by its share (N,)."""
    angle = -OPEN_RAD * share
    _, y, z = (points - _HINGE).T
    turned_y = y * np.cos(angle) + z * np.sin(angle)
    turned_z = z * np.cos(angle) - y * np.sin(angle)
    move = np.stack([0.0 * y, turned_y - y, turned_z - z], axis=1)
    return move + _GLIDE * share[:, None]


def jaw_share(rest: Floats, side: Floats) -> tuple[Floats, Floats]:
    """Return each point's share (N,) of the jaw's movement, lips parting and lips sealed.

    Args:
        rest: Shape (N, 3), the closed face.
        side: Shape (N,), +1 on the mouth slit's upper edge, -1 on its lower, else 0.
    """
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    t = x / MOUTH_HALF_WIDTH
    height = np.where(np.abs(y - MOUTH_Y) < 0.05, 0.0, y - MOUTH_Y)
    lower = (height < 0.0) | ((height == 0.0) & (side < 0.0))
    aside = smoothstep(0.6, 1.8, t)
    held = smoothstep(-1.5, 3.0, z) * smoothstep(-14.5, -10.8, y)  # neither ear nor neck

    def share(parting: float) -> Floats:
        arc = np.clip(1.0 - t * t, 0.0, 1.0)
        low = _CORNER + (1.0 - _CORNER) * parting * arc**0.6
        high = _CORNER * (1.0 - parting * arc**0.75)
        below = low + (1.0 - low) * smoothstep(_LIP, 2.0 + 1.4 * aside, -height)
        above = high * (1.0 - smoothstep(_LIP, 2.2 + 2.2 * aside, height))
        return np.where(lower, below, above) * held

    return share(1.0), share(0.0)

"""The lids: shells that turn about the eyeball's centre, so they can never sink into it.

The mesh is made with lids closed along a straight row. From there each lid turns about the axis
through both eyes by an angle that vanishes at the corners; both reach the same curve when shut.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .field import EYE_CENTRE, EYE_RADIUS, Floats, smoothstep
from .mesh import Table

UPPER_RAD: Final = np.radians(23.0)
LOWER_RAD: Final = np.radians(14.5)
"""How far the margins stand above and below the middle, eyes at rest."""
MEET_RAD: Final = np.radians(7.0)
"""Where they meet when shut: below the middle, as the upper lid does most of the way."""

CLEARANCE: Final = 0.075
"""Between eyeball and lid's inner face. A target moves points along a chord, not an arc: from open
to shut (30 degrees at radius 1.44) that cuts 1.44 * (1 - cos 15 deg) = 0.05 off the radius."""
INNER_RADIUS: Final = EYE_RADIUS + CLEARANCE

_REACH_UP: Final = 1.75
_REACH_DOWN: Final = 1.6
"""How far from the margins skin still goes along."""


def lid_shares(rest: Floats, side: Floats) -> Floats:
    """Return how far skin (N, 3) takes part in the turn of the (upper, lower) lid, (N, 2)."""
    height = rest[:, 1] - EYE_CENTRE[1]
    near = smoothstep(4.0, 3.2, np.linalg.norm(rest - EYE_CENTRE, axis=1))
    above = np.where((height > 1e-6) | (side > 0), 1.0 - smoothstep(0.0, _REACH_UP, height), 0.0)
    below = np.where(
        (height < -1e-6) | (side < 0), 1.0 - smoothstep(0.0, _REACH_DOWN, -height), 0.0
    )
    return np.stack([above, below], axis=1) * near[:, None]


def posed(table: Table, upper: float, lower: float, yaw_rad: float = 0.0) -> Floats:
    """Return positions (N, 3) of left-half vertices with the lids in some pose.

    Args:
        table: Vertices with `rest`, `across` and `lid`.
        upper: Opening of the upper lid, 0 shut, 1 at rest.
        lower: The same of the lower.
        yaw_rad: The lids' small turn with the gaze, positive outwards.
    """
    across = np.clip(table["across"], -1.0, 1.0)
    bow = np.clip(1.0 - np.abs(across) ** 2.3, 0.0, 1.0) ** 0.72
    shut = -MEET_RAD
    up = shut + upper * (UPPER_RAD + MEET_RAD) * (1.0 - 0.06 * across)
    down = shut - lower * (LOWER_RAD - MEET_RAD) * (1.0 + 0.18 * across)
    share = table["lid"]
    pitch = bow * (up * share[:, 0] + down * share[:, 1])
    # The upper lid folds back into a crease half way up, the more the wider it opens.
    fold = 0.10 * upper * bow * 4.0 * share[:, 0] * (1.0 - share[:, 0])
    q = table["rest"] - EYE_CENTRE
    q = q * (1.0 - fold / np.maximum(np.linalg.norm(q, axis=1), 1e-6))[:, None]
    x, y, z = q.T
    y, z = y * np.cos(pitch) + z * np.sin(pitch), z * np.cos(pitch) - y * np.sin(pitch)
    yaw = yaw_rad * bow * share.sum(axis=1)
    x, z = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
    return np.stack([x, y, z], axis=1) + EYE_CENTRE

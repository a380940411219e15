"""Colours that say where a value comes from, on the face and beside it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..frame import Origin
from ..names import ARKIT
from .avatar import Avatar, Region

Floats32 = NDArray[np.float32]

ORIGIN_RGB: Final[dict[Origin, tuple[int, int, int]]] = {
    Origin.MEASURED: (86, 190, 176),
    Origin.INFERRED: (240, 173, 78),
    Origin.SYNTHESISED: (168, 140, 226),
    Origin.HELD: (134, 142, 154),
    Origin.ABSENT: (84, 88, 96),
}
"""sRGB; told apart by lightness too, for those who do not tell the hues apart."""

ORIGIN_LABEL: Final[dict[Origin, str]] = {
    Origin.MEASURED: "measured by a sensor",
    Origin.INFERRED: "inferred from what is sensed",
    Origin.SYNTHESISED: "synthesised",
    Origin.HELD: "held",
    Origin.ABSENT: "absent",
}


def linear(rgb: tuple[int, int, int]) -> Floats32:
    """Return an sRGB colour, 0 to 255, as linear light (3,), 0 to 1. Source: IEC 61966-2-1."""
    c = np.array(rgb) / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def by_origin(avatar: Avatar, origin: NDArray[np.uint8]) -> Floats32:
    """Colour each part of the face by where the channels that move it come from.

    Args:
        avatar: The face.
        origin: Shape (52,), `Origin` of each ARKit channel.

    Returns:
        Shape (V, 4) for `Renderer.set_highlight`: linear rgb, and a share that grows with how far
        the channels can move the vertex; only skin is coloured.
    """
    total = np.zeros(len(avatar.positions), np.float32)
    colour = np.zeros((len(avatar.positions), 3), np.float32)
    for number, name in enumerate(ARKIT):
        target = avatar.targets.get(name)
        # Channels of gaze move lids too, but it is the eyes that show them.
        if target is None or name.startswith("eyeLook"):
            continue
        reach = np.linalg.norm(target.delta, axis=1) ** 2  # squared: the main mover decides
        total[target.index] += reach
        colour[target.index] += reach[:, None] * linear(ORIGIN_RGB[Origin(int(origin[number]))])
    colour /= np.maximum(total, 1e-12)[:, None]
    share = np.sqrt(total) / (np.sqrt(total) + _HALF_REACH_M)
    share[avatar.region != Region.SKIN] = 0.0
    return np.column_stack([colour, share]).astype(np.float32)


_HALF_REACH_M: Final = 0.003
"""A vertex that can move this far is half covered."""

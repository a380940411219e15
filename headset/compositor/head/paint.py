"""Colour on the skin: lips, a little blush, warm ears and nose."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..avatar import Region
from .field import MOUTH_HALF_WIDTH, MOUTH_Y, Floats, smoothstep
from .mesh import Table

_LIP: Final = np.array([0.43, 0.145, 0.13])
_BLUSH: Final = np.array([0.52, 0.20, 0.15])


def paint(table: Table) -> None:
    """Tint the skin's vertices in place."""
    # The mouth's wet inside has its colour already.
    skin = (table["region"] == Region.SKIN) & (table["colour"][:, 1] > 0.24)
    p = table["rest"][skin] * [1.0, 1.0, 1.0]
    x = np.abs(p[:, 0])
    p[:, 0] = x
    colour = table["colour"][skin]

    def spot(centre: tuple[float, float, float], size: tuple[float, float, float]) -> Floats:
        return np.exp(-0.5 * (((p - centre) / size) ** 2).sum(axis=1))

    blush = 0.45 * spot((4.3, -3.0, 6.0), (1.7, 1.2, 3.0))
    blush += 0.30 * spot((0.0, -3.3, 9.8), (1.0, 0.9, 1.2)) + 0.2 * spot((0, -10, 8), (1.4, 1, 1.5))
    colour[:, :3] += blush[:, None] * (_BLUSH - colour[:, :3])
    height = p[:, 1] - MOUTH_Y
    full = np.clip(1.0 - (x / (MOUTH_HALF_WIDTH + 0.1)) ** 2, 0.0, 1.0) ** 0.65
    reach = np.abs(height) / np.maximum(full, 0.05)
    lip = np.where(height > 0, smoothstep(0.76, 0.60, reach), smoothstep(0.98, 0.80, reach))
    lip *= smoothstep(6.2, 6.8, p[:, 2]) * smoothstep(
        MOUTH_HALF_WIDTH + 0.15, MOUTH_HALF_WIDTH - 0.1, x
    )
    colour[:, :3] += 0.85 * lip[:, None] * (_LIP - colour[:, :3])
    colour[:, 3] -= 0.15 * lip
    table["colour"][skin] = colour

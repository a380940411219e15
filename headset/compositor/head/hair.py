"""Hair and shirt: shells over the scalp and the shoulders."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..avatar import Region
from .field import Floats, cast, smoothstep
from .mesh import HalfHead, grid, quads, vertices
from .parts import HAIR_COLOUR
from .skin import COLLAR_Y

# The hairline: azimuth in degrees from the front, and how far up the skull it runs (see _scalp).
_HAIRLINE: Final = (
    (0, 4.2), (16, 4.3), (28, 4.0), (38, 3.0), (46, 1.3), (54, 0.5), (62, 0.0), (68, -1.2),
    (72, -3.3), (80, -3.7), (85, -2.0), (92, -0.4), (104, -0.6), (112, -3.0), (122, -6.6), (145, -8.6),
    (180, -9.2),
)  # fmt: skip
_ROWS: Final = 14
_CROWN: Final = 8.0 * np.pi / 2
_SKULL: Final = np.array([0.0, 2.5, -0.8])

_CLOTH: Final = (0.055, 0.085, 0.125, 0.85)
_HEM_Y: Final = -18.6


def build_hair(half: HalfHead) -> None:
    """Add short hair, combed back from the forehead."""
    azimuth = np.radians(np.concatenate([np.linspace(0, 100, 29), np.linspace(108, 180, 9)]))
    where, climb = (np.array(column) for column in zip(*_HAIRLINE, strict=True))
    line = np.interp(np.degrees(azimuth), where, climb)
    line += (0.16 * np.sin(azimuth * 23.0) + 0.10 * np.sin(azimuth * 47.0)) * np.sin(
        azimuth / 2
    ) ** 0.2
    up = np.linspace(0.0, 1.0, _ROWS + 1)[:-1, None] ** 1.2
    scalp = _scalp(azimuth, line + (_CROWN - line) * up)
    locks = 0.11 * np.sin(azimuth * 17.0 + 3.0 * np.sin(up * 5.0))
    locks = locks + 0.05 * np.sin(azimuth * 37.0 + up * 9.0)
    front = np.clip(np.cos(azimuth), 0.0, 1.0) ** 2
    high = smoothstep(2.0, 7.0, scalp[..., 1])
    thick = (0.35 + 0.75 * high) * smoothstep(-0.02, 0.22, up) + 0.5 * front * smoothstep(
        0.0, 0.3, up
    ) * (1.0 - 0.6 * up)
    grown = thick + locks * smoothstep(0.0, 0.15, up) * (1.0 - smoothstep(0.75, 1.0, up)) * (
        0.5 + 0.5 * high
    )
    grown = np.where(up == 0.0, -0.25, grown)
    away = scalp - _SKULL
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    shell = scalp + away * grown[..., None]
    shell[:, [0, -1], 0] = 0.0
    top = cast(_SKULL[None], np.array([[0.0, 1.0, 0.0]]))
    top[0, 1] += 1.1
    colour = np.array(HAIR_COLOUR) * np.ones((*grown.shape, 1))
    colour[..., :3] *= (1.0 + 2.4 * locks)[..., None]
    ids = half.add(vertices(shell, colour, Region.HAIR, follow=0.0)).reshape(grown.shape)
    pole = half.add(vertices(top, HAIR_COLOUR, Region.HAIR, follow=0.0))
    half.connect(grid(ids))
    half.connect(quads(ids[-1:], np.full_like(ids[-1:], pole[0])))


def _scalp(azimuth: Floats, climb: Floats) -> Floats:
    """Return the skin (..., 3) at an azimuth and a way up the skull, in centimetres.

    Below 0 the way is the height under the skull's centre; above, an arc of radius 8 around it.
    """
    elevation = np.maximum(climb, 0.0) / 8.0
    origin = _SKULL + [0.0, 1.0, 0.0] * np.minimum(climb, 0.0)[..., None]
    out = np.stack(
        [
            np.sin(azimuth) * np.cos(elevation),
            np.sin(elevation),
            np.cos(azimuth) * np.cos(elevation),
        ],
        axis=-1,
    )
    return cast(origin.reshape(-1, 3), out.reshape(-1, 3)).reshape(out.shape)


def build_shirt(half: HalfHead) -> None:
    """Add a collar and shoulders, so that the neck ends in something."""
    azimuth = np.radians(np.linspace(0.0, 180.0, 21))
    out = np.stack([np.sin(azimuth), 0.0 * azimuth, np.cos(azimuth)], axis=-1)
    rows: list[Floats] = []
    for height, proud in (
        (_HEM_Y, 0.1), (_HEM_Y + 0.3, 0.3), (-17.6, 0.35), (-16.9, 0.4),
        (COLLAR_Y - 0.25, 0.45), (COLLAR_Y, 0.3), (COLLAR_Y - 0.2, -0.2),
    ):  # fmt: skip
        # The collar dips in front.
        y = height - 0.9 * np.cos(azimuth) * smoothstep(_HEM_Y, COLLAR_Y, height)
        origin = np.stack([0.0 * y, y, -2.6 * smoothstep(-14.0, -18.0, y)], axis=-1)
        row = cast(origin, out) + proud * out
        row[[0, -1], 0] = 0.0
        rows.append(row)
    under = rows[0] * [0.55, 1.0, 0.55] + [0.0, -0.6, -1.2]
    rows.insert(0, under)
    ids = half.add(vertices(np.stack(rows), _CLOTH, Region.CLOTH, follow=0.0))
    ids = ids.reshape(len(rows), -1)
    base = half.add(vertices(np.array([[0.0, _HEM_Y - 0.8, -2.6]]), _CLOTH, Region.CLOTH))
    half.connect(grid(ids))
    half.connect(quads(np.full_like(ids[:1], base[0]), ids[:1]))

"""Inside the mouth: a sock of lip and cheek lining closed at the throat, teeth and tongue."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..avatar import Region
from .field import MOUTH_HALF_WIDTH, MOUTH_Y, Floats, smoothstep
from .mesh import HalfHead, grid, quads, vertices
from .skin import Skin

_LIP: Final = (0.40, 0.13, 0.115, 0.34)
_LINING: Final = (0.30, 0.075, 0.07, 0.35)
_GUM: Final = (0.50, 0.18, 0.16, 0.30)
_ENAMEL: Final = (0.68, 0.63, 0.54, 0.20)
_TONGUE: Final = (0.45, 0.16, 0.15, 0.34)

# Cross-sections of the cavity from the lips to the throat: half width, height above and below the
# lip line, depth of the middle and of the side, share of the lips' movement.
_SECTIONS: Final = (
    (2.65, 0.75, 0.85, 8.48, 7.35, 0.75),
    (2.95, 1.35, 1.45, 8.00, 6.60, 0.45),
    (3.00, 1.80, 1.75, 6.20, 5.20, 0.15),
    (2.60, 1.60, 1.60, 4.20, 3.90, 0.0),
    (1.40, 0.80, 0.90, 2.90, 2.90, 0.0),
)
_THROAT: Final = np.array([0.0, MOUTH_Y - 0.1, 2.5])

_TEETH: Final = 5
"""Teeth shown on either side of an arch."""
_ARCH_RAD: Final = 1.15
_ARCH_RADIUS: Final = 2.4


def build_mouth(half: HalfHead, skin: Skin) -> None:
    """Add the lining, both rows of teeth and the tongue."""
    _lining(half, skin)
    _teeth(half, MOUTH_Y + 0.75, MOUTH_Y - 0.36, front_z=8.2, jaw=0.0)
    _teeth(half, MOUTH_Y - 1.1, MOUTH_Y - 0.22, front_z=7.92, jaw=1.0)
    _tongue(half)


def _lining(half: HalfHead, skin: Skin) -> None:
    edge = skin.table[skin.mouth]
    at = edge["anchor"]
    around = np.clip(at[:, 0] / MOUTH_HALF_WIDTH, 0.0, 1.0)  # cosine of the angle from the corner
    upward = np.sqrt(1.0 - around**2) * np.where(edge["side"] < 0.0, -1.0, 1.0)
    upward[np.argmax(at[:, 0])] = 0.0

    # The lips' wet inside is still skin and shares its vertices.
    lip_rows = [skin.mouth]
    lip = edge.copy()
    for rise, depth in ((0.06, 0.16), (0.26, 0.34)):
        lip["rest"] = at + np.stack([0.0 * upward, rise * upward, 0.0 * upward - depth], axis=1)
        lip["colour"] = _LIP
        lip_rows.append(half.add(lip.copy()))
    half.connect(grid(np.stack(lip_rows[::-1])))

    # From here on it is another make, which may not share vertices with skin.
    lining = lip.copy()
    lining["region"] = Region.MOUTH
    lining["colour"] = _LINING
    rows = [half.add(lining)]
    cavity_jaw = 0.5 - 0.5 * upward
    for i, (width, up, down, middle, aside, follow) in enumerate(_SECTIONS):
        height = np.where(upward > 0.0, up, down) * upward
        rest = np.stack(
            [width * around, MOUTH_Y + height, middle + (aside - middle) * around**2], axis=1
        )
        depth = min(1.0, (i + 1) / 3.0)
        row = edge.copy()
        row["rest"] = rest
        row["region"] = Region.MOUTH
        shade = 1.0 - 0.14 * i
        row["colour"] = np.array(_LINING) * [shade, shade, shade, 1.0]
        row["follow"] = follow
        row["jaw"] += (cavity_jaw - row["jaw"]) * depth
        row["sealed"] += (cavity_jaw - row["sealed"]) * depth
        rows.append(half.add(row))
    throat = half.add(
        vertices(_THROAT[None], np.array(_LINING) * 0.3, Region.MOUTH, jaw=0.5, sealed=0.5)
    )
    rows.append(np.full(len(edge), throat[0]))
    half.connect(grid(np.stack(rows[::-1])))


def _teeth(half: HalfHead, root_y: float, tip_y: float, *, front_z: float, jaw: float) -> None:
    angle = np.linspace(0.0, _ARCH_RAD, 4 * _TEETH + 1)
    crown = np.abs(np.sin(angle / _ARCH_RAD * _TEETH * np.pi)) ** 0.3  # 0 between two teeth
    rows: list[Floats] = []
    colours: list[Floats] = []
    # Along a tooth from gum to tip and behind: height, bulge, depth of the furrows between.
    for height, bulge, furrow in (
        (-0.45, -0.05, 0.0), (-0.03, 0.05, 0.02), (0.06, 0.10, 0.07), (0.55, 0.13, 0.08),
        (0.93, 0.06, 0.09), (1.0, -0.06, 0.08), (0.9, -0.30, 0.0),
    ):  # fmt: skip
        radius = _ARCH_RADIUS + bulge - furrow * (1.0 - crown)
        drop = height - (0.07 * (1.0 - crown) if height > 0.6 else 0.0)
        rows.append(
            np.stack(
                [
                    np.sin(angle) * radius,
                    root_y + (tip_y - root_y) * drop + 0.0 * angle,
                    front_z - 1.1 * (_ARCH_RADIUS - np.cos(angle) * radius),
                ],
                axis=1,
            )
        )
        colours.append(np.tile(_GUM if height < 0.0 else _ENAMEL, (len(angle), 1)))
    ids = half.add(
        vertices(np.stack(rows), np.stack(colours), Region.TEETH, follow=0.0, jaw=jaw, sealed=jaw)
    ).reshape(len(rows), -1)
    half.connect(grid(ids[::-1] if tip_y < root_y else ids))


def _tongue(half: HalfHead) -> None:
    along = np.array([0.0, 0.2, 0.4, 0.58, 0.72, 0.84, 0.92, 0.97, 0.993])
    turn = np.radians(np.linspace(90.0, -90.0, 10))  # from the top's midline round the edge
    u, a = np.meshgrid(along, turn, indexing="ij")
    width = 1.65 * np.sqrt(np.clip(1.0 - ((u - 0.3) / 0.7) ** 2, 0.0, 1.0))
    thick = 0.62 * np.sqrt(1.0 - u**4)
    groove = 0.14 * np.exp(-((np.cos(a) / 0.22) ** 2)) * (np.sin(a) > 0.0) * (1.0 - u**3)
    rest = np.stack(
        [
            width * np.cos(a),
            MOUTH_Y - 0.72 + 0.50 * u**3 + thick * np.sin(a) * 0.9 - groove,
            3.0 + 4.45 * u,
        ],
        axis=-1,
    )
    rest[:, [0, -1], 0] = 0.0
    tip = np.array([[0.0, MOUTH_Y - 0.22, 3.0 + 4.5]])
    share = smoothstep(0.0, 0.5, u)
    jaw = 0.5 + 0.45 * share
    body = vertices(
        rest, _TONGUE, Region.MOUTH, follow=0.0, jaw=jaw, sealed=jaw, out=smoothstep(0.15, 1.0, u)
    )
    ids = half.add(body).reshape(u.shape)
    end = half.add(vertices(tip, _TONGUE, Region.MOUTH, jaw=0.95, sealed=0.95, out=1.0))
    half.connect(grid(ids[::-1]))
    root = half.add(
        vertices(
            rest[0].mean(axis=0, keepdims=True) * [0.0, 1.0, 1.0],
            _TONGUE,
            Region.MOUTH,
            jaw=0.5,
            sealed=0.5,
        )
    )
    half.connect(quads(np.full_like(ids[-1:], end[0]), ids[-1:]))
    half.connect(quads(ids[:1], np.full_like(ids[:1], root[0])))

"""A headset's shell, drawn on the head to show what it hides."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from .avatar import Avatar, Region
from .head.field import Floats, cast, smoothstep
from .head.mesh import HalfHead, grid, quads, vertices

_M_PER_CM: Final = 0.01

_SHELL: Final = (0.030, 0.032, 0.036, 0.45)
_PANEL: Final = (0.012, 0.013, 0.016, 0.16)
_FOAM: Final = (0.012, 0.012, 0.013, 0.90)
_STRAP: Final = (0.045, 0.047, 0.052, 0.80)
_LENS: Final = (0.006, 0.010, 0.022, 0.05)

_LEVEL_M: Final = 0.02
_FITS: Final = (0.75, 1.35)
"""Of this program's head, in each direction: beyond it a headset would be a helmet or a toy."""

_MIDDLE_Y: Final = 1.0
_HALF_WIDTH: Final = 8.7
_HALF_HEIGHT: Final = 4.3
_NOTCH: Final = 1.5
"""How far the lower edge rises over the nose."""

# From the face to the front: share of the outline, depth of the middle, bend towards the sides.
_SECTIONS: Final = (
    (0.90, 8.6, 0.092, _FOAM), (0.93, 8.6, 0.092, _FOAM), (0.98, 9.1, 0.090, _SHELL),
    (1.0, 9.8, 0.085, _SHELL), (1.0, 11.4, 0.045, _SHELL), (0.985, 12.1, 0.034, _SHELL),
    (0.95, 12.6, 0.028, _SHELL), (0.89, 12.85, 0.026, _SHELL), (0.87, 12.80, 0.026, _PANEL),
    (0.84, 12.86, 0.025, _PANEL), (0.6, 12.98, 0.022, _PANEL), (0.3, 13.05, 0.02, _PANEL),
)  # fmt: skip


def build_visor() -> Avatar:
    """Return a headset that fits the default head: a static mesh in the same space, no targets."""
    half = HalfHead()
    _shell(half)
    _strap(half)
    for x, y in ((4.9, 2.9), (5.6, -0.9)):
        _lens(half, x, y)
    visor = half.whole()
    table = visor.table
    return Avatar(
        positions=(table["rest"] * _M_PER_CM).astype(np.float32),
        triangles=visor.triangles.astype(np.uint32),
        colours=table["colour"].astype(np.float32),
        region=table["region"].copy(),
        targets={},
        eye_centre=np.zeros((2, 3), np.float32),
        eye_radius_m=0.0,
        eye=table["eye"].copy(),
    )


def fitted(visor: Avatar, head: Avatar, other: Avatar) -> Avatar | None:
    """Return a headset that fits one head as it fits another; None on one of other proportions.

    Args:
        visor: Fits `head`.
        head: That it was made for.
        other: That is to wear it.
    """
    here, there = _at_the_eyes(head), _at_the_eyes(other)
    scale = (there[1] - there[0]) / (here[1] - here[0])
    if not ((scale > _FITS[0]) & (scale < _FITS[1])).all():
        return None
    middle = head.eye_centre.mean(axis=0), other.eye_centre.mean(axis=0)
    moved = there[1] - scale * here[1]  # in front it must lie on; to the sides it is even
    moved[:2] = (middle[1] - scale * middle[0])[:2]
    return replace(visor, positions=(visor.positions * scale + moved).astype(np.float32))


def _at_the_eyes(avatar: Avatar) -> tuple[Floats, Floats]:
    """Return two corners (3,) of a head where a headset sits; their heights are a face's own measure."""
    eyes = avatar.eye_centre.mean(axis=0)
    level = np.abs(avatar.positions[:, 1] - eyes[1]) < _LEVEL_M
    if avatar.head is not None:
        level &= avatar.head.share > 0.5
    points = avatar.positions[level] if level.any() else avatar.positions
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    apart = float(np.linalg.norm(avatar.eye_centre[0] - avatar.eye_centre[1]))
    low[1], high[1] = eyes[1] - apart, eyes[1] + apart
    return low, high


def _outline(turn: Floats, share: float) -> tuple[Floats, Floats]:
    """Return x and y of the shell's outline, from the top's midline by the left to the bottom's."""
    power = 2.0 / 3.6  # between an ellipse (1) and a rectangle (0)
    x = _HALF_WIDTH * np.abs(np.cos(turn)) ** power
    y = _HALF_HEIGHT * np.abs(np.sin(turn)) ** power * np.sign(np.sin(turn))
    # The margin between outline and section is the same all round, not in proportion.
    x, y = x * (1.0 - (1.0 - share) * 0.6), y * share
    notch = _NOTCH * np.exp(-((x / 1.7) ** 2)) * smoothstep(0.35, 0.9, share)
    return x, _MIDDLE_Y + y + notch * (y < 0.0) * np.clip(-y / _HALF_HEIGHT, 0.0, 1.0)


def _shell(half: HalfHead) -> None:
    turn = np.radians(90.0 - 180.0 * np.linspace(0.0, 1.0, 37))
    rows: list[Floats] = []
    for share, depth, bend, _ in _SECTIONS:
        x, y = _outline(turn, share)
        x[[0, -1]] = 0.0
        rows.append(np.stack([x, y, depth - bend * x * x], axis=1))
    colours = np.repeat([colour for *_, colour in _SECTIONS], len(turn), axis=0)
    rest = np.stack(rows)
    ids = half.add(vertices(rest, colours.reshape(*rest.shape[:2], 4), Region.HAIR))
    ids = ids.reshape(rest.shape[:2])
    front = half.add(vertices(np.array([[0.0, _MIDDLE_Y, 13.06]]), _PANEL, Region.HAIR))
    half.connect(grid(ids[::-1]))
    half.connect(quads(np.full_like(ids[-1:], front[0]), ids[-1:]))


def _strap(half: HalfHead) -> None:
    azimuth = np.radians(np.linspace(60.0, 180.0, 25))
    out = np.stack([np.sin(azimuth), 0.0 * azimuth, np.cos(azimuth)], axis=1)
    middle = 1.4 + 1.6 * np.sin(np.linspace(0.0, np.pi, len(azimuth)))
    rows: list[Floats] = []
    for rise, proud in (
        (-1.1, 0.6),
        (-1.1, 1.35),
        (-0.9, 1.55),
        (0.9, 1.55),
        (1.1, 1.35),
        (1.1, 0.6),
    ):
        origin = np.stack([0.0 * azimuth, middle + rise, 0.0 * azimuth], axis=1)
        row = cast(origin, out) + proud * out
        row[-1, 0] = 0.0
        rows.append(row)
    ids = half.add(vertices(np.stack(rows), _STRAP, Region.HAIR)).reshape(len(rows), -1)
    half.connect(grid(ids))


def _lens(half: HalfHead, x: float, y: float) -> None:
    turn = np.linspace(0.0, 2.0 * np.pi, 17)[:-1]
    rows = [
        np.stack(
            [
                x + r * np.cos(turn),
                y + r * np.sin(turn),
                12.96 + lift - 0.0235 * (x + r * np.cos(turn)) ** 2,
            ],
            axis=1,
        )
        for r, lift in ((0.62, -0.05), (0.55, 0.10), (0.35, 0.12))
    ]
    ids = half.add(vertices(np.stack(rows), _LENS, Region.HAIR)).reshape(len(rows), -1)
    top = half.add(vertices(np.array([[x, y, 13.10 - 0.0235 * x * x]]), _LENS, Region.HAIR))
    ids = np.concatenate([ids, np.full((1, len(turn)), top[0])])
    half.connect(grid(np.concatenate([ids, ids[:, :1]], axis=1)))

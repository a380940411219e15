"""What sits on the skin: eyeballs, lid margins, lashes, brows, ears."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..avatar import Region
from .field import EYE_CENTRE, EYE_RADIUS, LID_RADIUS, Floats, cast, smoothstep
from .lids import INNER_RADIUS
from .mesh import HalfHead, Indices, grid, vertices
from .skin import Skin

HAIR_COLOUR: Final = (0.060, 0.034, 0.021, 0.45)
"""Its roughness tells hair.glsl that it is long; that of brows and lashes, that it is short."""

_SCLERA: Final = (0.72, 0.70, 0.68, 0.10)
_RIM: Final = (0.46, 0.22, 0.17, 0.34)
_UNDER_LID: Final = (0.42, 0.19, 0.155, 0.34)
_BROW: Final = (0.060, 0.034, 0.021, 0.80)
_LASH: Final = (0.020, 0.013, 0.010, 0.80)
_EAR_SKIN: Final = (0.475, 0.235, 0.165, 0.52)


def build_parts(half: HalfHead, skin: Skin) -> None:
    """Add everything but the mouth's inside and the hair."""
    _eyeball(half)
    for edge, up in ((skin.upper_lid, 1.0), (skin.lower_lid, -1.0)):
        _lid_margin(half, skin, edge, up)
    _lashes(half, skin)
    _brow(half)
    _ear(half)


def _eyeball(half: HalfHead) -> None:
    # A true sphere: no bulge of the cornea can push through a lid. The back is never seen.
    polar = np.radians(np.array([8, 17, 26, 34, 42, 52, 64, 78, 94, 112.0]))[:, None]
    turn = np.linspace(0.0, 2.0 * np.pi, 25)[:-1]
    ring = np.stack(
        [np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar) + 0.0 * turn],
        axis=-1,
    )
    ids = half.add(
        vertices(EYE_CENTRE + EYE_RADIUS * ring, _SCLERA, Region.EYE, eye=0, follow=0.0)
    ).reshape(ring.shape[:2])
    pole = half.add(vertices(EYE_CENTRE[None] + [0.0, 0.0, EYE_RADIUS], _SCLERA, Region.EYE, eye=0))
    ids = np.concatenate([np.full((1, len(turn)), pole[0]), ids])
    half.connect(grid(_closed(ids)[::-1]))


def _lid_margin(half: HalfHead, skin: Skin, edge: Indices, up: float) -> None:
    """Roll the lid's edge in towards the eyeball and on behind the lid."""
    rim = skin.table[edge]
    away = rim["rest"] - EYE_CENTRE
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    rows = [edge]
    inner = np.linalg.norm(rim["rest"] - EYE_CENTRE, axis=1)
    for radius, behind_rad, colour in (
        (0.5 * (INNER_RADIUS + LID_RADIUS), 0.0, _RIM),
        (INNER_RADIUS, 0.03, _RIM),
        (INNER_RADIUS + 0.05, 0.45, _UNDER_LID),
    ):
        cos, sin = np.cos(up * behind_rad), np.sin(up * behind_rad)
        turned = np.stack(
            [away[:, 0], away[:, 1] * cos + away[:, 2] * sin, away[:, 2] * cos - away[:, 1] * sin],
            axis=1,
        )
        row = rim.copy()
        row["rest"] = EYE_CENTRE + turned * np.minimum(inner, radius)[:, None]
        row["colour"] = colour
        row["lid"][:, 0 if up > 0 else 1] = 1.0
        rows.append(half.add(row))
    ids = np.stack(rows)
    half.connect(grid(ids[::-1] if up > 0 else ids))


def _lashes(half: HalfHead, skin: Skin) -> None:
    rim = skin.table[skin.upper_lid]
    away = rim["rest"] - EYE_CENTRE
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    t = np.clip(0.5 + 0.5 * rim["across"], 0.0, 1.0)
    grown = 0.40 * (0.3 + 0.7 * t**0.8) * np.sin(t * np.pi).clip(0.0, 1.0) ** 0.5
    grown = np.maximum(grown, 0.01)[:, None]
    root = rim["rest"] + 0.012 * away
    fan = np.stack([0.35 * t, 0.30 + 0.0 * t, 0.0 * t], axis=1)
    under = root + grown * (0.6 * away + 0.24 * fan - [0.0, 0.12, 0.0])
    rows: list[Indices] = []
    for rest in (root, under, root + grown * (away + fan)):
        row = rim.copy()
        row["rest"] = rest
        row["colour"] = _LASH
        row["region"] = Region.HAIR
        row["lid"][:, 0] = 1.0
        rows.append(half.add(row))
    half.connect(grid(np.stack(rows)))


def _brow(half: HalfHead) -> None:
    t = np.linspace(0.0, 1.0, 18)
    x = 1.30 + 3.95 * t
    y = (
        2.10
        + 0.55 * np.sin(np.clip(t * 1.1, 0.0, 1.0) * np.pi * 0.66)
        - 0.85 * np.clip(t - 0.6, 0.0, 1.0) ** 1.3
    )
    width = 0.40 * (1.0 - 0.85 * smoothstep(0.3, 1.05, t)) * smoothstep(-0.08, 0.16, t)
    rows: list[Floats] = []
    for k, thickness in ((-1.0, -0.05), (-0.45, 0.05), (0.35, 0.06), (1.0, -0.05)):
        height = y + k * width
        out = np.stack([x, 0.0 * x, np.sqrt(81.0 - x * x)], axis=1) / 9.0
        origin = np.stack([0.0 * x, height, 0.0 * x], axis=1)
        rows.append(cast(origin, out) + thickness * out)
    ids = half.add(vertices(np.stack(rows), _BROW, Region.HAIR, follow=1.0)).reshape(4, -1)
    half.connect(grid(ids))


def _ear(half: HalfHead) -> None:
    radial = np.array([0.12, 0.28, 0.42, 0.55, 0.68, 0.8, 0.9, 1.0, 1.06, 0.72])
    last = np.arange(len(radial)) == len(radial) - 1  # turns back into the head
    turn = np.linspace(0.0, 2.0 * np.pi, 25)[:-1]
    r, a = np.meshgrid(radial, turn, indexing="ij")
    back = 1.55 * (1.0 + 0.12 * np.cos(a - 0.9)) * np.cos(a)  # +: towards the back of the head
    high = 2.9 * np.sin(a) * (1.0 - 0.10 * np.cos(a)) * np.where(np.sin(a) < 0.0, 0.82, 1.0)
    helix = 0.50 * smoothstep(0.55, 0.92, r) - 0.30 * smoothstep(0.98, 1.06, r)
    bowl = -0.50 * np.exp(-((r / 0.36) ** 2))
    fold = 0.20 * np.exp(-(((r - 0.62) / 0.10) ** 2)) * (0.5 + 0.5 * np.cos(a - 2.2))
    lobe = smoothstep(-0.55, -0.9, np.sin(a))
    relief = (helix + bowl + fold) * (1.0 - 0.65 * lobe) + 0.12 * lobe
    relief = np.where(last[:, None], -0.9, relief)
    q = np.minimum(r, 1.0)
    out, up, front = relief + 0.05, q * high, -q * back
    flare = np.radians(24.0)
    out, front = (
        out * np.cos(flare) - front * np.sin(flare),
        out * np.sin(flare) + front * np.cos(flare),
    )
    tilt = np.radians(-9.0)
    up, front = up * np.cos(tilt) - front * np.sin(tilt), up * np.sin(tilt) + front * np.cos(tilt)
    rest = 0.92 * np.stack([out, up, front], axis=-1) + [7.2, -1.3, -1.2]
    ids = half.add(vertices(rest, _EAR_SKIN, Region.SKIN, follow=0.0)).reshape(r.shape)
    hollow = half.add(vertices(rest[0].mean(axis=0, keepdims=True), _EAR_SKIN, Region.SKIN))
    ids = np.concatenate([np.full((1, len(turn)), hollow[0]), ids])
    half.connect(grid(_closed(ids)[::-1]))


def _closed(ids: Indices) -> Indices:
    """Return a grid whose columns run all the way round."""
    return np.concatenate([ids, ids[:, :1]], axis=1)

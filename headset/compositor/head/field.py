"""The default head as a signed distance field: what the skin is before it is cut into a mesh.

Smooth unions of some thirty ellipsoids and capsules, lids and lips closed. Lengths here and in the
other `head_…` modules are centimetres (a face is easier to think in them); `build_head` turns them
into metres. +y up, the face looks along +z, the wearer's left is +x. Only the left half is
modelled: the right is its mirror image.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

EYE_CENTRE: Final[Floats] = np.array([3.15, 0.15, 6.45])
"""Centre of the left eyeball."""
EYE_RADIUS: Final = 1.36
"""A human's is 1.2; a little more reads friendlier."""
LID_RADIUS: Final = EYE_RADIUS + 0.16
"""Outside of the closed lid."""
MOUTH_Y: Final = -6.7
"""Height of the line where the lips meet."""
MOUTH_HALF_WIDTH: Final = 2.45

_MIDLINE_SOFTNESS: Final = 0.1
"""|x| is rounded over this length, so that mirrored primitives leave no crease on the midline."""
_OUTSIDE: Final = 30.0
"""Rays start this far from the axis: outside the shoulders."""


def smoothstep(low: ArrayLike, high: ArrayLike, x: ArrayLike) -> Floats:
    """Return 0 below `low`, 1 above `high` and a smooth cubic between them."""
    start = np.asarray(low, dtype=np.float64)
    t = np.clip((np.asarray(x, dtype=np.float64) - start) / (np.asarray(high) - start), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def head_distance(points: Floats) -> Floats:
    """Return the distance (N,) of points (N, 3) to the skin with lids and lips closed, in cm.

    Negative inside. Ellipsoids make it a bound rather than the exact distance.
    """
    p = points.copy()
    p[:, 0] = np.sqrt(p[:, 0] ** 2 + _MIDLINE_SOFTNESS**2) - 0.5 * _MIDLINE_SOFTNESS
    d = _skull(p)
    d = _eye_region(p, d)
    d = _nose(p, d)
    d = _mouth(p, d)
    return _union(d, np.linalg.norm(p - EYE_CENTRE, axis=1) - LID_RADIUS, 0.40)


def cast(origins: Floats, directions: Floats) -> Floats:
    """Return where rays from outside, marched inwards to origins (N, 3), first meet the skin.

    Args:
        origins: Shape (N, 3), inside the head.
        directions: Shape (N, 3), unit vectors pointing outwards.
    """
    reach = np.full(len(origins), _OUTSIDE)
    live = np.arange(len(origins))
    for _ in range(90):
        d = head_distance(origins[live] + directions[live] * reach[live, None])
        # The field is a bound: a shorter step never passes through a thin part.
        reach[live] -= np.clip(d, -0.5, 4.0) * 0.85
        live = live[np.abs(d) > 1e-4]
        if len(live) == 0:
            break
    return origins + directions * reach[:, None]


def settle(points: Floats, *, steps: int = 2) -> Floats:
    """Return points (N, 3) near the skin moved onto it, along the field's gradient."""
    h = 0.01
    for _ in range(steps):
        d = head_distance(points)
        slope = np.stack([head_distance(points + h * axis) - d for axis in np.eye(3)], axis=1) / h
        steep = np.maximum((slope**2).sum(axis=1), 0.2)
        points = points - np.clip(d / steep, -0.15, 0.15)[:, None] * slope
    return points


def _skull(p: Floats) -> Floats:
    soft = p.copy()  # jaw and neck round off the midline: no crease under the chin
    soft[:, 0] = np.hypot(p[:, 0], 1.2) - 0.6
    d = _ellipsoid(p, (0, 2.9, -0.9), (7.35, 8.7, 9.1))  # cranium
    d = _union(d, _ellipsoid(p, (0, -3.0, 2.0), (6.2, 7.5, 6.3)), 2.4)  # midface
    jaw = _capsule(soft, (4.4, -5.6, -0.2), (0.7, -9.1, 5.7), 1.3, 1.6)
    d = _union(d, jaw, 2.6)
    d = _union(d, _ellipsoid(p, (0, -9.45, 6.7), (1.7, 1.35, 1.6)), 1.7)  # chin
    d = _union(d, _capsule(p, (0, -7, -2.3), (0, -21, -3.6), 4.2, 4.5), 2.0)  # neck
    d = _union(d, _capsule(p, (0, -10.3, 2.6), (0, -14.5, -0.2), 1.7, 1.9), 2.6)  # throat
    d = _union(d, _capsule(soft, (2.9, -10, -2.5), (1.0, -19, 0.0), 1.2, 1.1), 2.4)  # its tendons
    shoulders = _capsule(p, (0, -21.6, -3.6), (14.0, -23.6, -4.2), 3.4, 3.0)
    return _union(d, shoulders, 4.5)


def _eye_region(p: Floats, d: Floats) -> Floats:
    d = _union(d, _capsule(p, (0.7, 2.0, 7.85), (4.6, 1.8, 6.0), 0.5, 0.6), 2.0)  # brow ridge
    d = _union(d, _ellipsoid(p, (4.1, -2.5, 5.0), (1.9, 1.5, 1.9)), 2.3)  # cheekbone
    d = _union(d, _ellipsoid(p, (2.9, -5.0, 5.3), (2.2, 2.5, 2.3)), 2.2)  # cheek
    socket = np.linalg.norm((p - np.array([3.15, 0.25, 9.3])) * [0.92, 1.15, 1.0], axis=1) - 1.5
    d = _carve(d, socket, 1.1)
    d = _carve(d, np.linalg.norm(p - np.array([1.5, 0.3, 8.9]), axis=1) - 0.5, 0.7)  # inner corner
    return _union(d, _ellipsoid(p, (2.9, -2.0, 6.1), (1.9, 1.3, 1.5)), 1.2)  # under the eye


def _nose(p: Floats, d: Floats) -> Floats:
    d = _union(d, _capsule(p, (0, 1.2, 8.0), (0, -2.5, 9.3), 0.58, 0.70), 1.0)  # bridge
    d = _union(d, _ellipsoid(p, (0, -3.1, 9.55), (0.88, 0.78, 0.88)), 0.55)  # tip
    d = _union(d, _ellipsoid(p, (1.0, -3.5, 8.85), (0.55, 0.58, 0.8)), 0.42)  # wing
    d = _union(d, _capsule(p, (0, -3.4, 9.45), (0, -4.05, 8.6), 0.38, 0.40), 0.3)  # columella
    return _carve(d, _ellipsoid(p, (0.5, -4.1, 9.1), (0.28, 0.32, 0.46)), 0.16)  # nostril


def _mouth(p: Floats, d: Floats) -> Floats:
    d = _union(d, _ellipsoid(p, (0, -6.5, 6.1), (3.0, 2.4, 2.9)), 1.2)  # muzzle
    x, y, z = p.T
    arch = 8.85 - 0.16 * x * x  # the lips lie on the dental arch
    bow = 0.10 * np.exp(-(((x - 0.55) / 0.35) ** 2)) - 0.06 * np.exp(-((x / 0.25) ** 2))
    full = np.clip(1.0 - (x / (MOUTH_HALF_WIDTH + 0.25)) ** 2, 0.0, 1.0) ** 0.7
    upper_y = MOUTH_Y + 0.40 - 0.03 * x * x + bow
    lower_y = MOUTH_Y - 0.48 + 0.06 * x * x
    beyond = np.maximum(x - MOUTH_HALF_WIDTH + 0.2, 0.0)
    upper = np.sqrt(((y - upper_y) / 0.95) ** 2 + (z - arch + 0.18) ** 2 + beyond**2) - 0.48 * full
    lower = np.sqrt(((y - lower_y) / 0.98) ** 2 + (z - arch + 0.14) ** 2 + beyond**2) - 0.57 * full
    d = _union(d, _union(upper, lower, 0.10), 0.36)
    d = _carve(d, _capsule(p, (0, -4.7, 9.05), (0, -5.6, 9.5), 0.2, 0.28), 0.35)  # philtrum
    return _carve(d, _ellipsoid(p, (0, -8.0, 9.75), (1.5, 0.45, 0.9)), 0.65)  # above the chin


def _union(a: Floats, b: Floats, softness: float) -> Floats:
    h = np.clip(0.5 + 0.5 * (b - a) / softness, 0.0, 1.0)
    return b + (a - b) * h - softness * h * (1.0 - h)


def _carve(d: Floats, tool: Floats, softness: float) -> Floats:
    return -_union(-d, tool, softness)


def _ellipsoid(p: Floats, centre: ArrayLike, radii: ArrayLike) -> Floats:
    radii = np.asarray(radii, dtype=np.float64)
    q = (p - np.asarray(centre)) / radii
    k = np.sqrt((q * q).sum(axis=1))
    return k * (k - 1.0) / np.maximum(np.sqrt(((q / radii) ** 2).sum(axis=1)), 1e-6)


def _capsule(p: Floats, a: ArrayLike, b: ArrayLike, radius_a: float, radius_b: float) -> Floats:
    a = np.asarray(a, dtype=np.float64)
    axis = np.asarray(b, dtype=np.float64) - a
    q = p - a
    h = np.clip(q @ axis / (axis @ axis), 0.0, 1.0)
    away = q - h[:, None] * axis
    return np.sqrt((away * away).sum(axis=1)) - (radius_a + (radius_b - radius_a) * h)

"""The default head: built from formulas alone, so that the first run needs no download."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...names import ARKIT
from ..avatar import Avatar, Target
from .field import EYE_CENTRE, EYE_RADIUS, Floats
from .hair import build_hair, build_shirt
from .mesh import FLIP, HalfHead
from .mouth import build_mouth
from .paint import paint
from .parts import build_parts
from .shapes import Shapes
from .skin import build_skin

_M_PER_CM: Final = 0.01
_SMALLEST_M: Final = 1e-5
"""A target's displacements below 10 micrometres are dropped."""


def build_head() -> Avatar:
    """Return the default head with all 52 ARKit targets; the same every time.

    Some 9,000 vertices, in about a second. Its two halves are exact mirror images, and so are the
    targets of left and right.
    """
    half = HalfHead()
    skin = build_skin(half)
    build_mouth(half, skin)
    build_parts(half, skin)
    build_hair(half)
    build_shirt(half)
    head = half.whole()
    paint(head.table)
    shapes = Shapes(head)
    return Avatar(
        positions=(shapes.neutral * _M_PER_CM).astype(np.float32),
        triangles=head.triangles.astype(np.uint32),
        colours=head.table["colour"].astype(np.float32),
        region=head.table["region"].copy(),
        targets={name: _sparse(shapes.target(name)) for name in ARKIT},
        eye_centre=(np.stack([EYE_CENTRE, EYE_CENTRE * FLIP]) * _M_PER_CM).astype(np.float32),
        eye_radius_m=EYE_RADIUS * _M_PER_CM,
        eye=head.table["eye"].copy(),
    )


def _sparse(move: Floats) -> Target:
    delta = (move * _M_PER_CM).astype(np.float32)
    moved = np.flatnonzero(np.linalg.norm(delta, axis=1) >= _SMALLEST_M)
    return Target(index=moved.astype(np.uint32), delta=delta[moved])

"""What a head is, to the renderer: a mesh with 52 ARKit targets and two eyeballs.

Space as in glTF: metres, +y up, the face looks along +z, so the wearer's left is +x.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]


class Region(IntEnum):
    """What a vertex is made of; the shader shades each its own way."""

    SKIN = 0
    EYE = 1
    TEETH = 2
    MOUTH = 3
    HAIR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One morph target, sparse: displacements (N, 3) in metres of the vertices `index` (N,)."""

    index: NDArray[np.uint32]
    delta: Floats32


@dataclass(frozen=True, slots=True, kw_only=True)
class Avatar:
    """A head.

    Attributes:
        positions: Shape (V, 3), the neutral face, metres.
        triangles: Shape (T, 3), counter-clockwise seen from outside.
        colours: Shape (V, 4), linear albedo rgb and roughness, 0 to 1.
        region: Shape (V,), `Region` as uint8.
        targets: One per ARKit name the avatar knows; a missing name does nothing.
        eye_centre: Shape (2, 3), (left, right), metres.
        eye_radius_m: Radius of both eyeballs.
        eye: Shape (V,), int8: 0 where the vertex is the left eyeball's, 1 the right's, -1 elsewhere.
            Eyeballs are modelled looking straight along +z and turned by the gaze.
    """

    positions: Floats32
    triangles: NDArray[np.uint32]
    colours: Floats32
    region: NDArray[np.uint8]
    targets: dict[str, Target]
    eye_centre: Floats32
    eye_radius_m: float
    eye: NDArray[np.int8]

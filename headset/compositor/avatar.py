"""What a head is, to the renderer: a mesh with 52 ARKit targets and two eyeballs.

Space as in glTF: metres, +y up, the face looks along +z, so the wearer's left is +x.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # what only avatars from files have
    from .avatars.clips import Clips, Look
    from .avatars.material import Material

Floats32 = NDArray[np.float32]


class Region(IntEnum):
    """What a vertex is made of; the shader shades each its own way."""

    SKIN = 0
    EYE = 1
    TEETH = 2
    MOUTH = 3
    HAIR = 4
    CLOTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One morph target, sparse: displacements (N, 3) in metres of the vertices `index` (N,)."""

    index: NDArray[np.uint32]
    delta: Floats32


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Triangles of one material, one after the other.

    Attributes:
        name: Of the mesh, as in the file; may be empty.
        material: Index into `Avatar.materials`.
        first: Its first triangle.
        count: How many it has.
        region: What its names say it is; None for what is no part of a face, or says nothing.
    """

    name: str
    material: int
    first: int
    count: int
    region: Region | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a whole body.

    Attributes:
        pivot_m: Shape (3,), what the head turns about.
        share: Shape (V,), how much of each vertex turns with it, 0 to 1.
        low_m: Shape (3,), corner of the box around what is the head's, at rest.
        high_m: Shape (3,), the other corner.
    """

    pivot_m: Floats32
    share: Floats32
    low_m: Floats32
    high_m: Floats32


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
        parts: Of an avatar from a file, what it is made of; opaque ones first. Empty where all is drawn
            by region and vertex colour. Where a file has textures, `colours` hold them sampled at the
            vertices.
        materials: What `parts` name.
        uv: Shape (2, V, 2), two sets of texture coordinates, v downwards; None where there are none.
        tints: Shape (V, 4), linear, multiplies a material's colour and alpha; None where nothing does.
        normals: Shape (V, 3), unit, as authored at rest (a toon's are not its faces'); or None.
        clips: What the file's shapes and expressions do, and how a face plays them; `targets` are these
            without their rules. None where `targets` are all there is.
        look: How far the eyes turn for a gaze; None where they turn as far as it.
        head: Where the file has a body too.
        notes: What a user should know of it, each a line.
    """

    positions: Floats32
    triangles: NDArray[np.uint32]
    colours: Floats32
    region: NDArray[np.uint8]
    targets: dict[str, Target]
    eye_centre: Floats32
    eye_radius_m: float
    eye: NDArray[np.int8]
    parts: tuple[Part, ...] = ()
    materials: tuple[Material, ...] = ()
    uv: Floats32 | None = None
    tints: Floats32 | None = None
    normals: Floats32 | None = None
    clips: Clips | None = None
    look: Look | None = None
    head: Head | None = None
    notes: tuple[str, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether any of its shapes is known, so that its face follows one; else a note says so."""
        return bool(self.targets) or (self.clips is not None and bool(self.clips.drive.any()))

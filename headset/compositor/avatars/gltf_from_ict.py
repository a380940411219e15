"""Makes a GLB of the ICT FaceKit, a scanned head with shapes under the MIT licence.

Source: github.com/ICT-VGL/ICT-FaceKit, FaceXModel (generic_neutral_mesh.obj and one OBJ a shape; in
centimetres, +y up, the face along +z, `_L` the subject's left); its shapes are ARKit's, two of them
in halves. tongueOut is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from ...names import ARKIT
from ..avatar import Floats32, Target
from .gltf_anatomy import ball_of
from .gltf_write import WrittenMaterial, WrittenMesh, write_glb

Indices = NDArray[np.int64]

_NEUTRAL: Final = "generic_neutral_mesh.obj"
_M_PER_CM: Final = 0.01
_SMALLEST_M: Final = 1e-5
_MOST_BYTES: Final = 32 << 20  # theirs have 3.4 MB
_HALVES: Final = frozenset({"browInnerUp", "cheekPuff"})
_LICENCE: Final = "ICT FaceKit (c) 2020 USC Institute for Creative Technologies, MIT Licence"

_MATERIALS: Final = {
    "M_Face": WrittenMaterial(name="Skin", colour=(0.50, 0.27, 0.19), roughness=0.55),
    "M_BackHead": WrittenMaterial(name="Skin back", colour=(0.50, 0.27, 0.19), roughness=0.55),
    "M_GumsTongue": WrittenMaterial(name="Gums", colour=(0.42, 0.11, 0.10), roughness=0.35),
    "M_Teeth": WrittenMaterial(name="Teeth", colour=(0.74, 0.68, 0.56), roughness=0.3),
    "M_ScleraLeft": WrittenMaterial(name="Sclera left", colour=(0.72, 0.69, 0.66), roughness=0.15),
    "M_ScleraRight": WrittenMaterial(
        name="Sclera right", colour=(0.72, 0.69, 0.66), roughness=0.15
    ),
    "M_IrisLeft": WrittenMaterial(name="Iris left", colour=(0.09, 0.16, 0.18), roughness=0.1),
    "M_IrisRight": WrittenMaterial(name="Iris right", colour=(0.09, 0.16, 0.18), roughness=0.1),
}
"""Theirs to ours. What has none is left out: films over the eyes that only their own shaders see through
(M_EyeBlend, M_EyeOcclusion, M_LacrimalFluid), and sheets that only a texture of theirs cuts into lashes
(M_EyeLashes)."""

_MESHES: Final = {
    "EyeLeft": ("M_ScleraLeft", "M_IrisLeft"),
    "EyeRight": ("M_ScleraRight", "M_IrisRight"),
    "Face": ("M_Face", "M_BackHead", "M_GumsTongue", "M_Teeth"),
}


class _Head(NamedTuple):
    """The kit, in metres.

    Attributes:
        positions: Shape (P, 3).
        uv: Shape (U, 2), v upwards.
        corners: By material, shape (T, 3, 2): of each corner its place in `positions` and in `uv`.
        moves: By ARKit name, shape (P, 3).
    """

    positions: Floats32
    uv: Floats32
    corners: Mapping[str, Indices]
    moves: Mapping[str, Floats32]


def convert(folder: Path, out: Path) -> None:
    """Write the kit's generic head as GLB.

    Args:
        folder: The kit, or its folder FaceXModel.
        out: The file to write.

    Raises:
        HeadsetError: It is not the kit, a file of it is damaged, or `out` cannot be written.
    """
    inner = folder / "FaceXModel"
    head = _read(inner if inner.is_dir() else folder)
    names = list(_MATERIALS)
    meshes = [_mesh(head, name, parts, names) for name, parts in _MESHES.items()]
    write_glb(out, meshes, list(_MATERIALS.values()), copyright_line=_LICENCE)


def _read(folder: Path) -> _Head:
    text = _lines(folder / _NEUTRAL)
    positions = _numbers(text, b"v ", 3, _NEUTRAL)
    uv = _numbers(text, b"vt ", 2, _NEUTRAL)
    moves: dict[str, Floats32] = {}
    for name in ARKIT:
        total = np.zeros_like(positions)
        for stem in files_of(name):
            place = folder / f"{stem}.obj"
            if not place.is_file():
                break
            shape = _numbers(_lines(place), b"v ", 3, place.name)
            if shape.shape != positions.shape:
                raise HeadsetError(f"{place.name}: not the neutral head's vertices: fetch it again")
            total += shape - positions
        else:
            moves[name] = (total * _M_PER_CM).astype(np.float32)
    return _Head(
        positions=(positions * _M_PER_CM).astype(np.float32),
        uv=uv.astype(np.float32),
        corners=_corners(text, len(positions), len(uv)),
        moves=moves,
    )


def files_of(name: str) -> tuple[str, ...]:
    """Return the files, without ending, that add up to an ARKit shape."""
    if name in _HALVES:
        return f"{name}_L", f"{name}_R"
    for side in ("Left", "Right"):
        stem = name.removesuffix(side)
        if stem != name and stem not in {"jaw", "mouth"}:  # there it is a way to go
            return (f"{stem}_{side[0]}",)
    return (name,)


def _lines(path: Path) -> list[bytes]:
    try:
        if not path.is_file():
            raise HeadsetError(f"{path.name}: not in the folder: name that of the ICT FaceKit")
        if path.stat().st_size > _MOST_BYTES:
            raise _damaged(path.name)
        return path.read_bytes().splitlines()
    except OSError as cause:
        raise HeadsetError(
            f"{path.name}: cannot be read ({cause.strerror or cause}): check its rights"
        ) from cause


def _numbers(lines: list[bytes], kind: bytes, width: int, name: str) -> NDArray[np.float64]:
    """Return the vectors (N, width) of an OBJ's lines of a kind."""
    words = b" ".join(line[len(kind) :] for line in lines if line.startswith(kind)).split()
    try:
        values = np.array(words, np.bytes_).astype(np.float64).reshape(-1, width)
    except ValueError as cause:
        raise _damaged(name) from cause
    if not (np.abs(values) < 1e6).all():
        raise _damaged(name)
    return values


def _corners(lines: list[bytes], vertices: int, places: int) -> dict[str, Indices]:
    """Return the triangles (T, 3, 2) of each material; polygons are fans about their first corner."""
    material = ""
    found: dict[str, list[list[list[int]]]] = {}
    try:
        for line in lines:
            if line.startswith(b"usemtl "):
                material = line[7:].decode("ascii", "replace").strip()
            elif line.startswith(b"f "):
                ring = [[int(n) - 1 for n in corner.split(b"/")[:2]] for corner in line[2:].split()]
                fans = found.setdefault(material, [])
                fans += ([ring[0], ring[k], ring[k + 1]] for k in range(1, len(ring) - 1))
        corners = {name: np.array(fans, np.int64).reshape(-1, 3, 2) for name, fans in found.items()}
    except ValueError as cause:
        raise _damaged(_NEUTRAL) from cause
    for triangles in corners.values():
        if not ((triangles >= 0) & (triangles < (vertices, places))).all():
            raise _damaged(_NEUTRAL)
    return corners


def _mesh(head: _Head, name: str, parts: tuple[str, ...], names: list[str]) -> WrittenMesh:
    """Return the triangles of some materials, a vertex for each place of both lists that they use."""
    given = [(part, head.corners[part]) for part in parts if part in head.corners]
    if not given:
        raise HeadsetError(f"{_NEUTRAL}: no {parts[0]} in it: fetch the whole ICT FaceKit")
    corners = np.concatenate([triangles.reshape(-1, 2) for _, triangles in given])
    used, number = np.unique(corners, axis=0, return_inverse=True)
    ends = np.cumsum([triangles.size // 2 for _, triangles in given])
    triangles = np.split(number.reshape(-1).astype(np.uint32), ends[:-1])
    positions = head.positions[used[:, 0]]
    ball = ball_of(positions) if name.startswith("Eye") else None
    pivot = np.zeros(3, np.float32) if ball is None else ball[0]
    targets: dict[str, Target] = {}
    for shape, move in head.moves.items() if ball is None else ():
        delta = move[used[:, 0]]
        moved = np.flatnonzero(np.linalg.norm(delta, axis=1) >= _SMALLEST_M)
        targets[shape] = Target(index=moved.astype(np.uint32), delta=delta[moved])
    x, y, z = pivot.tolist()
    return WrittenMesh(
        name=name,
        positions=positions - pivot,
        uv=_downwards(head.uv[used[:, 1]]),
        triangles={
            names.index(part): corners.reshape(-1, 3)
            for (part, _), corners in zip(given, triangles, strict=True)
        },
        targets=targets,
        pivot=(x, y, z),
    )


def _downwards(uv: Floats32) -> Floats32:
    return np.column_stack([uv[:, 0], 1.0 - uv[:, 1]])


def _damaged(name: str) -> HeadsetError:
    return HeadsetError(f"{name}: damaged: fetch the ICT FaceKit again")

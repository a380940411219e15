"""Writes a face as GLB: meshes, plain materials, morph targets as sparse accessors.

What it writes passes the Khronos validator without error or warning.

Source: Khronos glTF 2.0; the names of targets in `extras.targetNames`, as every tool reads them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from ...files import replacing
from ..avatar import Floats32, Target

_BYTE, _SHORT, _INT, _FLOAT = 5121, 5123, 5125, 5126
_VERTICES, _INDICES = 34962, 34963  # what a view is for
_NOT_A_MEASURE: Final = "cannot be written: positions or displacements that are no number"

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenMaterial:
    """A plain surface: linear base colour rgb, roughness 0 to 1, and whether its back is seen."""

    name: str
    colour: tuple[float, float, float]
    roughness: float
    double_sided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenMesh:
    """One mesh, at its own node.

    Attributes:
        name: Of mesh and node.
        positions: Shape (V, 3), metres, about `pivot`.
        uv: Shape (V, 2), v downwards; or None.
        triangles: By index of the material, shape (T, 3) each.
        targets: By name.
        pivot: Where the node stands: what an eye turns about.
    """

    name: str
    positions: Floats32
    triangles: Mapping[int, NDArray[np.uint32]]
    uv: Floats32 | None = None
    targets: Mapping[str, Target] = field(default_factory=dict[str, Target])
    pivot: tuple[float, float, float] = (0.0, 0.0, 0.0)


def write_glb(
    path: Path,
    meshes: Sequence[WrittenMesh],
    materials: Sequence[WrittenMaterial],
    *,
    copyright_line: str = "",
) -> None:
    """Write meshes to a file; an existing one is replaced.

    Args:
        path: Where to.
        meshes: What, each with at least one triangle.
        materials: What their triangles name.
        copyright_line: Who made it and under which licence.

    Raises:
        HeadsetError: The file cannot be written, or what is given is no measure.
    """
    for mesh in meshes:
        if not all(
            np.isfinite(a).all()
            for a in (mesh.positions, *(t.delta for t in mesh.targets.values()))
        ):
            raise HeadsetError(f"{path.name}: {_NOT_A_MEASURE}: look at {mesh.name}")
    writer = _Writer()
    made = [writer.mesh(mesh) for mesh in meshes]
    asset = {"version": "2.0", "generator": "unvisor"}
    tree: Json = {
        "asset": asset | ({"copyright": copyright_line} if copyright_line else {}),
        "scene": 0,
        "scenes": [{"nodes": list(range(len(meshes)))}],
        "nodes": [_node(number, mesh) for number, mesh in enumerate(meshes)],
        "meshes": made,
        "materials": [_material(material) for material in materials],
        "accessors": writer.accessors,
        "bufferViews": writer.views,
        "buffers": [{"byteLength": len(writer.content)}],
    }
    text = msgspec.json.encode(tree)
    text += b" " * (-len(text) % 4)
    content = bytes(writer.content) + b"\0" * (-len(writer.content) % 4)
    length = 12 + 8 + len(text) + 8 + len(content)
    with replacing(path, HeadsetError) as draft, draft.open("wb") as stream:
        stream.write(struct.pack("<4sII", b"glTF", 2, length))
        stream.write(struct.pack("<I4s", len(text), b"JSON") + text)
        stream.write(struct.pack("<I4s", len(content), b"BIN\0") + content)


def _node(number: int, mesh: WrittenMesh) -> Json:
    node: Json = {"name": mesh.name, "mesh": number}
    return node | ({"translation": list(mesh.pivot)} if any(mesh.pivot) else {})


def _material(material: WrittenMaterial) -> Json:
    made: Json = {
        "name": material.name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*material.colour, 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": material.roughness,
        },
    }
    return made | ({"doubleSided": True} if material.double_sided else {})


class _Writer:
    """Arrays to accessors, one buffer."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[Json] = []
        self.accessors: list[Json] = []

    def mesh(self, mesh: WrittenMesh) -> Json:
        attributes = {"POSITION": self._vectors(mesh.positions, bounds=True)}
        every = np.concatenate([*mesh.triangles.values()])
        attributes["NORMAL"] = self._vectors(_normals(mesh.positions, every))
        if mesh.uv is not None:
            attributes["TEXCOORD_0"] = self._vectors(mesh.uv)
        targets = [{"POSITION": self._moves(t, len(mesh.positions))} for t in mesh.targets.values()]
        made: Json = {
            "name": mesh.name,
            "primitives": [
                {
                    "attributes": attributes,
                    "indices": self._corners(triangles),
                    "material": material,
                }
                | ({"targets": targets} if targets else {})
                for material, triangles in mesh.triangles.items()
            ],
        }
        if targets:
            made["weights"] = [0.0] * len(targets)
            made["extras"] = {"targetNames": list(mesh.targets)}
        return made

    def _vectors(self, values: Floats32, *, bounds: bool = False) -> int:
        found = np.ascontiguousarray(values, np.float32)
        accessor: Json = {
            "bufferView": self._view(found, _VERTICES),
            "componentType": _FLOAT,
            "count": len(found),
            "type": f"VEC{found.shape[1]}",
        }
        return self._add(accessor | (_bounds(found) if bounds else {}))

    def _corners(self, triangles: NDArray[np.uint32]) -> int:
        short = int(triangles.max()) < 0xFFFF
        corners = triangles.reshape(-1).astype(np.uint16 if short else np.uint32)
        return self._add(
            {
                "bufferView": self._view(corners, _INDICES),
                "componentType": _SHORT if short else _INT,
                "count": corners.size,
                "type": "SCALAR",
            }
        )

    def _moves(self, target: Target, count: int) -> int:
        order = np.argsort(target.index)
        index = target.index[order].astype(np.uint32)
        delta = np.ascontiguousarray(target.delta[order], np.float32)
        ends = np.concatenate([delta, np.zeros((int(len(delta) < count), 3), np.float32)])
        accessor: Json = {"componentType": _FLOAT, "count": count, "type": "VEC3"} | _bounds(ends)
        if index.size:
            accessor["sparse"] = {
                "count": index.size,
                "indices": {"bufferView": self._view(index), "componentType": _INT},
                "values": {"bufferView": self._view(delta)},
            }
        return self._add(accessor)

    def _view(self, values: NDArray[np.generic], target: int | None = None) -> int:
        self.content += b"\0" * (-len(self.content) % 4)
        view: Json = {
            "buffer": 0,
            "byteOffset": len(self.content),
            "byteLength": values.nbytes,
        }
        self.views.append(view | ({} if target is None else {"target": target}))
        self.content += values.tobytes()
        return len(self.views) - 1

    def _add(self, accessor: Json) -> int:
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _bounds(values: Floats32) -> Json:
    return {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}


def _normals(positions: Floats32, triangles: NDArray[np.uint32]) -> Floats32:
    """Return unit normals (V, 3), faces weighed by area; +z where a vertex has none."""
    a, b, c = (positions[triangles[:, corner]].astype(np.float64) for corner in range(3))
    faces = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    corner = triangles.reshape(-1)
    sums = np.stack(
        [np.bincount(corner, faces[:, axis], len(positions)) for axis in range(3)], axis=-1
    )
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(length > 0, sums / np.where(length > 0, length, 1.0), (0, 0, 1)).astype(
        np.float32
    )

"""What drawing is measured on: the default head made finer, the same as a file, and files that harm."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...headset.compositor.avatar import Avatar, Region, Target
from ...headset.compositor.avatars.gltf_write import WrittenMaterial, WrittenMesh, write_glb

Edges = NDArray[np.uint32]


def finer(avatar: Avatar, vertices: int) -> Avatar:
    """Return an avatar with so many vertices, its longest edges cut in half; else as it was.

    Args:
        avatar: Without parts, as the default head is; with fewer vertices.
        vertices: How many it shall have.
    """
    while (missing := vertices - len(avatar.positions)) > 0:
        avatar = _cut(avatar, missing)
    return avatar


def _cut(avatar: Avatar, most: int) -> Avatar:
    """Cut edges in half, no two of one triangle, the longest first, at most so many."""
    triangles = avatar.triangles
    edge_of, edges = _edges(triangles)
    lengths = np.linalg.norm(avatar.positions[edges[:, 0]] - avatar.positions[edges[:, 1]], axis=1)
    sides_of: list[list[int]] = edge_of.tolist()
    around: list[list[int]] = [[] for _ in range(len(edges))]
    for triangle, sides in enumerate(sides_of):
        for side in sides:
            around[side].append(triangle)
    whole, cut = [True] * len(triangles), list[int]()
    middle: dict[int, int] = {}
    longest: list[int] = np.argsort(-lengths).tolist()
    for edge in longest:
        if len(cut) == most:
            break
        if all(whole[triangle] for triangle in around[edge]):
            middle[edge] = len(avatar.positions) + len(cut)
            cut.append(edge)
            for triangle in around[edge]:
                whole[triangle] = False
    made: list[tuple[int, int, int]] = []
    for corners, sides in zip(triangles.tolist(), sides_of, strict=True):
        side = next((k for k in range(3) if sides[k] in middle), None)
        if side is None:
            made.append(corners)
            continue
        a, b, c = (corners[(side + k) % 3] for k in range(3))
        new = middle[sides[side]]
        made += [(a, new, c), (new, b, c)]
    return _joined(avatar, edges[cut], np.array(made, np.uint32))


def _edges(triangles: NDArray[np.uint32]) -> tuple[NDArray[np.intp], Edges]:
    """Return which edge each side is (T, 3), from a corner to the next; and the edges' ends (E, 2)."""
    sides = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2)
    ends, number = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True)
    return number.reshape(-1, 3), ends


def _joined(avatar: Avatar, ends: Edges, triangles: NDArray[np.uint32]) -> Avatar:
    """Return an avatar with a vertex amid each pair of ends (N, 2), and these triangles."""
    first, second = ends.T

    def between(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate([values, (values[first] + values[second]) / 2]).astype(np.float32)

    targets: dict[str, Target] = {}
    for name, target in avatar.targets.items():
        moves = np.zeros_like(avatar.positions)
        moves[target.index] = target.delta
        moves = between(moves)
        index = np.flatnonzero(moves.any(axis=1))
        targets[name] = Target(index=index.astype(np.uint32), delta=moves[index])
    return replace(
        avatar,
        positions=between(avatar.positions),
        triangles=triangles,
        colours=between(avatar.colours),
        region=np.concatenate([avatar.region, avatar.region[first]]),
        eye=np.concatenate([avatar.eye, avatar.eye[first]]),
        targets=targets,
    )


def write(path: Path, avatar: Avatar) -> None:
    """Write an avatar without parts as one mesh of a GLB, a material for each region.

    Raises:
        HeadsetError: The file cannot be written.
    """
    region = avatar.region[avatar.triangles[:, 0]]
    written = [kind for kind in Region if (region == kind).any()]
    mesh = WrittenMesh(
        name="head",
        positions=avatar.positions,
        triangles={number: avatar.triangles[region == kind] for number, kind in enumerate(written)},
        targets=avatar.targets,
    )
    write_glb(
        path,
        [mesh],
        [
            WrittenMaterial(name=kind.name.lower(), colour=(0.6, 0.5, 0.4), roughness=0.5)
            for kind in written
        ],
    )


_POINTS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4")


def harmful() -> Iterator[tuple[str, bytes]]:
    """Yield (what is wrong, a GLB that is so) for each way a file can do harm that readers meet."""
    yield "a view beyond its buffer", _glb(view={"byteOffset": 2**31})
    yield "an accessor beyond its view", _glb(accessor={"byteOffset": 1_000_000})
    yield "a billion vertices", _glb(accessor={"count": 10**9})
    yield "a billion of nothing", _glb(accessor={"count": 10**9, "bufferView": None})
    sparse = {"count": 10**9, "indices": {"bufferView": 0, "componentType": 5125}}
    yield "a billion sparse", _glb(accessor={"sparse": {**sparse, "values": {"bufferView": 0}}})
    yield "a node that holds itself", _glb(nodes=[{"mesh": 0, "children": [0]}])
    yield "nodes in a ring", _glb(nodes=({"children": [1]}, {"mesh": 0, "children": [0]}))
    yield "a mesh that is not there", _glb(nodes=[{"mesh": 7}])
    yield "a place that is no number", _glb(points=np.full_like(_POINTS, np.nan))
    yield "a place without end", _glb(points=np.full_like(_POINTS, np.inf))
    yield (
        "a hundred thousand nodes deep",
        _glb(nodes=[{"children": [k + 1]} for k in range(100_000)] + [{"mesh": 0}]),
    )
    yield "brackets without end", _chunks(b"[" * 1_000_000, b"")
    yield "a length that lies", _glb()[:-20]


def _glb(
    *,
    accessor: dict[str, object] | None = None,
    view: dict[str, object] | None = None,
    nodes: Sequence[Mapping[str, object]] = ({"mesh": 0},),
    points: NDArray[np.floating] = _POINTS,
) -> bytes:
    """Return a triangle, with these fields of its file replaced; None leaves one out."""
    content = points.tobytes()
    fields = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}
    fields |= {"min": [0, 0, 0], "max": [1, 1, 0]} | (accessor or {})
    views = {"buffer": 0, "byteOffset": 0, "byteLength": len(content)} | (view or {})
    tree = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{name: field for name, field in fields.items() if field is not None}],
        "bufferViews": [views],
        "buffers": [{"byteLength": len(content)}],
    }
    return _chunks(msgspec.json.encode(tree), content)


def _chunks(text: bytes, content: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    content += b"\0" * (-len(content) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(content))
    body = struct.pack("<I4s", len(text), b"JSON") + text
    return head + body + struct.pack("<I4s", len(content), b"BIN\0") + content

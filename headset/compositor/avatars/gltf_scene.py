"""A glTF scene laid out: every primitive in one space, skins in the pose of the file, targets with it.

Source: Khronos glTF 2.0, 3.7.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..avatar import Floats32, Target
from .gltf_accessor import Accessors, Indices
from .gltf_container import damaged, excessive
from .gltf_nodes import Nodes
from .gltf_schema import Gltf, Mesh, MeshExtras, Primitive
from .gltf_skin import Carried, carried

MOST_VERTICES: Final = 400_000
MOST_TRIANGLES: Final = 1_000_000
_MOST_PIECES: Final = 512
_MOST_TARGETS: Final = 16_384
_MOST_READ: Final = 8_000_000
"""What a scene may come to, all instances counted; the heaviest avatars people wear have a fifth."""

_LIST, _STRIP, _FAN = 4, 5, 6


class Piece(NamedTuple):
    """One primitive where it stands; only vertices that its triangles use.

    Attributes:
        node: Which node shows it.
        mesh: Its mesh's name; may be empty.
        material: Index of its material; one past the last where it names none.
        positions: Shape (V, 3), scene space.
        normals: Shape (V, 3), unit; None where the file has none.
        uv: Shape (2, V, 2), two sets; zeros where the file has none.
        colours: Shape (V, 4), linear; None where the file has none.
        triangles: Shape (T, 3), counter-clockwise seen from outside.
        carried: By which nodes.
        targets: By number, those that move something here, in scene space; vertices rising.
        names: Of all its targets.
    """

    node: int
    mesh: str
    material: int
    positions: Floats32
    normals: Floats32 | None
    uv: Floats32
    colours: Floats32 | None
    triangles: Indices
    carried: Carried
    targets: dict[int, Target]
    names: tuple[str, ...]


def pieces_of(tree: Gltf, accessors: Accessors, nodes: Nodes) -> list[Piece]:
    """Return all triangles the scene shows, primitive by primitive.

    Raises:
        HeadsetError: The file contradicts itself, or is larger than any avatar.
    """
    pieces: list[Piece] = []
    vertices = triangles = targets = read = 0
    for number in np.flatnonzero(nodes.shown).tolist():
        place = tree.nodes[number].mesh
        if place is None:
            continue
        if place >= len(tree.meshes):
            raise damaged(f"meshes[{place}], which does not exist")
        for primitive in tree.meshes[place].primitives:
            if primitive.mode not in {_LIST, _STRIP, _FAN}:
                continue  # points and lines are no part of a face
            targets += len(primitive.targets)
            read += sum(map(accessors.count, _read(primitive)))
            if len(pieces) >= _MOST_PIECES or targets > _MOST_TARGETS or read > _MOST_READ:
                raise excessive(f"{len(pieces)} parts, {targets} targets, {read} corners")
            piece = _piece(tree, accessors, nodes, number, tree.meshes[place], primitive)
            if piece is None:
                continue
            vertices += len(piece.positions)
            triangles += len(piece.triangles)
            if vertices > MOST_VERTICES or triangles > MOST_TRIANGLES:
                raise excessive(f"{vertices} vertices, {triangles} triangles")
            pieces.append(piece)
    return pieces


def _read(primitive: Primitive) -> list[int]:
    """Return the accessors that cost time for each primitive, shared or not."""
    found = primitive.attributes.get("POSITION"), primitive.indices
    return [number for number in found if number is not None]


def _piece(
    tree: Gltf, accessors: Accessors, nodes: Nodes, number: int, mesh: Mesh, primitive: Primitive
) -> Piece | None:
    """Return a primitive where it stands; None where it has no triangle with an inside."""
    given = primitive.attributes
    if "POSITION" not in given:
        raise damaged(f"meshes[{tree.nodes[number].mesh}] without positions")
    count = accessors.count(given["POSITION"])
    if count > MOST_VERTICES:
        raise excessive(f"{count} vertices")
    # Primitives often share one long list of vertices: each keeps those that it uses.
    corners = _corners(accessors, primitive, count)
    if not corners.size:
        return None
    place = np.full(count, -1, np.int64)
    place[corners] = 0
    used = np.flatnonzero(place == 0)
    place[used] = np.arange(used.size)
    triangles = place[corners].reshape(-1, 3).astype(np.uint32)
    by = carried(tree, accessors, nodes, number, given, used, count)
    material = len(tree.materials) if primitive.material is None else primitive.material
    if material > len(tree.materials):
        raise damaged(f"materials[{material}], which does not exist")

    def attribute(name: str, kind: str) -> Floats32 | None:
        if name not in given:
            return None
        accessors.expect(given[name], count)
        return accessors.floats(given[name], kind)[used]

    uv = np.zeros((2, used.size, 2), np.float32)
    for layer in range(2):
        found = attribute(f"TEXCOORD_{layer}", "VEC2")
        if found is not None:
            uv[layer] = found
    normals = attribute("NORMAL", "VEC3")
    colours = None
    if "COLOR_0" in given:
        accessors.expect(given["COLOR_0"], count)
        colours = accessors.colours(given["COLOR_0"])[used]
    return Piece(
        node=number,
        mesh=mesh.name or "",
        material=material,
        positions=by.points(accessors.floats(given["POSITION"], "VEC3")[used]),
        normals=None if normals is None else by.normals(normals),
        uv=uv,
        colours=colours,
        triangles=np.ascontiguousarray(triangles[:, ::-1] if by.mirrored() else triangles),
        carried=by,
        targets=_targets(accessors, primitive, by, place),
        names=_names(mesh, primitive),
    )


def _corners(accessors: Accessors, primitive: Primitive, count: int) -> NDArray[np.int64]:
    """Return the corners (3 T,) of a primitive's triangles that have an inside."""
    if primitive.indices is None:
        corners = np.arange(count)
    else:
        corners = accessors.wholes(primitive.indices, "SCALAR")[:, 0].astype(np.int64)
        if corners.max(initial=0) >= count:
            raise damaged(
                f"accessors[{primitive.indices}], which names vertices that are not there"
            )
    if corners.size > 3 * MOST_TRIANGLES or (
        primitive.mode != _LIST and corners.size > MOST_TRIANGLES
    ):
        raise excessive(f"a mesh of {corners.size} corners")
    if primitive.mode == _LIST:
        triangles = corners[: corners.size // 3 * 3].reshape(-1, 3)
    else:
        first = np.arange(max(corners.size - 2, 0))
        if primitive.mode == _STRIP:
            odd = first % 2
            order = np.stack([first, first + 1 + odd, first + 2 - odd], axis=1)
        else:
            order = np.stack([first + 1, first + 2, np.zeros_like(first)], axis=1)
        triangles = corners[order]
    a, b, c = triangles.T
    return triangles[(a != b) & (b != c) & (c != a)].reshape(-1)


def _targets(
    accessors: Accessors,
    primitive: Primitive,
    by: Carried,
    place: NDArray[np.int64],
) -> dict[int, Target]:
    """Return the targets of a primitive; its vertex v has become `place[v]`, -1 where not used."""
    targets: dict[int, Target] = {}
    for number, attributes in enumerate(primitive.targets):
        if "POSITION" not in attributes:
            continue
        accessors.expect(attributes["POSITION"], len(place))
        found = accessors.moves(attributes["POSITION"])
        here = place[found.index]
        kept = here >= 0
        if kept.any():
            index = here[kept].astype(np.uint32)
            accessors.spend(index.size)
            targets[number] = Target(index=index, delta=by.moves(found.delta[kept], index))
    return targets


def _names(mesh: Mesh, primitive: Primitive) -> tuple[str, ...]:
    """Return the targets' names, from where exporters put them; numbers where they put none."""
    count = len(primitive.targets)
    for extras in (mesh.extras, primitive.extras):
        try:
            found = msgspec.json.decode(extras, type=MeshExtras).target_names
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue  # extras are free to hold anything
        if len(found) >= count > 0:
            return found[:count]
    return tuple(f"target {number}" for number in range(count))

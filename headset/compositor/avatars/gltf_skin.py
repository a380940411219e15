"""What carries a mesh's vertices: its node, or a skin's joints, in the pose the file holds.

Source: Khronos glTF 2.0, 3.7.3: a skinned mesh lies where its joints put it, whatever its own node says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..avatar import Floats32
from .gltf_accessor import Accessors
from .gltf_container import damaged, excessive
from .gltf_nodes import Nodes
from .gltf_schema import Gltf

_MOST_JOINTS: Final = 4096


class Carried(NamedTuple):
    """The carriers of V vertices.

    Attributes:
        nodes: Shape (V, K), or (1, 1) where one node carries all.
        shares: The same shape; a row adds up to 1.
        matrix: Shape (V, 3, 4) or (1, 3, 4): from the mesh's space to the scene's.
    """

    nodes: NDArray[np.intp]
    shares: Floats32
    matrix: Floats32

    def points(self, positions: Floats32) -> Floats32:
        """Return positions (V, 3) in the scene."""
        return self.moves(positions, slice(None)) + self.matrix[:, :, 3]

    def moves(self, delta: Floats32, index: NDArray[np.integer] | slice) -> Floats32:
        """Return displacements (E, 3) of the vertices `index`, in the scene."""
        turn = self.matrix[:, :, :3]
        if len(turn) == 1:
            return delta @ turn[0].T
        return np.einsum("vij,vj->vi", turn[index], delta)

    def normals(self, normals: Floats32) -> Floats32:
        """Return unit normals (V, 3) in the scene; +z where one is lost."""
        turn = self.matrix[:, :, :3].astype(np.float64)
        # Cofactors are the inverse transposed, by the determinant: they exist for flat matrices too.
        cofactors = np.stack([np.cross(turn[:, i - 2], turn[:, i - 1]) for i in range(3)], axis=1)
        sign = np.where((cofactors[:, 0] * turn[:, 0]).sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
        turned = np.einsum("vij,vj->vi", cofactors, normals) * sign
        lengths = np.linalg.norm(turned, axis=1, keepdims=True)
        unit = np.where(lengths > 0, turned / np.maximum(lengths, 1e-30), (0.0, 0.0, 1.0))
        return unit.astype(np.float32)

    def mirrored(self) -> bool:
        """Whether the mesh is turned inside out on its way."""
        return bool(np.linalg.det(self.matrix[0, :, :3].astype(np.float64)) < 0)

    def share_of(self, among: NDArray[np.bool_], count: int) -> Floats32:
        """Return how much (V,) of each vertex the nodes that `among` (N,) marks carry."""
        return np.broadcast_to((self.shares * among[self.nodes]).sum(axis=1), (count,))


def carried(
    tree: Gltf,
    accessors: Accessors,
    nodes: Nodes,
    number: int,
    attributes: Mapping[str, int],
    used: NDArray[np.integer],
    count: int,
) -> Carried:
    """Return what carries the vertices `used` of the `count` of a primitive that a node shows.

    Raises:
        HeadsetError: The skin contradicts itself.
    """
    skin = tree.nodes[number].skin
    if skin is None or "JOINTS_0" not in attributes:
        matrix = nodes.world[number, None, :3].astype(np.float32)
        return Carried(np.array([[number]]), np.ones((1, 1), np.float32), matrix)
    if skin >= len(tree.skins):
        raise damaged(f"skins[{skin}], which does not exist")
    joints = np.array(tree.skins[skin].joints[: _MOST_JOINTS + 1], np.intp)
    if joints.size > _MOST_JOINTS:
        raise excessive(f"skins[{skin}] of {_MOST_JOINTS} joints")
    if not joints.size or joints.max() >= len(nodes.shown) or not nodes.shown[joints].all():
        raise damaged(f"skins[{skin}], whose joints are not in the scene")
    binds = tree.skins[skin].inverse_bind_matrices
    inverse = np.broadcast_to(np.eye(4), (joints.size, 4, 4))
    if binds is not None:
        if accessors.count(binds) > _MOST_JOINTS:
            raise excessive(f"skins[{skin}] of {_MOST_JOINTS} joints")
        inverse = accessors.floats(binds, "MAT4").reshape(-1, 4, 4).transpose(0, 2, 1)
        if len(inverse) < joints.size:
            raise damaged(f"skins[{skin}], with fewer matrices than joints")
    moved = nodes.world[joints] @ inverse[: joints.size]
    which, shares = _weighed(accessors, attributes, used, count)
    if which.max(initial=0) >= joints.size:
        raise damaged(f"skins[{skin}], of which a vertex names a joint too many")
    matrix = np.zeros((len(used), 3, 4), np.float32)
    for k in range(which.shape[1]):
        matrix += shares[:, k, None, None] * moved[which[:, k], :3].astype(np.float32)
    return Carried(joints[which], shares, matrix)


def _weighed(
    accessors: Accessors,
    attributes: Mapping[str, int],
    used: NDArray[np.integer],
    count: int,
) -> tuple[NDArray[np.intp], Floats32]:
    """Return joints (V, K), as the skin counts them, and their shares; K is 4 or 8."""
    which: list[NDArray[np.intp]] = []
    shares: list[Floats32] = []
    for layer in range(2):
        joints, weights = attributes.get(f"JOINTS_{layer}"), attributes.get(f"WEIGHTS_{layer}")
        if joints is None or weights is None:
            break
        accessors.expect(joints, count)
        accessors.expect(weights, count)
        found = accessors.wholes(joints, "VEC4"), accessors.floats(weights, "VEC4")
        which.append(found[0][used].astype(np.intp))
        shares.append(np.maximum(found[1][used], 0.0))
    if not which:
        raise damaged("a skinned mesh without weights")
    weights = np.concatenate(shares, axis=1)
    total = weights.sum(axis=1, keepdims=True)
    weights[:, 0] += total[:, 0] <= 0  # of none at all, the first joint's
    weights /= np.where(total > 0, total, np.float32(1.0))
    return np.concatenate(which, axis=1), weights

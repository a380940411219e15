"""Where a glTF scene's nodes stand.

Source: Khronos glTF 2.0, 3.5.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .gltf_container import damaged
from .gltf_schema import Gltf, Node

Matrices = NDArray[np.float64]


class Nodes(NamedTuple):
    """The nodes of a file.

    Attributes:
        world: Shape (N, 4, 4), scene space; NaN for nodes the scene does not show.
        parent: Shape (N,), -1 for roots.
        shown: Shape (N,), whether the scene shows it.
        order: Those shown, parents before children.
    """

    world: Matrices
    parent: NDArray[np.intp]
    shown: NDArray[np.bool_]
    order: list[int]

    def below(self, number: int) -> NDArray[np.bool_]:
        """Return which nodes (N,) are this one or descend from it."""
        found = np.zeros(len(self.parent), np.bool_)
        found[number] = True
        for node in self.order:
            above = self.parent[node]
            found[node] |= above >= 0 and found[above]
        return found


def placed(tree: Gltf, root: Matrices) -> Nodes:
    """Return where each node stands, from the scene's roots down.

    Args:
        tree: The file.
        root: Shape (4, 4), from the file's space to the scene's.

    Raises:
        HeadsetError: The nodes are not a tree, or lie beyond all measure.
    """
    count = len(tree.nodes)
    parent = np.full(count, -1, np.intp)
    for number, node in enumerate(tree.nodes):
        for child in node.children:
            if child >= count or parent[child] >= 0:
                raise damaged(f"nodes[{number}], whose children are not a tree")
            parent[child] = number
    world = np.full((count, 4, 4), np.nan)
    shown = np.zeros(count, np.bool_)
    order: list[int] = []
    waiting = _roots(tree, parent)
    while waiting:
        number = waiting.pop()
        if shown[number]:
            raise damaged(f"nodes[{number}], which the scene shows twice")
        shown[number] = True
        order.append(number)
        above = parent[number]
        world[number] = (world[above] if above >= 0 else root) @ _local(tree.nodes[number])
        waiting.extend(tree.nodes[number].children)
    if not (np.abs(world[shown]) < 1e9).all():
        raise damaged("nodes that stand beyond all measure")
    return Nodes(world, parent, shown, order)


def _roots(tree: Gltf, parent: NDArray[np.intp]) -> list[int]:
    if not tree.scenes:
        return np.flatnonzero(parent < 0).tolist()
    if tree.scene >= len(tree.scenes):
        raise damaged(f"scenes[{tree.scene}], which does not exist")
    roots = list(tree.scenes[tree.scene].nodes)
    if any(root >= len(parent) or parent[root] >= 0 for root in roots):
        raise damaged(f"scenes[{tree.scene}], whose nodes are not roots")
    return roots


def _local(node: Node) -> Matrices:
    """Return a node's own matrix (4, 4)."""
    if node.matrix is not None:
        return np.array(node.matrix).reshape(4, 4).T  # written column by column
    matrix = np.eye(4)
    x, y, z, w = node.rotation
    length = x * x + y * y + z * z + w * w
    s = 2.0 / length if length > 0 else 0.0
    matrix[:3, :3] = (
        [1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w)],
        [s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w)],
        [s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y)],
    )
    matrix[:3, :3] *= node.scale
    matrix[:3, 3] = node.translation
    return matrix

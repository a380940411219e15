"""Arms that a file holds straight out, as bodies are modelled, made to hang beside the body.

A wearer who meets their own face stands at ease; nothing senses their arms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .gltf_anatomy import words_of
from .gltf_nodes import Nodes
from .gltf_schema import Gltf

Floats = NDArray[np.float64]

_HANGING_RAD: Final = math.radians(75)
"""Below the horizontal: nearer to upright, hands go into hips and skirts."""

_SPREAD_RAD: Final = (math.radians(-30), math.radians(60))
"""Arms that slope down by less or more are raised or hang because somebody wanted it so."""

_BENT_RAD: Final = math.radians(35)
"""An arm that its elbow bends by more is posed."""

_VRM: Final = tuple(
    (f"{side}UpperArm", f"{side}LowerArm", f"{side}Hand") for side in ("left", "right")
)
_UPPER: Final = frozenset({"arm", "upperarm", "uparm", "shldr"})
_LOWER: Final = frozenset({"forearm", "lowerarm", "elbow"})
_LOWER_PAIRS: Final = ({"fore", "arm"}, {"lower", "arm"})
_HAND: Final = frozenset({"hand", "wrist"})
_MOST_ARMS: Final = 16
"""Clothes at times have bones of their own."""


class Arm(NamedTuple):
    """The nodes of one."""

    upper: int
    lower: int
    hand: int


def lowered(tree: Gltf, nodes: Nodes, bones: Mapping[str, int]) -> Nodes:
    """Return the nodes with arms of a T or an A pose turned down at the shoulder.

    Only arms that carry a skin are turned, with all that hangs at them. Others stay where they are:
    those that hang, are raised, bent, or held before the body.

    Args:
        tree: The file.
        nodes: Where they stand, +y up, the face along +z.
        bones: A humanoid's bones by VRM's names; may be empty.
    """
    skinned = _skinned(tree, nodes)
    world = nodes.world
    for arm in _arms(tree, nodes, bones):
        turn = _turn(*world[list(arm), :3, 3]) if arm.upper in skinned else None
        if turn is not None:
            world = np.where(nodes.below(arm.upper)[:, None, None], turn @ world, world)
    return nodes._replace(world=world)


def _skinned(tree: Gltf, nodes: Nodes) -> set[int]:
    """Return the joints of all skins that the scene shows."""
    shown = (tree.nodes[number] for number in nodes.order)
    skins = {node.skin for node in shown if node.mesh is not None and node.skin is not None}
    return {joint for skin in skins if skin < len(tree.skins) for joint in tree.skins[skin].joints}


def _arms(tree: Gltf, nodes: Nodes, bones: Mapping[str, int]) -> list[Arm]:
    """Return the arms: those that VRM names, or else those whose names say it."""
    if not bones:
        return list(_named(tree, nodes))[:_MOST_ARMS]
    arms = [
        Arm(*(bones[part] for part in parts))
        for parts in _VRM
        if all(part in bones for part in parts)
    ]
    count = len(nodes.shown)
    return [arm for arm in arms if all(number < count and nodes.shown[number] for number in arm)]


def _named(tree: Gltf, nodes: Nodes) -> Iterator[Arm]:
    """Yield every upper arm that a lower arm hangs at, and at it a hand; each once."""
    above: dict[int, tuple[int, ...]] = {}  # how much of an arm a node is part of
    whole: set[int] = set()
    for number in nodes.order:
        chain = above.get(int(nodes.parent[number]), ())
        if len(chain) < 3 and _place(tree.nodes[number].name or "") == len(chain):
            chain = (*chain, number)
        above[number] = chain
        if len(chain) == 3 and chain[0] not in whole:
            whole.add(chain[0])
            yield Arm(*chain)


def _place(name: str) -> int:
    """Return which bone of an arm a name says it is: 0 upper, 1 lower, 2 hand; -1 none."""
    words = {word.removeprefix("left").removeprefix("right") for word in words_of(name)}
    if words & _HAND:
        return 2
    if words & _LOWER or any(pair <= words for pair in _LOWER_PAIRS):
        return 1
    return 0 if words & _UPPER else -1


def _turn(shoulder: Floats, elbow: Floats, hand: Floats) -> Floats | None:
    """Return the matrix (4, 4) that lets a spread arm hang; None where it is not spread."""
    upper, lower = elbow - shoulder, hand - elbow
    lengths = float(np.linalg.norm(upper)), float(np.linalg.norm(lower))
    level = math.hypot(upper[0], upper[2])
    if min(*lengths, level) <= 0 or upper @ lower < math.cos(_BENT_RAD) * math.prod(lengths):
        return None
    slope = math.atan2(-upper[1], level)
    if abs(upper[2]) > abs(upper[0]) or not _SPREAD_RAD[0] <= slope <= _SPREAD_RAD[1]:
        return None
    x, z = upper[0] / level, upper[2] / level
    # About the horizontal axis across the arm, by Rodrigues' formula.
    across = np.array([[0.0, x, 0.0], [-x, 0.0, -z], [0.0, z, 0.0]])
    angle = _HANGING_RAD - slope
    turn = np.eye(4)
    turn[:3, :3] += math.sin(angle) * across + (1.0 - math.cos(angle)) * across @ across
    turn[:3, 3] = shoulder - turn[:3, :3] @ shoulder
    return turn

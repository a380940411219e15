"""Which part of an avatar is what: eyes, teeth, mouth, hair by their names and their shape.

glTF knows nothing of faces. What every tool writes is names (of materials, meshes, bones), and an
eyeball is a ball.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ..avatar import Floats32, Region
from .gltf_nodes import Nodes
from .gltf_scene import Piece
from .gltf_schema import Gltf

Flags = NDArray[np.bool_]
_Solved = tuple[NDArray[np.float64], object, int, object]

_EYE: Final = frozenset({"eye", "eyes", "eyeball", "eyeballs", "iris", "sclera", "cornea", "pupil"})
_NO_EYE: Final = frozenset(
    {
        "lash", "lashes", "brow", "brows", "lid", "lids", "line", "liner", "shadow", "socket", "extra",
        "eyelash", "eyelashes", "eyebrow", "eyebrows", "eyelid", "eyelids", "eyeline", "eyeliner",
        "target", "aim", "look", "end", "blend", "occlusion", "fluid", "lacrimal", "tear", "tears",
        "highlight", "glasses", "face",
    }
)  # fmt: skip
_REGIONS: Final = (
    (Region.HAIR, {"hair", "hairs", "lash", "lashes", "brow", "brows", "eyelash", "eyelashes", "eyebrow",
                   "eyebrows", "beard", "fur"}),
    (Region.TEETH, {"teeth", "tooth"}),
    (Region.MOUTH, {"mouth", "tongue", "gum", "gums"}),
)  # fmt: skip
_SIDES: Final = ({"left", "l"}, {"right", "r"})
_GLUED: Final = ({"lefteye", "eyeleft", "leye"}, {"righteye", "eyeright", "reye"})
_NO_HEAD: Final = frozenset({"top", "end", "neck", "nub", "target", "front", "phones"})

_ROUND: Final = 0.1
"""A ball's vertices lie this near to its surface, root mean square, by radius: a cornea bulges by so
much, and the flat irises of toons are far from it."""

_RADIUS_BY_DISTANCE: Final = 0.19
"""Of an eyeball, by the distance of both: 12 mm and 63 mm. Where an eye is no ball."""


class Eyes(NamedTuple):
    """The eyes of an avatar, (left, right).

    Attributes:
        centre: Shape (2, 3), what each turns about.
        radius: Of both.
        side: Shape (V,), int8: 0 left, 1 right, -1 no eye.
        ball: Whether they are balls, not painted discs.
    """

    centre: Floats32
    radius: float
    side: NDArray[np.int8]
    ball: bool


def words_of(name: str) -> list[str]:
    """Return the words of a name, small: at signs, digits and capitals it is cut."""
    return [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name[:200])]


def region_of(*names: str) -> Region | None:
    """Return what a part is made of, by the first of its names that says; None where none does."""
    for name in names:
        words = set(words_of(name))
        for region, known in _REGIONS:
            if words & known:
                return region
        if words & _EYE and not words & _NO_EYE:
            return Region.EYE
    return None


def find_eyes(
    tree: Gltf,
    nodes: Nodes,
    pieces: list[Piece],
    bones: Mapping[str, int],
    positions: Floats32,
    eyes: Flags,
) -> Eyes | None:
    """Return the eyes: what the eye bones carry, or else two balls of an eye's material.

    Args:
        tree: The file.
        nodes: Where its nodes stand.
        pieces: Its parts.
        bones: A humanoid's bones by VRM's names; may be empty.
        positions: Shape (V, 3), of all parts, one after the other.
        eyes: Shape (V,), which vertices are of an eye's material.

    Returns:
        None where there are not two that can be turned.
    """
    side = np.full(len(positions), -1, np.int8)
    centre = np.zeros((2, 3), np.float32)
    for number, bone in enumerate(("leftEye", "rightEye")):
        named = [bones[bone]] if bone in bones else _eye_nodes(tree, nodes, number)
        chosen, carried = _heaviest(nodes, pieces, named)
        if chosen >= 0:
            side[carried] = number
            centre[number] = nodes.world[chosen, :3, 3]
    if not ((side == 0).any() and (side == 1).any()):
        if bones or not eyes.any():
            return None
        middle = (positions[eyes, 0].min() + positions[eyes, 0].max()) / 2.0
        side[:] = np.where(eyes, positions[:, 0] <= middle, -1)  # the wearer's left is +x
    if positions[side == 0, 0].mean() < positions[side == 1, 0].mean():
        # Named as an onlooker sees them. The wearer's left is +x, whatever it is called.
        side = np.where(side >= 0, 1 - side, side)
        centre = centre[::-1]
    found = [ball_of(positions[side == number]) for number in range(2)]
    if found[0] is not None and found[1] is not None:
        centre = np.stack([found[0][0], found[1][0]])
        return Eyes(centre, (found[0][1] + found[1][1]) / 2.0, side, ball=True)
    apart = float(np.linalg.norm(centre[0] - centre[1]))
    if not centre.any() or apart <= 0:
        return None
    return Eyes(centre, _RADIUS_BY_DISTANCE * apart, side, ball=False)


def head_node(tree: Gltf, nodes: Nodes, pieces: list[Piece], bones: Mapping[str, int]) -> int:
    """Return the head's bone, or -1."""
    if "head" in bones:
        named = [bones["head"]]
    else:
        named = [
            number
            for number in nodes.order
            if "head" in (words := words_of(tree.nodes[number].name or ""))
            and not _NO_HEAD & {*words}
        ]
    return _heaviest(nodes, pieces, named)[0]


def share_of(pieces: list[Piece], among: Flags) -> Floats32:
    """Return how much (V,) of each vertex of all parts the nodes that `among` (N,) marks carry."""
    shares = [piece.carried.share_of(among, len(piece.positions)) for piece in pieces]
    return np.concatenate([np.zeros(0, np.float32), *shares])


def _eye_nodes(tree: Gltf, nodes: Nodes, side: int) -> list[int]:
    found: list[int] = []
    for number in nodes.order:
        words = set(words_of(tree.nodes[number].name or ""))
        sided = (words & _SIDES[side] and words & _EYE) or words & _GLUED[side]
        if sided and not words & (_NO_EYE - {"face"}):
            found.append(number)
    return found


def _heaviest(nodes: Nodes, pieces: list[Piece], named: list[int]) -> tuple[int, Flags]:
    """Return of some nodes the one that carries most vertices, and which (V,); -1 where none does."""
    best, most = -1, share_of(pieces, np.zeros(len(nodes.parent), np.bool_)) > 0.5
    for number in named[:16]:
        if 0 <= number < len(nodes.parent) and nodes.shown[number]:
            carried = share_of(pieces, nodes.below(number)) > 0.5
            if np.count_nonzero(carried) > np.count_nonzero(most):
                best, most = number, carried
    return best, most


def ball_of(points: Floats32) -> tuple[Floats32, float] | None:
    """Return centre (3,) and radius of the ball on whose surface points (P, 3) lie, or None."""
    if len(points) < 12:
        return None
    middle = points.mean(axis=0, dtype=np.float64)
    p = points - middle
    # |p|^2 = 2 p.c + (r^2 - |c|^2): linear in c and the bracket.
    matrix = np.column_stack([2.0 * p, np.ones(len(p))])
    solved = cast("_Solved", np.linalg.lstsq(matrix, (p * p).sum(axis=1)))
    solution, rank = solved[0], solved[2]
    centre = solution[:3]
    radius = float(np.sqrt(max(solution[3] + centre @ centre, 0.0)))
    off = np.linalg.norm(p - centre, axis=1) - radius
    if rank < 4 or radius <= 0 or float(np.sqrt((off * off).mean())) > _ROUND * radius:
        return None
    if np.linalg.norm(centre) > radius:  # a shallow dish fits many balls
        return None
    return (centre + middle).astype(np.float32), radius

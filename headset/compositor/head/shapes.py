"""The 52 targets: patches of the face that move, written as a table."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from .field import MOUTH_HALF_WIDTH, MOUTH_Y, Floats, smoothstep
from .jaw import opened
from .lids import posed
from .mesh import Table, WholeHead

_WHOLE: Final = frozenset(
    "jawOpen jawForward jawLeft jawRight mouthClose mouthLeft mouthRight tongueOut".split()
)

# Patches on the wearer's left: centre and widths (standard deviations), centimetres.
_PATCHES: Final[dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]]] = {
    "corner": ((MOUTH_HALF_WIDTH, MOUTH_Y, 7.7), (1.0, 0.85, 2.2)),
    "nasolabial": ((3.5, -4.9, 7.2), (1.15, 1.25, 2.0)),
    "cheek": ((4.1, -2.8, 6.4), (1.5, 1.1, 2.2)),
    "jowl": ((2.7, -8.6, 6.8), (1.1, 1.1, 2.0)),
    "jaw_side": ((3.4, -8.8, 5.8), (1.3, 1.4, 2.0)),
    "lower_lid": ((3.2, -1.3, 7.5), (1.5, 0.6, 2.0)),
    "nose_wing": ((1.0, -3.4, 9.0), (0.65, 0.7, 1.0)),
    "nose_side": ((1.5, -1.5, 8.1), (0.7, 1.0, 1.2)),
    "glabella": ((0.9, 1.4, 8.3), (0.7, 0.7, 1.0)),
    "brow_inner": ((1.6, 2.3, 7.9), (1.15, 0.9, 2.0)),
    "brow_middle": ((3.0, 2.5, 7.4), (1.1, 0.9, 2.0)),
    "brow_outer": ((4.4, 2.4, 6.6), (1.2, 0.95, 2.0)),
    "chin": ((0.0, -9.1, 8.2), (1.4, 0.9, 2.0)),
    "pouch": ((4.2, -5.9, 5.6), (1.5, 1.6, 2.4)),
}

# What each target moves: patch -> displacement (outwards, up, forward) at weight 1. A name without
# a side belongs to both. The lips' own patches are built in `Shapes`.
_MOVES: Final[dict[str, dict[str, tuple[float, float, float]]]] = {
    "mouthSmile": {
        "lip_pull": (0.62, 0.50, -0.46), "nasolabial": (0.20, 0.36, 0.14),
        "cheek": (0.05, 0.32, 0.28), "lower_lid": (0, 0.10, 0.02),
        "upper_lip": (0, 0.05, -0.06), "lower_lip": (0, 0.03, -0.06),
    },
    "mouthFrown": {
        "lip_pull": (0.06, -0.62, -0.12), "jowl": (0, -0.15, 0.10), "upper_lip": (0, 0.04, 0),
    },
    "mouthDimple": {"corner": (0.30, 0.10, -0.50), "lip_pull": (0.14, 0, -0.08)},
    "mouthStretch": {
        "lip_pull": (0.72, -0.28, -0.42), "jaw_side": (0.15, -0.25, 0),
        "upper_lip": (0, 0.02, -0.05), "lower_lip": (0, -0.06, -0.05),
    },
    "mouthPress": {
        "upper_lip": (0, -0.14, -0.14), "lower_lip": (0, 0.16, -0.14), "corner": (0.05, 0.04, -0.12),
    },
    "mouthLowerDown": {"lower_lip": (0.05, -0.55, -0.04)},
    "mouthUpperUp": {"upper_lip": (0.05, 0.46, 0.04), "nasolabial": (0, 0.16, 0.08)},
    "cheekSquint": {"cheek": (-0.05, 0.48, 0.30), "lower_lid": (0, 0.28, 0.06)},
    "eyeSquint": {"cheek": (0, 0.12, 0.08), "lower_lid": (0, 0.16, 0.06)},
    "noseSneer": {
        "nose_wing": (0.08, 0.36, -0.02), "nose_side": (-0.05, 0.26, 0.10),
        "upper_lip": (0, 0.22, 0.03), "glabella": (0, -0.16, 0.05), "nasolabial": (0, 0.14, 0.06),
    },
    "browDown": {
        "brow_inner": (-0.26, -0.42, 0.08), "brow_middle": (-0.05, -0.32, 0.04),
        "brow_outer": (0, -0.16, 0.02),
    },
    "browOuterUp": {"brow_outer": (0.03, 0.66, -0.10), "brow_middle": (0, 0.38, -0.02)},
    "browInnerUp": {"brow_inner": (0.06, 0.82, 0.02), "brow_middle": (0, 0.25, 0)},
    "mouthRollLower": {"lower_lip": (0, 0.30, -0.42)},
    "mouthRollUpper": {"upper_lip": (0, -0.30, -0.40)},
    "mouthShrugLower": {
        "lower_lip": (0, 0.36, 0.24), "chin": (0, 0.20, 0.06), "upper_lip": (0, 0.16, 0.08),
    },
    "mouthShrugUpper": {"upper_lip": (0, 0.26, 0.22)},
    "mouthFunnel": {
        "lips": (0, 0, 0.70), "upper_lip": (0, 0.40, 0.14), "lower_lip": (0, -0.50, 0.14),
    },
    "mouthPucker": {"lips": (0, 0, 0.62), "upper_lip": (0, 0, 0.2), "lower_lip": (0, 0, 0.2)},
    "cheekPuff": {"upper_lip": (0, 0.05, 0.14), "lower_lip": (0, -0.05, 0.14)},
}  # fmt: skip
_NARROWING: Final = {"mouthPucker": 0.46, "mouthFunnel": 0.30}
"""Share of its half width by which the mouth draws in."""
_REST: Final = np.array([0.0, 0.10, -0.02])
"""How the lips' corners stand at rest: a little up, so that the face looks at ease."""

# Lids: opening of (upper, lower), 1 at rest, and their turn with the gaze.
_LIDS: Final[dict[str, tuple[float, float, float]]] = {
    "eyeBlink": (0.0, 0.0, 0.0),
    "eyeSquint": (0.80, 0.15, 0.0),
    "eyeWide": (1.26, 1.15, 0.0),
    "eyeLookUp": (1.22, 0.80, 0.0),
    "eyeLookDown": (0.28, 2.6, 0.0),
    "eyeLookIn": (1.0, 1.0, -0.07),
    "eyeLookOut": (1.0, 1.0, 0.10),
}


class Shapes:
    """The face at rest and its 52 targets, as displacements of every vertex in centimetres.

    Attributes:
        neutral: Shape (V, 3), the face at rest with its lids open.
    """

    def __init__(self, head: WholeHead) -> None:
        self._head = head
        self._patch = _patches(head.table)
        lids = np.zeros((len(head.table), 3))
        lids[head.left] = posed(head.table[head.left], 1.0, 1.0)
        self.neutral: Floats = np.where(head.left[:, None], lids, head.mirrored(lids))
        rest = self._patch["lip_pull"][:, None] * _REST
        self.neutral += rest + head.mirrored(rest)

    def target(self, name: str) -> Floats:
        """Return the displacements (V, 3) of an ARKit target at weight 1."""
        if name in _WHOLE:
            return self._of_whole(name)
        if name.endswith("Right"):
            return self._head.mirrored(self._of_left(name.removesuffix("Right")))
        left = self._of_left(name.removesuffix("Left"))
        return left if name.endswith("Left") else left + self._head.mirrored(left)

    def _of_left(self, name: str) -> Floats:
        """Return the left half's share of a target."""
        table, left = self._head.table, self._head.left
        move = np.zeros((len(table), 3))
        for patch, direction in _MOVES.get(name, {}).items():
            move += self._patch[patch][:, None] * np.array(direction)
        if name in _NARROWING:
            inwards = table["anchor"] * [-_NARROWING[name], 0.22, 0.0] - [0.0, 0.22 * MOUTH_Y, 0.0]
            move += self._patch["lips"][:, None] * inwards
        if name == "cheekPuff":
            out = table["anchor"] - [0.0, -6.0, 1.5]
            out /= np.linalg.norm(out, axis=1, keepdims=True)
            move += 1.05 * self._patch["pouch"][:, None] * out
        if name in _LIDS:
            upper, lower, yaw_rad = _LIDS[name]
            move[left] += posed(table[left], upper, lower, yaw_rad) - posed(table[left], 1.0, 1.0)
        return move

    def _of_whole(self, name: str) -> Floats:
        """Return a target that is not the sum of a left and a right half."""
        table = self._head.table
        jaw = table["jaw"][:, None]
        lips = self._both("lips")
        match name:
            case "jawOpen":
                return opened(self.neutral, table["jaw"]) - 0.06 * lips * self._aside()
            case "mouthClose":  # what takes the lips of an open jaw to where they would be sealed
                sealed = opened(self.neutral, table["sealed"])
                return sealed - opened(self.neutral, table["jaw"]) + 0.06 * lips * self._aside()
            case "jawForward":
                return jaw * [0.0, -0.1, 0.8]
            case "jawLeft":
                return jaw * [0.9, -0.05, 0.0]
            case "jawRight":
                return jaw * [-0.9, -0.05, 0.0]
            case "mouthLeft":
                return lips * [0.8, 0.0, 0.0]
            case "mouthRight":
                return lips * [-0.8, 0.0, 0.0]
            case _:  # tongueOut: over the lower lip, its tip hanging
                out = table["out"]
                tongue = np.stack(
                    [
                        0.0 * out,
                        0.95 * smoothstep(0.1, 0.6, out) - 1.05 * smoothstep(0.6, 1.05, out),
                        3.9 * out,
                    ],
                    axis=1,
                )
                return tongue + self._both("lower_lip") * [0.0, -0.60, 0.05]

    def _both(self, patch: str) -> Floats:
        """Return a patch and its mirror image together, (V, 1)."""
        one = self._patch[patch]
        return (one + one[self._head.twin])[:, None]

    def _aside(self) -> Floats:
        """Return every vertex's offset from the midline, (V, 3)."""
        return self._head.table["anchor"] * [1.0, 0.0, 0.0]


def _patches(table: Table) -> dict[str, Floats]:
    """Return the strength (V,) of each patch at each vertex, 0 to 1."""
    p, side = table["anchor"], table["side"]
    x, y, z = p.T
    wide, height = np.abs(x), y - MOUTH_Y
    t = wide / MOUTH_HALF_WIDTH
    front = smoothstep(1.0, 4.5, z) * table["follow"]
    half = smoothstep(-0.9, 0.9, x)  # the two sides add up to one
    # The lips' line parts them; towards the corner, which belongs to both, the edge is softer.
    lower = np.where(np.abs(height) < 0.05, side < 0.0, height < 0.0)
    apart = np.clip(np.abs(height) / 0.5 + np.sqrt(np.clip(1.0 - t**2, 0.0, 1.0)), 0.0, 1.0)
    below = 0.5 + np.where(lower, 0.5, -0.5) * apart
    along = _bell(np.maximum(wide - 1.5, 0.0), 0.62) * front * half
    patches: dict[str, Floats] = {
        "upper_lip": _bell(height - 0.45, 0.65) * along * (1.0 - below),
        "lower_lip": _bell(height + 0.5, 0.75) * along * below,
        "lips": _bell(height, 0.85) * _bell(np.maximum(wide - 1.9, 0.0), 0.7) * front * half,
        # From nothing at the lips' middle to one at the corner, then fading into the cheek.
        "lip_pull": np.clip(t, 0.0, 1.0) ** 1.8
        * _bell(np.maximum(wide - MOUTH_HALF_WIDTH, 0.0), 1.05)
        * _bell(height, 0.75 + 0.35 * smoothstep(0.5, 1.6, t))
        * smoothstep(3.5, 6.0, z) * front * half,
    }  # fmt: skip
    for name, (centre, size) in _PATCHES.items():
        bump = np.exp(-0.5 * (((p - centre) / size) ** 2).sum(axis=1))
        patches[name] = bump * front * (half if centre[0] < 1.2 else smoothstep(-0.5, 0.5, x))
    return patches


def _bell(x: Floats, width: ArrayLike) -> Floats:
    return np.exp(-0.5 * (x / np.asarray(width)) ** 2)

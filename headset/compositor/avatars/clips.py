"""What an avatar of another's making can do with its face, and how a face drives it.

A *clip* is a named movement: one morph target, or what a VRM file calls an expression. Which clips an
avatar has, and what a tracked face must do to play them, is its own: `Clips` holds both, the
displacements as sparse rows and the drive as a matrix, with the rules that are not linear.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ...expressions import unified_from_arkit

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]


class Group(IntEnum):
    """Clips that others may lessen (VRM: procedural expressions)."""

    NONE = -1
    BLINK = 0
    LOOK = 1
    MOUTH = 2


class Override(IntEnum):
    """What a clip that plays does to a group."""

    NONE = 0
    BLEND = 1
    """Lessens it by its own weight."""
    BLOCK = 2
    """Stops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourBind:
    """A clip's change of a material: at weight 1 the colour is `colour`; weights add up from rest.

    Attributes:
        material: Index into `Avatar.materials`.
        field: `colour` or `emission` of the material, `shade`, `matcap`, `rim` or `outline_colour` of
            its toon.
        colour: Linear rgb and alpha.
    """

    material: int
    field: str
    colour: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextureBind:
    """A clip's change of where all of a material's textures lie, at weight 1.

    Attributes:
        material: Index into `Avatar.materials`.
        offset: Of the texture coordinates.
        scale: Of the texture coordinates.
    """

    material: int
    offset: tuple[float, float]
    scale: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clips:
    """C clips of an avatar.

    Attributes:
        names: Length C, as in the file; VRM's presets as VRM 1.0 spells them.
        starts: Shape (C + 1,): clip c moves the vertices `index[starts[c] : starts[c + 1]]`.
        index: Shape (E,), vertices, each once within a clip, rising.
        delta: Shape (E, 3), displacements at weight 1, metres.
        drive: Shape (C, 140): weight of a clip for each of `CHANNELS`; all zero for clips a face does
            not drive (a viseme where the mouth itself is tracked; a costume).
        limit: Shape (C,), the highest weight; the least is 0.
        binary: Shape (C,): weights above a half are 1, others 0.
        group: Shape (C,), `Group`.
        overrides: Shape (C, 3), `Override` of each group but NONE; nothing for a clip's own.
        colours: Per clip, changes of materials.
        textures: Per clip, changes of texture coordinates.
    """

    names: tuple[str, ...]
    starts: NDArray[np.uint32]
    index: NDArray[np.uint32]
    delta: Floats32
    drive: Floats32
    limit: Floats32
    binary: NDArray[np.bool_]
    group: NDArray[np.int8]
    overrides: NDArray[np.uint8]
    colours: tuple[tuple[ColourBind, ...], ...]
    textures: tuple[tuple[TextureBind, ...], ...]

    def weights(
        self,
        arkit: Floats,
        unified: Floats | None = None,
        *,
        shown: Mapping[str, float] | None = None,
    ) -> Floats32:
        """Return how strongly each clip plays (C,).

        Args:
            arkit: Shape (52,), NaN is rest.
            unified: Shape (88,), NaN is rest; by default what `arkit` says of it.
            shown: Clips asked for by name, 0 to 1, on top of the face (a smile on a button); unknown
                names do nothing.
        """
        fine = unified_from_arkit(np.asarray(arkit, np.float64)) if unified is None else unified
        face = np.nan_to_num(np.concatenate([arkit, fine]), copy=False)
        weights = self.drive @ face.astype(np.float32)
        for name, weight in (shown or {}).items():
            if name in self.names:
                place = self.names.index(name)
                weights[place] = max(weights[place], weight)
        return self.ruled(weights)

    def ruled(self, asked: Floats32) -> Floats32:
        """Return what is left of weights (C,) that a face asks for: their limits, and VRM's rules."""
        weights = np.minimum(np.maximum(asked, 0.0), self.limit)
        if not (self.binary.any() or self.overrides.any()):
            return weights
        weights = np.where(self.binary, weights > 0.5, weights).astype(np.float32)
        return weights * self._left(weights)

    def _left(self, weights: Floats32) -> Floats32:
        """Return the share of each clip (C,) that the others leave it (VRM: overrides)."""
        lessened = weights @ (self.overrides == Override.BLEND)
        stopped = ((weights > 0.0)[:, None] & (self.overrides == Override.BLOCK)).any(axis=0)
        left = np.where(stopped, 0.0, 1.0 - np.minimum(lessened, 1.0))
        share = np.append(left, 1.0)[self.group]  # NONE is -1: the last
        # What is all or nothing is nothing as soon as it would be less.
        return np.where(self.binary & (share < 1.0), 0.0, share).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class AngleMap:
    """An angle up to `most_rad` becomes up to `turn_rad`, in proportion; beyond it no more."""

    most_rad: float
    turn_rad: float

    def __call__(self, angle_rad: float) -> float:
        """Return how far an eye turns, of the same sign; NaN stays NaN."""
        if math.isnan(angle_rad):
            return angle_rad
        share = angle_rad / self.most_rad if self.most_rad > 0 else 0.0
        return min(max(share, -1.0), 1.0) * self.turn_rad


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far an avatar's eyes turn for a gaze: a toon's eyes leave its face if they turn as ours do."""

    inner: AngleMap
    outer: AngleMap
    down: AngleMap
    up: AngleMap

    def turned(self, gaze: Floats) -> NDArray[np.float64]:
        """Return where the eyes are to point.

        Args:
            gaze: Shape (2, 3), unit vectors in head space (left, right); NaN stays NaN.

        Returns:
            Shape (2, 3), the same.
        """
        turned: list[tuple[float, float, float]] = []
        for side, (x, y, z) in enumerate(np.asarray(gaze, np.float64).tolist()):
            outward = -1.0 if side == 0 else 1.0  # the wearer's left is -x
            yaw_rad = outward * math.atan2(x, -z)
            pitch_rad = math.atan2(y, math.hypot(x, z))
            yaw_rad = outward * (self.outer if yaw_rad > 0 else self.inner)(yaw_rad)
            pitch_rad = (self.up if pitch_rad > 0 else self.down)(pitch_rad)
            level = math.cos(pitch_rad)
            turned.append(
                (math.sin(yaw_rad) * level, math.sin(pitch_rad), -math.cos(yaw_rad) * level)
            )
        return np.array(turned)

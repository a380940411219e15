"""What a profile makes of what trackers say: rest taken off, sides unmixed, lids and gaze put right.

    correction = Correction(profile)
    correction.weights(merged, weights)    # into `weights`: relative to rest
    lids = correction.openness(openness)   # 1 at rest, 0 shut
    gaze = correction.gaze(seen)           # the same array where nothing is to be corrected
    anchors = correction.anchors()         # what a model is told of the wearer

All of it together takes a few microseconds a frame; what was not fitted costs nothing and changes no
bit.
"""

from __future__ import annotations

from math import atan2, cos, hypot, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.names import UNIFIED, UNIFIED_INDEX
from .profile_types import Profile

Floats = NDArray[np.float64]

_CHEEKS: Final = [UNIFIED_INDEX["CheekPuffLeft"], UNIFIED_INDEX["CheekPuffRight"]]

LEAST_REST: Final = 0.3
"""A tracker whose lids rest nearly shut is not believed: it would blow up every blink."""

LEAST_OPENING: Final = 0.2
"""Nor is one whose lids hardly move between shut and rest."""

_Affine = tuple[float, float, float, float, float, float]


class Correction:
    """One wearer's, under the donning that counts.

    Attributes:
        look_rest_rad: Shape (2, 2), each eye's usual (yaw, pitch), corrected; 0 where not known.
    """

    def __init__(self, profile: Profile | None) -> None:
        """Take a profile; without one the tracker's own zero, open lids and gaze stand."""
        self._rest = np.zeros(len(UNIFIED))
        self._reach = np.full(len(UNIFIED), np.nan)
        self._known = np.full(len(UNIFIED), np.nan)
        self._shut = (0.0, 0.0)
        self._opening = (1.0, 1.0)
        self._lids: Floats | None = None
        self._cheeks: Floats | None = None
        self._gaze: tuple[_Affine, _Affine] | None = None
        self.look_rest_rad = np.zeros((2, 2))
        if profile is not None:
            self._take(profile)

    def _take(self, profile: Profile) -> None:
        donning = profile.donning
        self._rest = np.nan_to_num(profile.rest) + donning.rest_offset
        self._known, self._reach = profile.rest, profile.reach
        rests = np.where(np.isfinite(profile.openness_rest), profile.openness_rest, 1.0)
        rests = np.maximum(rests * donning.openness_ratio, LEAST_REST)
        shuts = np.minimum(profile.openness_shut * donning.openness_ratio, rests - LEAST_OPENING)
        self._shut = (float(shuts[0]), float(shuts[1]))
        self._opening = (float(rests[0] - shuts[0]), float(rests[1] - shuts[1]))
        self._lids = _unless_same(profile.lids_unmix, np.eye(2))
        self._cheeks = _unless_same(profile.cheeks_unmix, np.eye(2))
        # First back to the donning that the profile knows, then to where the eyes look.
        matrix = profile.gaze_matrix @ donning.gaze_matrix
        moved = profile.gaze_matrix @ donning.gaze_offset_rad[:, :, None]
        offset = profile.gaze_offset_rad + moved[:, :, 0]
        if np.any(matrix != np.eye(2)) or np.any(offset):
            self._gaze = (_affine(matrix[0], offset[0]), _affine(matrix[1], offset[1]))
        usual = np.nan_to_num(profile.gaze_rest_rad)
        self.look_rest_rad = np.array([self._looks(side, *usual[side]) for side in (0, 1)])

    def weights(self, seen: Floats, out: Floats) -> None:
        """Write merged weights (88,) put right: relative to rest, NaN where not measured.

        Args:
            seen: As trackers report them.
            out: Written to; may be `seen` itself.
        """
        np.subtract(seen, self._rest, out=out)
        if self._cheeks is not None:
            both = self._cheeks @ out[_CHEEKS]
            if both[0] == both[0] and both[1] == both[1]:  # a tracker of one cheek has no leak
                out[_CHEEKS] = both

    def openness(self, openness: Floats) -> tuple[float, float]:
        """Return (left, right) openness relative to the wearer's lids: 1 at rest, 0 shut.

        Args:
            openness: Shape (2,), as the tracker reports it; NaN stays NaN.
        """
        left, right = openness.tolist()
        left = (left - self._shut[0]) / self._opening[0]
        right = (right - self._shut[1]) / self._opening[1]
        if self._lids is not None and left == left and right == right:
            ((a, b), (c, d)) = self._lids.tolist()
            return (
                1.0 - (a * (1.0 - left) + b * (1.0 - right)),
                1.0 - (c * (1.0 - left) + d * (1.0 - right)),
            )
        return left, right

    def gaze(self, seen: Floats) -> Floats:
        """Return gaze (2, 3), unit vectors in head space, put right; NaN stays NaN.

        Returns:
            `seen` itself where nothing is to be put right, else an array of its own.
        """
        if self._gaze is None:
            return seen
        rows: list[tuple[float, float, float]] = []
        for side, (x, y, z) in enumerate(seen.tolist()):
            yaw, pitch = self._looks(side, atan2(x, -z), atan2(y, hypot(x, z)))
            across = cos(pitch)
            rows.append((sin(yaw) * across, sin(pitch), -cos(yaw) * across))
        return np.array(rows)

    def anchors(self) -> Floats:
        """Return what a model is told of the wearer, (176,): `contract.ANCHORS`; NaN where unknown.

        Rest is the tracker's, reach what the largest weight comes to once it is put right.
        """
        reach = self._reach.copy()
        rest = np.nan_to_num(self._known)
        if self._cheeks is not None:
            both = rest[_CHEEKS] + self._cheeks @ (reach[_CHEEKS] - rest[_CHEEKS])
            reach[_CHEEKS] = np.where(np.isfinite(both), both, reach[_CHEEKS])
        return np.concatenate([self._known, reach])

    def _looks(self, side: int, yaw: float, pitch: float) -> tuple[float, float]:
        """Return where an eye looks that is reported to look there."""
        if self._gaze is None:
            return yaw, pitch
        across, mixed, right, lifted, up, raised = self._gaze[side]
        return across * yaw + mixed * pitch + right, lifted * yaw + up * pitch + raised


def habitual(profile: Profile | None, guess: Floats, hidden: NDArray[np.bool_]) -> None:
    """Put a guess of ARKit channels (..., 52) right by the wearer's own habits, in place.

    Args:
        profile: The wearer's; None changes nothing.
        guess: Relative to rest.
        hidden: Shape (52,): which channels are guessed; what is measured stays as it is.
    """
    if profile is None:
        return
    shown = guess[..., hidden] * profile.habit_gain[hidden] + profile.habit_offset[hidden]
    guess[..., hidden] = shown


def _unless_same(matrix: Floats, same: Floats) -> Floats | None:
    return None if np.array_equal(matrix, same) else matrix


def _affine(matrix: Floats, offset: Floats) -> _Affine:
    ((a, b), (c, d)), (right, raised) = matrix.tolist(), offset.tolist()
    return a, b, right, c, d, raised

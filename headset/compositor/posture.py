"""How a whole body stands where its wearer's head is: upright, the head alone turned.

What is no more than a head turns as a whole.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .avatar import Avatar

Matrix = NDArray[np.float64]

NECK_RAD: Final = 0.9
"""A neck turns 50 degrees to a side with ease; what is more, the body turns. Source: Youdas et al.,
Normal Range of Motion of the Cervical Spine, 1992 (rotation 60 to 70 degrees at the utmost)."""


class Posture:
    """The stance of one avatar."""

    def __init__(self, avatar: Avatar) -> None:
        """Find out whether there is a body."""
        self._eyes = avatar.eye_centre.mean(axis=0, dtype=np.float64)
        head = avatar.head
        body = head is not None and bool((head.share < 0.5).any())
        self._pivot = head.pivot_m.astype(np.float64) if head is not None and body else None

    def placed(self, face: Matrix) -> tuple[Matrix, Matrix | None]:
        """Return where an avatar is, and how its head is turned on it.

        Args:
            face: Shape (4, 4), rigid: from the avatar's axes, about its eyes, to a space whose y is up.

        Returns:
            The matrix (4, 4) from avatar space to that space, and the turn (3, 3) for `Figure.pose`;
            None where it turns as a whole.
        """
        turned, model = face[:3, :3], np.eye(4)
        if self._pivot is None:
            model[:3, :3] = turned
            model[:3, 3] = face[:3, 3] - turned @ self._eyes
            return model, None
        yaw_rad = math.atan2(turned[0, 2], turned[2, 2])
        yaw_rad -= min(max(yaw_rad, -NECK_RAD), NECK_RAD)
        sine, cosine = math.sin(yaw_rad), math.cos(yaw_rad)
        body = np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])
        head = body.T @ turned
        eyes = self._pivot + head @ (self._eyes - self._pivot)
        model[:3, :3] = body
        model[:3, 3] = face[:3, 3] - body @ eyes
        return model, head

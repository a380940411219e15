"""Where a face is seen from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .avatar import Avatar

Matrix = NDArray[np.float32]

FOV_Y_RAD: Final = 0.42
"""Upright 24 degrees, a portrait lens: a face keeps its proportions."""

_SHOULDERS: Final = 2.2
"""From the eyes down, by what is above them: chin, neck and shoulders of a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A view of avatar space (metres, +y up, the face looks along +z).

    Attributes:
        position_m: Where it stands.
        target_m: What it looks at; the middle of the picture.
        fov_y_rad: Height of the field of view.
        near_m: Nothing nearer is drawn.
        far_m: Nothing farther is drawn.
    """

    position_m: tuple[float, float, float]
    target_m: tuple[float, float, float]
    fov_y_rad: float = FOV_Y_RAD
    near_m: float = 0.05
    far_m: float = 10.0

    @classmethod
    def facing(
        cls, avatar: Avatar, *, yaw_rad: float = 0.0, pitch_rad: float = 0.0, fill: float = 0.9
    ) -> Camera:
        """Return a camera before an avatar.

        Args:
            avatar: Its neutral face is framed, eyeballs, hair and neck included; of a body, head and
                shoulders.
            yaw_rad: How far it goes round to the wearer's left.
            pitch_rad: How far it rises.
            fill: The part of the picture's height that the avatar takes up, or its width if larger.
        """
        low, high = framed(avatar)
        centre = (low + high) / 2.0
        height, width = float(high[1] - low[1]), float(high[0] - low[0])
        away = max(height, width) / 2.0 / fill / math.tan(FOV_Y_RAD / 2.0)
        away += float(high[2] - low[2]) / 4.0  # the face, not the centre, is to fill the picture
        level = math.cos(pitch_rad)
        towards = (
            math.sin(yaw_rad) * level,
            math.sin(pitch_rad),
            math.cos(yaw_rad) * level,
        )
        x, y, z = (float(c) for c in centre)
        return cls(
            position_m=(x + away * towards[0], y + away * towards[1], z + away * towards[2]),
            target_m=(x, y, z),
        )

    def view_projection(self, aspect: float) -> Matrix:
        """Return the matrix (4, 4) from avatar space to OpenGL's clip space; read-only.

        Args:
            aspect: Width over height of the picture.
        """
        return _view_projection(self, aspect)


def framed(avatar: Avatar) -> tuple[Matrix, Matrix]:
    """Return two corners (3,) of the box around what a portrait shows, metres."""
    if avatar.head is None:
        return avatar.positions.min(axis=0), avatar.positions.max(axis=0)
    top = float(avatar.head.high_m[1])
    eyes = float(avatar.eye_centre[:, 1].mean())
    # The chin is as far below the eyes as the crown is above; long hair and horns do not count.
    neck = max(eyes - _SHOULDERS * (top - eyes), float(avatar.head.low_m[1]) - (top - eyes))
    low, high = avatar.head.low_m.copy(), avatar.head.high_m.copy()
    low[1] = max(float(avatar.positions[:, 1].min()), neck)
    return low, high


@lru_cache(maxsize=64)
def _view_projection(camera: Camera, aspect: float) -> Matrix:
    position = np.array(camera.position_m)
    backward = position - camera.target_m
    backward /= np.linalg.norm(backward)
    right = np.cross((0.0, 1.0, 0.0), backward)
    right /= np.linalg.norm(right)
    view = np.eye(4)
    view[:3, :3] = right, np.cross(backward, right), backward
    view[:3, 3] = -view[:3, :3] @ position
    near, far = camera.near_m, camera.far_m
    scale = 1.0 / math.tan(camera.fov_y_rad / 2.0)
    projection = np.zeros((4, 4))
    projection[0, 0], projection[1, 1] = scale / aspect, scale
    projection[2, 2:] = (far + near) / (near - far), 2.0 * far * near / (near - far)
    projection[3, 2] = -1.0
    matrix = (projection @ view).astype(np.float32)
    matrix.flags.writeable = False
    return matrix

"""The wearer's face in a mirror that stands in the room: what is drawn until there is more to see.

The mirror's plane stands upright half of `AWAY_M` ahead of where the session began, so the image of a
wearer who stays there is that far off, their left on the left, and nods as they nod.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...link_layout import DrawnFace
from ...names import ARKIT
from .. import gl
from ..avatar import Avatar
from ..figure import Figure
from ..renderer import BACKGROUND

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

AWAY_M: Final = 0.7
"""How far off the image is: a little more than people talk at, the whole head in view."""

NEAR_M: Final = 0.05
FAR_M: Final = 10.0

# Head space looks along -z, an avatar's face along +z.
_TURNED: Final = np.diag([-1.0, 1.0, -1.0, 1.0])
_REFLECTED: Final = np.array(
    [[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, -AWAY_M], [0, 0, 0, 1]]
)  # through z = -AWAY_M / 2


class Mirror:
    """A `Scene` of one avatar; needs a current context."""

    def __init__(self, avatar: Avatar) -> None:
        """Send the avatar to the GPU.

        Raises:
            HeadsetError: The driver refuses.
        """
        self.background = np.array((*BACKGROUND, 1.0), np.float32)
        self._figure = Figure(avatar)
        self._eyes = np.eye(4)
        self._eyes[:3, 3] = -avatar.eye_centre.mean(axis=0)
        self._model = self._inverse = np.eye(4)
        self._face: DrawnFace | None = None
        self._time_ns = 0

    def take(self, face: DrawnFace | None, time_ns: int) -> None:
        """Show a face, or the last one where there is no newer, carried on to an instant.

        Args:
            face: The newest, or None.
            time_ns: When it will be seen, host clock.
        """
        self._face, self._time_ns = face or self._face, time_ns

    def pose(self, views: Floats32) -> None:
        """Place the image opposite the head, and move its face."""
        self._model = reflected(head_pose(views)) @ self._eyes
        self._inverse = np.linalg.inv(self._model)
        if self._face is None:
            self._figure.pose(np.zeros(len(ARKIT)), np.full((2, 3), np.nan))
        else:
            self._figure.pose(*self._face.at(self._time_ns))

    def draw(self, view: Floats32) -> None:
        """Draw what one eye sees."""
        api = gl.api()
        eye = rigid(view[:7])
        camera = self._inverse @ eye[:, 3]
        matrix = projection(view[7:]) @ np.linalg.inv(eye) @ self._model
        api.glFrontFace(api.GL_CW)  # a mirror turns triangles round
        self._figure.shade(
            matrix.astype(np.float32), (float(camera[0]), float(camera[1]), float(camera[2]))
        )
        api.glFrontFace(api.GL_CCW)

    def close(self) -> None:
        """Give the avatar back."""
        self._figure.close()


def head_pose(views: Floats32) -> Floats:
    """Return where the head is, (4, 4) head to local space: midway between eyes (2, 11)."""
    middle = rigid(views[0, :7])
    middle[:3, 3] = views[:, 4:7].mean(axis=0)
    return middle


def reflected(head: Floats) -> Floats:
    """Return where the mirror shows a head, (4, 4), avatar space about its eyes to local space."""
    return _REFLECTED @ head @ _TURNED


def rigid(pose: Floats32) -> Floats:
    """Return a pose (7,), quaternion xyzw and position, as a matrix (4, 4)."""
    x, y, z, w, *position = (float(number) for number in pose)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), position[0]],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), position[1]],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), position[2]],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def projection(angles_rad: Floats32) -> Floats:
    """Return a matrix (4, 4) from eye space to OpenGL's clip space.

    Args:
        angles_rad: Shape (4,), of the field of view: left, right, up, down; left and down negative.
    """
    left, right, up, down = (math.tan(angle) for angle in angles_rad)
    return np.array(
        [
            [2 / (right - left), 0.0, (right + left) / (right - left), 0.0],
            [0.0, 2 / (up - down), (up + down) / (up - down), 0.0],
            [0.0, 0.0, (FAR_M + NEAR_M) / (NEAR_M - FAR_M), 2 * FAR_M * NEAR_M / (NEAR_M - FAR_M)],
            [0.0, 0.0, -1.0, 0.0],
        ]
    )

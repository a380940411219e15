"""A pane: an upright rectangle through which both eyes look, and what each of them sees through it.

An overlay of SteamVR's is a picture on a rectangle. Where each eye's picture is what that eye would
see were the rectangle a hole, there is depth behind and before it, and things stay where they are as
the head moves: an eye's field of view is whatever the rectangle's edges leave it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...sensors.steamvr.pose import quaternion
from ..openxr.centre import heading_rad

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

NEAREST_M: Final = 0.05
"""From an eye to the pane's plane: nearer, a picture of it is mostly edge."""

_EYES: Final = 2


class Pane:
    """Two eyes' views through a rectangle.

    Attributes:
        size_m: Width and height.
        place: Shape (4, 4), the rectangle's space to the stage's: its middle is the origin, +x to the
            right, +y up, +z towards who looks at it.
        views: Shape (2, 11), as `Scene.draw` takes them, of the last `look`.
    """

    def __init__(self, size_m: tuple[float, float], place: Floats) -> None:
        """Stand there.

        Args:
            size_m: Width and height.
            place: As the attribute; rigid.

        Raises:
            ValueError: It is not rigid.
        """
        turned = quaternion(place[:3, :3])
        if turned is None:
            raise ValueError("a pane's place is a rotation and a position")
        self.size_m, self.place = size_m, place
        self.views: Floats32 = np.zeros((_EYES, 11), np.float32)
        self.views[:, :4] = turned

    def look(self, eyes_m: Floats) -> bool:
        """Set `views` to what two eyes see through it; say whether they see it from its front.

        Args:
            eyes_m: Shape (2, 3), in the stage's space, left first.
        """
        half_width, half_height = self.size_m[0] / 2.0, self.size_m[1] / 2.0
        before = (eyes_m - self.place[:3, 3]) @ self.place[:3, :3]
        for eye, (x, y, away) in enumerate(before.tolist()):
            if not away > NEAREST_M:  # or NaN
                return False
            self.views[eye, 4:7] = eyes_m[eye]
            self.views[eye, 7:] = (
                math.atan((-half_width - x) / away),
                math.atan((half_width - x) / away),
                math.atan((half_height - y) / away),
                math.atan((-half_height - y) / away),
            )
        return True

    def before(self, head: Floats) -> bool:
        """Return whether any of it is before a head, (4, 4) in the stage's space, not behind it."""
        away = -head[:3, 2] @ (self.place[:3, 3] - head[:3, 3])
        return bool(away > -math.hypot(*self.size_m) / 2.0)


def upright(head: Floats) -> Floats | None:
    """Return the space of a stage that begins at a head, (4, 4), in the space the head is in.

    Its origin is between the eyes, +y up as there, -z where the head looks, made level.

    Args:
        head: Shape (3, 4) or (4, 4).

    Returns:
        None where that is no pose.
    """
    turned = quaternion(head[:3, :3])
    if turned is None or not np.isfinite(head[:3, 3]).all():
        return None
    left_rad = heading_rad(turned.tolist())
    cosine, sine = math.cos(left_rad), math.sin(left_rad)
    place = np.eye(4)
    place[0, 0], place[0, 2], place[2, 0], place[2, 2] = cosine, sine, -sine, cosine
    place[:3, 3] = head[:3, 3]
    return place

"""Where a stage stands: in a space of its own, upright, about where the wearer was and looked.

Runtimes put local space where they like: SteamVR's may lie a step away and face another wall. So what
is drawn stands in a space that is made anew whenever the wearer is to find it before them.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence

from ...sensors.openxr.session import Place, Session


class Centre:
    """That space.

    Attributes:
        space: XrSpace; local space until `here`.
    """

    def __init__(self, session: Session) -> None:
        """Stand in local space."""
        self._session = session
        self._head = Place(session, session.view, session.local)
        self.space = session.local
        self._destroy = session.instance.function("xrDestroySpace")

    def here(self, xr_time: int) -> bool:
        """Stand where the head is, facing where it looks; the space before is gone then.

        Args:
            xr_time: When, XrTime.

        Returns:
            Whether it is known where that is; else all stays as it was.

        Raises:
            OpenXrError: The session is lost.
        """
        known = Place.ORIENTED | Place.POSITIONED
        if self._head.locate(xr_time) & known != known:
            return False
        numbers = self._head.numbers()
        half_rad = heading_rad(numbers[:4]) / 2.0
        instance, xr = self._session.instance, self._session.instance.xr
        space = xr.Space()
        create = xr.ReferenceSpaceCreateInfo(
            reference_space_type=xr.ReferenceSpaceType.LOCAL,
            pose_in_reference_space=xr.Posef(
                xr.Quaternionf(0.0, math.sin(half_rad), 0.0, math.cos(half_rad)),
                xr.Vector3f(*numbers[4:]),
            ),
        )
        created = ctypes.byref(create), ctypes.byref(space)
        instance.call("xrCreateReferenceSpace", self._session.handle, *created)
        if self.space is not self._session.local:
            self._destroy(self.space)
        self.space = space
        return True


def heading_rad(orientation_xyzw: Sequence[float]) -> float:
    """Return how far to the left of -z a head looks, seen from above.

    Of one that looks straight up or down, where its crown or chin points to.
    """
    x, y, z, w = orientation_xyzw
    ahead = 2.0 * (x * z + w * y), 1.0 - 2.0 * (x * x + y * y)
    rises = 2.0 * (w * x - y * z)  # of the line of sight
    if abs(rises) < 0.99:
        return math.atan2(*ahead)
    up = 2.0 * (x * y - w * z), 2.0 * (y * z + w * x)  # of the crown: its x and z
    down = math.copysign(1.0, rises)
    return math.atan2(down * up[0], down * up[1])

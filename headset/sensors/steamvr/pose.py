"""A rotation as SteamVR gives it, a matrix, turned into what a `HeadSample` holds, a quaternion."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...frame import Floats

_SKEWED: Final = 0.01  # from a rotation, in any element; SteamVR's poses are single precision


def quaternion(rotation: Floats) -> Floats | None:
    """Return a rotation as a unit quaternion.

    Args:
        rotation: Shape (3, 3), columns are the axes turned.

    Returns:
        Shape (4,), xyzw with w not negative, or None: it is no rotation, or not finite.

    Source:
        S. W. Shepperd 1978, by the largest of the four, which never divides by little.
    """
    upright = np.abs(rotation @ rotation.T - np.eye(3)).max() < _SKEWED  # False for NaN
    if not upright or np.linalg.det(rotation) < 0.0:
        return None
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation.tolist()
    # Four times the quaternion's outer product with itself; its longest row is the quaternion.
    outer = np.array(
        [
            [1 + xx - yy - zz, xy + yx, xz + zx, zy - yz],
            [xy + yx, 1 - xx + yy - zz, yz + zy, xz - zx],
            [xz + zx, yz + zy, 1 - xx - yy + zz, yx - xy],
            [zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz],
        ]
    )
    longest = outer[np.diagonal(outer).argmax()]
    unit: Floats = longest / np.linalg.norm(longest)
    return -unit if unit[3] < 0.0 else unit

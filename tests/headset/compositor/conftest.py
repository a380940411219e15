"""A small head to draw, and OpenGL to draw it with."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.avatar import Avatar, Region, Target
from unvisor.headset.compositor.context import GlReport, probe
from unvisor.headset.errors import HeadsetError


@pytest.fixture(scope="session")
def drawing() -> GlReport:
    """What draws here; skips, naming the packages to install, where nothing does."""
    try:
        return probe()
    except HeadsetError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def ball() -> Avatar:
    """A ball for a head: 10 cm, its seam of doubled vertices behind, two eyeballs set into its front.

    `jawOpen` stretches the lower half down, `browInnerUp` pulls a patch above the eyes forward, and
    `cheekPuff` widens everything.
    """
    skin, faces = sphere((0.0, 0.0, 0.0), 0.1, rows=24, columns=48)
    parts, triangles, eye = [skin], [faces], [np.full(len(skin), -1)]
    centres = np.array([[0.035, 0.02, 0.085], [-0.035, 0.02, 0.085]])
    for side, centre in enumerate(centres):
        points, faces = sphere(tuple(centre.tolist()), 0.02, rows=16, columns=24)
        triangles.append(faces + sum(map(len, parts)))
        parts.append(points)
        eye.append(np.full(len(points), side))
    positions = np.concatenate(parts)
    eyes = np.concatenate(eye)
    colours = np.tile(np.array([0.45, 0.25, 0.18, 0.5]), (len(positions), 1))
    x, y, z = positions.T
    front = (eyes < 0) & (z > 0)
    return Avatar(
        positions=positions.astype(np.float32),
        triangles=np.concatenate(triangles).astype(np.uint32),
        colours=colours.astype(np.float32),
        region=np.where(eyes < 0, Region.SKIN, Region.EYE).astype(np.uint8),
        targets={
            "jawOpen": target((eyes < 0) & (y < 0), np.stack([0 * x, 0.5 * y, 0 * x], axis=-1)),
            "browInnerUp": target(front & (y > 0.05), np.array([0.0, 0.004, 0.012])),
            "cheekPuff": target(eyes < 0, 0.1 * positions),
        },
        eye_centre=centres.astype(np.float32),
        eye_radius_m=0.02,
        eye=eyes.astype(np.int8),
    )


def target(where: NDArray[np.bool_], delta: NDArray[np.float64]) -> Target:
    """Move the vertices that `where` (V,) marks by `delta` (V, 3) or (3,)."""
    index = np.flatnonzero(where)
    everywhere = np.broadcast_to(delta, (len(where), 3))
    return Target(index=index.astype(np.uint32), delta=everywhere[index].astype(np.float32))


def sphere(
    centre: tuple[float, float, float], radius: float, *, rows: int, columns: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return vertices and outward triangles of a sphere whose seam and poles are doubled vertices."""
    down = np.linspace(0.0, np.pi, rows + 1)[:, None]
    around = np.linspace(0.0, 2.0 * np.pi, columns + 1)[None, :]
    around = np.where(around == 2.0 * np.pi, 0.0, around)  # the seam meets to the bit
    points = np.stack(
        [
            -np.sin(down) * np.sin(around),
            np.cos(down) + 0.0 * around,
            -np.sin(down) * np.cos(around),
        ],
        axis=-1,
    )
    row, column = np.divmod(np.arange(rows * columns), columns)
    a = row * (columns + 1) + column
    b, c, d = a + columns + 1, a + columns + 2, a + 1
    lower, upper = np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)
    triangles = np.concatenate([lower[row < rows - 1], upper[row > 0]])  # a pole's are slivers
    return points.reshape(-1, 3) * radius + np.array(centre), triangles

from __future__ import annotations

import numpy as np

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.palette import ORIGIN_LABEL, ORIGIN_RGB, by_origin, linear
from unvisor.headset.frame import Origin
from unvisor.headset.names import ARKIT, ARKIT_INDEX


def test_linear_light_has_the_standards_values():
    assert np.allclose(linear((0, 10, 255)), [0.0, 10 / 255 / 12.92, 1.0])
    assert np.allclose(linear((188, 188, 188)), 0.5, atol=0.005)


def test_every_origin_has_a_colour_and_a_name():
    assert set(ORIGIN_RGB) == set(ORIGIN_LABEL) == set(Origin)


def test_what_moves_a_place_colours_it(ball: Avatar):
    origin = np.full(len(ARKIT), Origin.MEASURED, np.uint8)
    origin[ARKIT_INDEX["browInnerUp"]] = Origin.SYNTHESISED
    colours = by_origin(ball, origin)
    assert colours.shape == (len(ball.positions), 4)
    chin = np.argmin(ball.positions[:, 1])
    assert np.allclose(colours[chin, :3], linear(ORIGIN_RGB[Origin.MEASURED]), atol=1e-3)
    brow = np.argmax(np.where(ball.eye < 0, ball.positions @ [0, 1, 1], -1))
    violet = linear(ORIGIN_RGB[Origin.SYNTHESISED])
    green = linear(ORIGIN_RGB[Origin.MEASURED])
    assert np.linalg.norm(colours[brow, :3] - violet) < np.linalg.norm(colours[brow, :3] - green)
    assert (colours[ball.eye >= 0, 3] == 0).all()  # only skin
    assert colours[:, 3].max() < 1.0

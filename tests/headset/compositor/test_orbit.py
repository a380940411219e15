from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.compositor.orbit import (
    AWAY_M,
    BEHIND_M,
    FARTHEST_M,
    IPD_M,
    MOST_PITCH_RAD,
    MOST_YAW_RAD,
    NEAREST_M,
    Orbit,
)
from unvisor.headset.compositor.stereo.views import EyeViews

SIZE = (400, 300)
MIDDLE = np.array([0.0, 0.0, -AWAY_M - BEHIND_M])


def seen(orbit: Orbit, point: NDArray[np.float64]) -> NDArray[np.floating]:
    """Return where each eye sees a point, (2, 2), from -1 to 1 across and up its picture."""
    views = EyeViews()
    views.place(orbit.views, np.eye(4))
    clip = views.matrices @ np.append(point, 1.0)
    assert (clip[:, 3] > 0).all()
    return clip[:, :2] / clip[:, 3:]


def test_at_first_it_is_a_wearer_in_the_origin_who_looks_ahead():
    orbit = Orbit(SIZE)
    np.testing.assert_allclose(orbit.views[:, :4], [[0, 0, 0, 1]] * 2, atol=1e-7)
    np.testing.assert_allclose(orbit.views[:, 4:7].mean(axis=0), 0.0, atol=1e-7)
    assert orbit.views[1, 4] - orbit.views[0, 4] == pytest.approx(IPD_M)


@pytest.mark.parametrize("drag", [(0, 0), (90, 0), (-130, 40), (30, -70), (9000, 9000)])
def test_both_eyes_have_what_they_go_round_in_the_middle(drag: tuple[float, float]):
    orbit = Orbit(SIZE)
    orbit.move((0, 0))
    orbit.press(0)
    orbit.move(drag)
    orbit.scroll(2)
    np.testing.assert_allclose(seen(orbit, MIDDLE), 0.0, atol=1e-5)
    apart = orbit.views[1, 4:7] - orbit.views[0, 4:7]
    assert np.linalg.norm(apart) == pytest.approx(IPD_M, rel=1e-5)
    away = np.linalg.norm(orbit.views[:, 4:7].mean(axis=0) - MIDDLE)
    assert away == pytest.approx(orbit.away_m, rel=1e-5)


def test_pixels_are_square():
    above, beside = (MIDDLE + step for step in ((0, 0.1, 0), (0.1, 0, 0)))
    orbit = Orbit(SIZE)
    up, across = seen(orbit, above)[0, 1] * SIZE[1], seen(orbit, beside)[0, 0] * SIZE[0]
    assert up == pytest.approx(across, rel=1e-4)


def test_what_is_dragged_goes_with_the_mouse():
    orbit = Orbit(SIZE)
    nearer = MIDDLE + np.array((0, 0, 0.1))  # on its front, which the mouse has hold of
    orbit.move((100, 100))
    orbit.press(0)
    orbit.move((140, 120))
    x, y = seen(orbit, nearer).mean(axis=0)
    assert x > 0.05
    assert y < -0.02
    orbit.release()
    before = orbit.views.copy()
    orbit.move((300, 300))
    np.testing.assert_array_equal(orbit.views, before)


def test_it_goes_so_far_and_no_farther():
    orbit = Orbit(SIZE)
    orbit.move((0, 0))
    orbit.press(0)
    orbit.move((-1e5, 1e5))
    assert (orbit.yaw_rad, orbit.pitch_rad) == (MOST_YAW_RAD, MOST_PITCH_RAD)
    orbit.move((1e6, -1e6))
    assert (orbit.yaw_rad, orbit.pitch_rad) == (-MOST_YAW_RAD, -MOST_PITCH_RAD)
    orbit.scroll(1)
    assert orbit.away_m < AWAY_M + BEHIND_M
    orbit.scroll(1000)
    assert orbit.away_m == NEAREST_M
    orbit.scroll(-1000)
    assert orbit.away_m == FARTHEST_M
    assert np.isfinite(orbit.views).all()
    assert orbit.views[0, 9] == pytest.approx(math.radians(17.0))


def test_a_double_click_puts_it_back_and_two_clicks_apart_do_not():
    orbit = Orbit(SIZE)
    first = orbit.views.copy()
    orbit.move((0, 0))
    orbit.press(0)
    orbit.move((80, 40))
    orbit.release()
    orbit.press(NS_PER_S)
    assert orbit.yaw_rad != 0.0
    orbit.release()
    orbit.press(NS_PER_S + NS_PER_S // 5)
    np.testing.assert_array_equal(orbit.views, first)

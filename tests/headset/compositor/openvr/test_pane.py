"""Looking through a pane: what each eye is drawn is what it would see were the pane a hole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.compositor.openvr.pane import NEAREST_M, Pane, upright
from unvisor.headset.compositor.stereo.views import EyeViews

Floats = NDArray[np.float64]

SIZE_M = (0.4, 0.6)
seeds = st.integers(0, 2**32 - 1)


def anywhere(generator: np.random.Generator) -> Floats:
    """Return a pose, (4, 4)."""
    place = np.eye(4)
    place[:3, :3] = Rotation.random(rng=generator).as_matrix()
    place[:3, 3] = generator.uniform(-5, 5, 3)
    return place


def before(generator: np.random.Generator, place: Floats) -> Floats:
    """Return two eyes, (2, 3), before a pane that stands there."""
    middle = np.array([*generator.uniform(-0.5, 0.5, 2), generator.uniform(0.1, 2.0)])
    apart = Rotation.random(rng=generator).as_matrix()[0] * 0.032
    local = middle + np.stack([-apart, apart])
    local[:, 2] = np.maximum(local[:, 2], 2 * NEAREST_M)
    return local @ place[:3, :3].T + place[:3, 3]


@given(seeds)
def test_what_lies_behind_a_spot_of_the_pane_is_drawn_on_that_spot(seed: int) -> None:
    generator = np.random.default_rng(seed)
    place = anywhere(generator)
    pane, eyes = Pane(SIZE_M, place), before(generator, place)
    assert pane.look(eyes)
    views = EyeViews()
    views.place(pane.views, np.eye(4))
    for eye, position in enumerate(eyes):
        spot = generator.uniform(-1, 1, 2)  # of the pane, from its middle to its edges
        point = place @ [spot[0] * SIZE_M[0] / 2, spot[1] * SIZE_M[1] / 2, 0.0, 1.0]
        beyond = position + generator.uniform(0.3, 4.0) * (point[:3] - position)
        clip = views.matrices[eye].astype(np.float64) @ [*beyond, 1.0]
        assert clip[3] > 0
        np.testing.assert_allclose(clip[:2] / clip[3], spot, atol=2e-4)


@given(seeds)
def test_views_are_turned_as_the_pane_and_stand_where_the_eyes_are(seed: int) -> None:
    generator = np.random.default_rng(seed)
    place = anywhere(generator)
    pane, eyes = Pane(SIZE_M, place), before(generator, place)
    assert pane.look(eyes)
    np.testing.assert_allclose(pane.views[:, 4:7], eyes, atol=1e-6)
    for view in pane.views:
        np.testing.assert_allclose(
            Rotation.from_quat(view[:4]).as_matrix(), place[:3, :3], atol=1e-6
        )
        left, right, up, down = view[7:]
        assert -math.pi / 2 < left < right < math.pi / 2
        assert -math.pi / 2 < down < up < math.pi / 2


def test_an_eye_straight_before_it_sees_it_evenly() -> None:
    pane = Pane((2.0, 1.0), np.eye(4))
    assert pane.look(np.array([[0, 0, 1.0], [0, 0, 1.0]]))
    quarter, half = math.pi / 4, math.atan(0.5)
    np.testing.assert_allclose(pane.views[0, 7:], (-quarter, quarter, half, -half), atol=1e-6)


@pytest.mark.parametrize("away", [-1.0, 0.0, NEAREST_M / 2, np.nan])
def test_from_behind_or_inside_nothing_is_seen(away: float) -> None:
    pane = Pane(SIZE_M, np.eye(4))
    assert not pane.look(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, away]]))


def test_a_place_that_is_no_place_is_refused() -> None:
    with pytest.raises(ValueError, match="rotation"):
        Pane(SIZE_M, np.diag([2.0, 1.0, 1.0, 1.0]))


def test_what_is_behind_the_head_is_told_from_what_is_before_it() -> None:
    pane, head = Pane(SIZE_M, np.eye(4)), np.eye(4)
    head[2, 3] = 0.7
    assert pane.before(head)
    head[:3, :3] = Rotation.from_euler("y", 180, degrees=True).as_matrix()
    assert not pane.before(head)
    head[2, 3] = 0.2  # so near that a corner is beside the head
    assert pane.before(head)


@given(seeds)
def test_a_stage_begins_upright_where_the_head_is_and_looks(seed: int) -> None:
    generator = np.random.default_rng(seed)
    yaw, pitch, roll = generator.uniform((-3.1, -1.3, -1.5), (3.1, 1.3, 1.5))
    head = np.eye(4)
    head[:3, :3] = Rotation.from_euler("YXZ", [yaw, pitch, roll]).as_matrix()
    head[:3, 3] = generator.uniform(-5, 5, 3)
    origin = upright(head)
    assert origin is not None
    np.testing.assert_allclose(origin[:3, :3], Rotation.from_euler("Y", yaw).as_matrix(), atol=1e-9)
    np.testing.assert_array_equal(origin[:3, 3], head[:3, 3])
    np.testing.assert_array_equal(origin[3], (0, 0, 0, 1))


@pytest.mark.parametrize("pitch", [90.0, -90.0])
def test_a_head_that_looks_straight_up_or_down_still_has_a_front(pitch: float) -> None:
    head = np.eye(4)
    head[:3, :3] = Rotation.from_euler("YX", [30.0, pitch], degrees=True).as_matrix()
    origin = upright(head)
    assert origin is not None
    expected = Rotation.from_euler("Y", 30.0, degrees=True).as_matrix()
    np.testing.assert_allclose(origin[:3, :3], expected, atol=1e-6)


@pytest.mark.parametrize("wrong", [np.full((3, 4), np.nan), np.zeros((3, 4))])
def test_what_is_no_pose_begins_no_stage(wrong: Floats) -> None:
    assert upright(wrong) is None
    assert upright(np.column_stack([np.eye(3), (0.0, np.nan, 0.0)])) is None

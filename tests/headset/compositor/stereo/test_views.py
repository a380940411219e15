from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.morph import Morph
from unvisor.headset.compositor.stereo.views import NOWHERE, Coverage, EyeViews, reach
from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.names import ARKIT

from .stereo_made import FOVS, looking, projected

EYES_M = ((-0.03, 0.02, 0.7), (0.033, 0.02, 0.69))
SIZE = (200, 100)


def made() -> Iterator[NDArray[np.float64]]:
    random = np.random.default_rng(0)
    for flip in (1.0, -1.0, 1.0, -1.0):
        model = np.eye(4)
        turn = Rotation.random(rng=random).as_matrix() * np.array([flip, 1.0, 1.0])
        model[:3, :3] = turn * random.uniform(0.5, 2.0)
        model[:3, 3] = random.uniform(-0.1, 0.1, 3)
        yield model


MODELS = tuple(made())


@pytest.mark.parametrize("model", MODELS)
def test_points_are_seen_where_the_lens_puts_them(model: NDArray[np.float64]):
    located, views = looking(*EYES_M), EyeViews(near_m=0.1)
    views.place(located, model)
    for point in np.random.default_rng(1).uniform(-0.1, 0.1, (20, 3)):
        world = model @ (*point, 1.0)
        for eye in range(2):
            seen = Rotation.from_quat(located[eye, :4]).inv().apply(world[:3] - located[eye, 4:7])
            clip = views.matrices[eye] @ (*point, 1.0)
            assert clip[3] == pytest.approx(-seen[2], abs=1e-5)
            assert clip[2] == pytest.approx(0.1, abs=1e-6)  # so depth is near / distance
            np.testing.assert_allclose(clip[:2] / clip[3], projected(FOVS[eye], seen), atol=1e-4)
            tangents = seen[:2] / -seen[2]
            np.testing.assert_allclose(
                tangents * views.lens[eye, :2] + views.lens[eye, 2:],
                projected(FOVS[eye], seen),
                atol=1e-5,
            )


@pytest.mark.parametrize("model", MODELS)
def test_eyes_are_told_in_the_avatars_space(model: NDArray[np.float64]):
    views = EyeViews()
    views.place(looking(*EYES_M), model)
    for camera, position in zip(views.cameras, EYES_M, strict=True):
        np.testing.assert_allclose((model @ (*camera, 1.0))[:3], position, atol=1e-5)
    assert views.mirrored == (np.linalg.det(model[:3, :3]) < 0)


def test_no_face_leaves_its_reach(ball: Avatar):
    corners = reach(ball)
    low, high = corners.min(axis=0), corners.max(axis=0)
    random, morph = np.random.default_rng(2), Morph(ball)
    poses = [random.uniform(-0.5, 2.0, len(ARKIT)) for _ in range(10)]
    poses += [np.full(len(ARKIT), weight) for weight in (0.0, 9.0)]
    for weights in poses:
        yaw, pitch = random.uniform(-1.5, 1.5, (2, 2))
        positions, _ = morph.pose(weights, gaze_from_angles(yaw, pitch))
        assert (positions >= low - 1e-6).all()
        assert (positions <= high + 1e-6).all()
    widest, _ = morph.pose(np.full(len(ARKIT), 9.0), np.zeros((2, 3)))
    assert (high - low < 1.2 * np.ptp(widest, axis=0)).all(), "larger than it need be"


def test_without_targets_the_reach_is_the_avatar(ball: Avatar):
    still = replace(ball, targets={}, eye=np.full(len(ball.positions), -1, np.int8))
    corners = reach(still)
    np.testing.assert_array_equal(corners.min(axis=0), still.positions.min(axis=0))
    np.testing.assert_array_equal(corners.max(axis=0), still.positions.max(axis=0))


def box(middle: tuple[float, float, float], half_m: float) -> NDArray[np.float32]:
    signs = np.indices((2, 2, 2)).reshape(3, 8).T * 2.0 - 1.0
    return (np.array(middle) + half_m * signs).astype(np.float32)


@pytest.mark.parametrize("middle", [(0.0, 0.0, 0.0), (0.05, -0.03, 0.1), (-0.12, 0.0, 0.0)])
def test_an_area_holds_all_of_the_box_and_little_more(middle: tuple[float, float, float]):
    corners, views = box(middle, 0.03), EyeViews()
    views.place(looking(*EYES_M), np.eye(4))
    *areas, both = Coverage(corners, SIZE).areas(views)
    for matrix, (x, y, width, height) in zip(views.matrices, areas, strict=True):
        clip = np.column_stack([corners, np.ones(8)]) @ matrix.T
        pixels = (clip[:, :2] / clip[:, 3:] + 1.0) / 2.0 * SIZE
        pixels = np.clip(pixels, 0, SIZE)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        assert ((x, y) <= low).all()
        assert (low <= (x + 3, y + 3)).all()
        assert ((x + width, y + height) >= high).all()
        assert (high >= (x + width - 3, y + height - 3)).all()
        assert both[0] <= x
        assert both[1] <= y
        assert both[0] + both[2] >= x + width
        assert both[1] + both[3] >= y + height


def test_what_is_behind_or_aside_is_nowhere_and_what_surrounds_is_everywhere():
    views = EyeViews()
    views.place(looking(*EYES_M), np.eye(4))
    for middle in ((0.0, 0.0, 2.0), (5.0, 0.0, 0.0)):
        assert Coverage(box(middle, 0.1), SIZE).areas(views) == (NOWHERE,) * 3
    whole = (0, 0, *SIZE)
    assert Coverage(box((0.0, 0.0, 0.7), 0.1), SIZE).areas(views) == (whole,) * 3


def test_what_one_eye_sees_is_drawn_for_both():
    views = EyeViews()
    views.place(looking((0.0, 0.0, 0.7), (0.0, 0.0, -0.7), target_m=(0.0, 0.0, -9.0)), np.eye(4))
    left, right, both = Coverage(box((0.0, 0.0, 0.0), 0.05), SIZE).areas(views)
    assert right == NOWHERE
    assert left == both != NOWHERE

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.morph import Morph
from unvisor.headset.compositor.posture import NECK_RAD, Posture

from .figure_made import body

FACES = [Rotation.from_euler("YXZ", angles) for angles in ((0.4, 0.3, -0.2), (-1.9, 0.1, 0.0))]


def face(turned: Rotation) -> NDArray[np.float64]:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turned.as_matrix(), (0.2, 1.6, -0.7)
    return pose


def eyes_seen(avatar: Avatar, turned: Rotation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of both eyeballs, and the tip of the head, where they come to lie."""
    model, head = Posture(avatar).placed(face(turned))
    positions, _ = Morph(avatar).pose(np.zeros(52), np.full((2, 3), np.nan), head)
    placed = positions @ model[:3, :3].T + model[:3, 3]
    sides = [placed[avatar.eye == side].mean(axis=0) for side in range(2)]
    return np.mean(sides, axis=0), np.diff(sides, axis=0)[0]


@pytest.mark.parametrize("turned", FACES)
@pytest.mark.parametrize("whole", [True, False])
def test_eyes_are_where_the_wearers_are_and_level_as_theirs(
    ball: Avatar, turned: Rotation, whole: bool
):
    avatar = ball if whole else body(ball)
    middle, apart = eyes_seen(avatar, turned)
    at_rest = [ball.positions[ball.eye == side].mean(axis=0) for side in range(2)]
    shift = np.mean(at_rest, axis=0) - ball.eye_centre.mean(axis=0)
    np.testing.assert_allclose(middle, face(turned)[:3, 3] + turned.apply(shift), atol=1e-5)
    np.testing.assert_allclose(apart, turned.apply(at_rest[1] - at_rest[0]), atol=1e-5)


def test_a_body_stands_upright_and_turns_when_its_neck_would_not(ball: Avatar):
    posture = Posture(body(ball))
    for turned in FACES:
        model, head = posture.placed(face(turned))
        assert head is not None
        np.testing.assert_allclose(model[:3, 1], [0.0, 1.0, 0.0], atol=1e-12)
        yaw = np.arctan2(head[0, 2], head[2, 2])
        assert abs(yaw) <= NECK_RAD + 1e-9
        np.testing.assert_allclose(model[:3, :3] @ head, turned.as_matrix(), atol=1e-12)
    assert np.array_equal(posture.placed(face(FACES[0]))[0][:3, :3], np.eye(3))


def test_a_head_without_a_body_turns_as_a_whole(ball: Avatar):
    model, head = Posture(ball).placed(face(FACES[0]))
    assert head is None
    np.testing.assert_allclose(model[:3, :3], FACES[0].as_matrix())

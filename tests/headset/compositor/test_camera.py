from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.headset.compositor.avatar import Avatar, Head
from unvisor.headset.compositor.camera import Camera


def on_screen(camera: Camera, points: np.ndarray, aspect: float = 1.0) -> np.ndarray:
    """Return normalised device coordinates (N, 3): x right, y up, -1 to 1."""
    clip = np.column_stack([points, np.ones(len(points))]) @ camera.view_projection(aspect).T
    return clip[:, :3] / clip[:, 3:]


def test_the_target_is_the_middle_and_the_wearers_left_is_on_the_right():
    camera = Camera(position_m=(0.0, 0.1, 1.0), target_m=(0.0, 0.1, 0.0))
    middle, left, up = on_screen(camera, np.array([[0, 0.1, 0], [0.05, 0.1, 0], [0, 0.15, 0]]))
    assert np.allclose(middle[:2], 0.0, atol=1e-6)
    assert left[0] > 0.1
    assert abs(left[1]) < 1e-6
    assert up[1] > 0.1
    assert abs(up[0]) < 1e-6


def test_depth_runs_from_near_to_far():
    camera = Camera(position_m=(0.0, 0.0, 1.0), target_m=(0.0, 0.0, 0.0), near_m=0.1, far_m=5.0)
    near, far = on_screen(camera, np.array([[0.0, 0.0, 0.9], [0.0, 0.0, -4.0]]))
    assert near[2] == pytest.approx(-1.0, abs=1e-4)
    assert far[2] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("yaw_rad", [0.0, 0.6, -0.6])
def test_facing_frames_the_whole_avatar(ball: Avatar, yaw_rad: float):
    seen = on_screen(Camera.facing(ball, yaw_rad=yaw_rad, fill=0.9), ball.positions)
    assert np.abs(seen[:, :2]).max() < 1.0
    assert 0.75 < np.ptp(seen[:, 1]) / 2.0 < 1.0


def test_of_a_body_head_and_shoulders_are_framed(ball: Avatar):
    # A head of 20 cm on something 1.8 m tall and as wide.
    tall = np.array([[-0.9, -1.7, 0.0], [0.9, -1.7, 0.0], [0.0, -1.7, 0.1]], np.float32)
    head = Head(
        pivot_m=np.zeros(3, np.float32),
        share=np.append(np.ones(len(ball.positions)), np.zeros(3)).astype(np.float32),
        low_m=ball.positions.min(axis=0),
        high_m=ball.positions.max(axis=0),
    )
    body = replace(ball, positions=np.append(ball.positions, tall, axis=0), head=head)
    seen = on_screen(Camera.facing(body), ball.positions)
    assert np.abs(seen[:, :2]).max() < 1.0
    assert np.ptp(seen[:, 1]) / 2.0 > 0.6
    assert seen[:, 1].max() > 0.7  # there is more below it than above
    assert np.abs(on_screen(Camera.facing(body), tall)[:, 1]).min() > 1.0


def test_going_round_to_the_wearers_left_shows_the_left_side(ball: Avatar):
    assert Camera.facing(ball, yaw_rad=0.6).position_m[0] > 0.1
    assert Camera.facing(ball, pitch_rad=0.3).position_m[1] > 0.1


def test_matrices_cannot_be_changed_by_mistake():
    matrix = Camera(position_m=(0.0, 0.0, 1.0), target_m=(0.0, 0.0, 0.0)).view_projection(1.5)
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1.0

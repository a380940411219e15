from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.morph import Morph, eye_axes, face_table, morph_table, welded
from unvisor.headset.compositor.movement import clipped
from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.frame import FORWARD
from unvisor.headset.names import ARKIT, ARKIT_INDEX

REST = np.zeros(len(ARKIT))


def weights(**named: float) -> np.ndarray:
    out = REST.copy()
    for name, weight in named.items():
        out[ARKIT_INDEX[name]] = weight
    return out


def test_straight_ahead_leaves_the_eye_as_modelled():
    assert np.array_equal(eye_axes(FORWARD[0]), np.eye(3))


@pytest.mark.parametrize("missing", [[np.nan] * 3, [0.0, 0.0, 0.0], [np.nan, 0.0, -1.0]])
def test_a_missing_gaze_is_straight_ahead(missing: list[float]):
    assert np.array_equal(eye_axes(np.array(missing)), np.eye(3))


def test_the_wearers_right_is_the_avatars_minus_x():
    right = gaze_from_angles(np.array(0.3), np.array(0.0))
    assert right[0] > 0  # OpenXR: +x is the wearer's right
    assert np.allclose(eye_axes(right)[2], [-np.sin(0.3), 0.0, np.cos(0.3)])


@given(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2))
def test_a_gaze_turns_the_eye_without_rolling_it(yaw: float, pitch: float):
    gaze = gaze_from_angles(np.array(yaw), np.array(pitch))
    axes = np.array(eye_axes(gaze))
    assert np.allclose(axes @ axes.T, np.eye(3))
    assert np.isclose(np.linalg.det(axes), 1.0)
    assert np.allclose(axes[2], gaze * (-1.0, 1.0, -1.0))
    assert axes[0, 1] == 0.0  # its horizontal stays level


def test_weights_are_drawn_from_0_to_1_2_and_missing_is_rest():
    out = np.zeros(4, np.float32)
    assert np.array_equal(
        clipped(np.array([np.nan, -0.5, 1.08, 9.0]), out),
        np.array([0.0, 0.0, 1.08, 1.2], np.float32),
    )


def test_targets_add_up(ball: Avatar):
    morph = Morph(ball)
    positions, _ = morph.pose(weights(jawOpen=0.5, cheekPuff=1.0), FORWARD)
    expected = ball.positions.copy()
    for name, weight in (("jawOpen", 0.5), ("cheekPuff", 1.0)):
        expected[ball.targets[name].index] += weight * ball.targets[name].delta
    assert np.allclose(positions, expected, atol=1e-7)


def test_only_the_eye_that_looks_is_turned(ball: Avatar):
    gaze = FORWARD.copy()
    gaze[0] = gaze_from_angles(np.array(0.0), np.array(0.4))  # the left one, up
    positions, _ = Morph(ball).pose(REST, gaze)
    moved = np.abs(positions - ball.positions).max(axis=1) > 1e-6
    assert not moved[ball.eye != 0].any()
    left = ball.eye == 0
    front = np.argmax(np.where(left, ball.positions[:, 2], -np.inf))
    assert positions[front, 1] > ball.positions[front, 1] + 0.005
    away = np.linalg.norm(positions[left] - ball.eye_centre[0], axis=1)
    assert np.allclose(away, ball.eye_radius_m, atol=1e-6)


def test_normals_of_a_ball_point_outwards_across_its_seam(ball: Avatar):
    _, normals = Morph(ball).pose(REST, FORWARD)
    skin = ball.eye < 0
    outward = ball.positions[skin] / np.linalg.norm(ball.positions[skin], axis=1, keepdims=True)
    cosine = (normals[skin] * outward).sum(axis=1)
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 1.5


def test_doubled_vertices_are_one_point_and_regions_are_not_joined(ball: Avatar):
    point = welded(ball)
    assert len(np.unique(point)) < len(point)
    for name in np.unique(point):
        members = point == name
        assert np.ptp(ball.positions[members], axis=0).max() < 1e-5
        assert len(np.unique(ball.region[members])) == 1


def test_the_tables_hold_every_displacement_and_every_corner(ball: Avatar):
    starts, entries = morph_table(ball)
    assert starts[-1] == len(entries) == sum(len(t.index) for t in ball.targets.values())
    drawn = weights(jawOpen=0.3, browInnerUp=0.7).astype(np.float32)
    moved = ball.positions.copy()
    vertex = np.repeat(np.arange(len(moved)), np.diff(starts.astype(np.int64)))
    np.add.at(moved, vertex, drawn[entries["target"]][:, None] * entries["delta"])
    assert np.allclose(moved, Morph(ball).pose(drawn, FORWARD)[0], atol=1e-7)

    ranges, corners = face_table(ball)
    assert len(corners) == ball.triangles.size
    for vertex in range(0, len(ranges), 97):
        first, last = ranges[vertex]
        point = ball.positions[vertex]
        a, b = (ball.positions[corners[first:last, k]] for k in range(2))
        normal = np.cross(a - point, b - point).sum(axis=0)
        expected = Morph(ball).normals(ball.positions)[vertex]
        assert np.allclose(normal / np.linalg.norm(normal), expected, atol=1e-4)

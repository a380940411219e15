from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.morph import Morph
from unvisor.headset.compositor.occlusion import KEY, Baker, baked_light, curvature, smoothed

pytestmark = pytest.mark.gl


def test_a_ball_sees_the_sky_and_its_lit_half_the_key(drawing: GlReport, ball: Avatar):
    skin = ball.eye < 0
    triangles = ball.triangles[skin[ball.triangles[:, 0]]]
    positions = ball.positions[skin]
    normals = Morph(ball).normals(ball.positions)[skin]
    with Context():
        baker = Baker(triangles, len(positions))
        sky, key = baker.bake(positions, normals)
        baker.close()
    assert sky.min() > 0.85
    towards = normals @ np.array(KEY)
    assert key[towards > 0.3].min() == 1.0
    assert key[towards < -0.5].max() == 0.0


def test_what_is_enclosed_is_dark(drawing: GlReport, ball: Avatar):
    skin = np.flatnonzero(ball.eye < 0)
    inner = ball.positions[skin] * np.float32(0.5)
    positions = np.concatenate([ball.positions[skin], inner])
    triangles = ball.triangles[ball.eye[ball.triangles[:, 0]] < 0]
    both = np.concatenate([triangles, triangles + np.uint32(len(skin))]).astype(np.uint32)
    normals = np.tile(Morph(ball).normals(ball.positions)[skin], (2, 1))
    with Context():
        baker = Baker(both, len(positions))
        sky, key = baker.bake(positions, normals)
        baker.close()
    assert sky[len(skin) :].max() == 0.0
    assert key[len(skin) :].max() == 0.0


def test_the_curvature_of_a_ball_is_that_of_its_radius(ball: Avatar):
    normals = Morph(ball).normals(ball.positions)
    bend = curvature(ball.positions, normals, ball.triangles)
    away_from_poles = (ball.eye < 0) & (np.abs(ball.positions[:, 1]) < 0.07)
    assert np.allclose(bend[away_from_poles], 1.0 / 0.1, rtol=0.12)


def test_smoothing_keeps_what_is_even_and_evens_what_is_not(ball: Avatar):
    even = np.full(len(ball.positions), 0.4, np.float32)
    assert np.allclose(smoothed(even, ball.triangles, rounds=3), even)
    rough = np.random.default_rng(0).random(len(even)).astype(np.float32)
    assert smoothed(rough, ball.triangles, rounds=3).std() < 0.5 * rough.std()


def test_an_eye_that_turns_brings_no_darkness_out_of_its_socket(drawing: GlReport, ball: Avatar):
    with Context():
        light = baked_light(ball)
    for side in range(2):
        sky, open_sky, key = light[ball.eye == side, :3].T
        assert np.ptp(sky) == np.ptp(open_sky) == np.ptp(key) == 0.0
        assert sky[0] > 0.5
    assert np.ptp(light[ball.eye < 0, 0]) > 0.1

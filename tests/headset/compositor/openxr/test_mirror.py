"""The mirror shows what a mirror shows: nearer when one comes nearer, one's left on the left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.camera import Camera
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.figure import Figure
from unvisor.headset.compositor.openxr.mirror import (
    AWAY_M,
    FAR_M,
    NEAR_M,
    Mirror,
    head_pose,
    projection,
    reflected,
    rigid,
)
from unvisor.headset.compositor.openxr.swapchain import Target
from unvisor.headset.frame import FORWARD
from unvisor.headset.link_layout import FACE, DrawnFace, fill
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX
from unvisor.headset.plug import GOLDEN_FACE

from ..conftest import target

SIZE = (160, 160)
HALF_RAD = 0.25
AHEAD = (0.0, 0.0, 0.0, 1.0)


def views(
    position_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    orientation_xyzw: tuple[float, ...] = AHEAD,
) -> NDArray[np.float32]:
    """Two eyes 64 mm apart, as OpenXR gives them."""
    turned = Rotation.from_quat(orientation_xyzw)
    angles = (-HALF_RAD, HALF_RAD, HALF_RAD, -HALF_RAD)
    return np.array(
        [
            (*orientation_xyzw, *(position_m + turned.apply((x, 0.0, 0.0))), *angles)
            for x in (-0.032, 0.032)
        ],
        np.float32,
    )


def shown(seen: NDArray[np.float32], point_m: tuple[float, float, float]) -> NDArray[np.float64]:
    """Where a point of the avatar, about its eyes, is seen in the room."""
    return (reflected(head_pose(seen)) @ (*point_m, 1.0))[:3]


def test_the_image_stands_opposite_with_the_wearers_left_on_the_left():
    np.testing.assert_allclose(shown(views(), (0, 0, 0)), (0, 0, -AWAY_M), atol=1e-7)
    np.testing.assert_allclose(shown(views(), (0.05, 0, 0)), (-0.05, 0, -AWAY_M), atol=1e-7)
    np.testing.assert_allclose(shown(views(), (0, 0.05, 0)), (0, 0.05, -AWAY_M), atol=1e-7)
    np.testing.assert_allclose(shown(views(), (0, 0, 0.05)), (0, 0, 0.05 - AWAY_M), atol=1e-7)


def test_the_image_moves_as_a_mirrors_does():
    for position, image in (
        ((0.1, 0.0, 0.0), (0.1, 0.0, -AWAY_M)),
        ((0.0, 0.2, 0.0), (0.0, 0.2, -AWAY_M)),
        ((0.0, 0.0, -0.1), (0.0, 0.0, 0.1 - AWAY_M)),  # a step towards it
    ):
        np.testing.assert_allclose(shown(views(position), (0, 0, 0)), image, atol=1e-6)


def test_the_image_turns_as_a_mirrors_does():
    """A head turned to its left looks to the left of the room, and so does its image."""
    left = tuple(Rotation.from_euler("y", 0.4).as_quat())
    nose = shown(views(orientation_xyzw=left), (0, 0, 0.1))
    np.testing.assert_allclose(
        nose, (-0.1 * math.sin(0.4), 0.0, 0.1 * math.cos(0.4) - AWAY_M), atol=1e-6
    )
    down = tuple(Rotation.from_euler("x", -0.4).as_quat())
    assert shown(views(orientation_xyzw=down), (0, 0, 0.1))[1] < 0


def test_a_pose_is_the_rotation_its_quaternion_says():
    random = np.random.default_rng(0)
    for _ in range(20):
        turn = Rotation.random(rng=random)
        position = random.uniform(-2, 2, 3)
        matrix = rigid(np.array([*turn.as_quat(), *position], np.float32))
        np.testing.assert_allclose(matrix[:3, :3], turn.as_matrix(), atol=1e-6)
        np.testing.assert_allclose(matrix[:3, 3], position, atol=1e-6)
        np.testing.assert_array_equal(matrix[3], (0, 0, 0, 1))


def test_the_edges_of_a_lopsided_view_are_the_edges_of_the_picture():
    angles = np.array((-0.9, 0.7, 0.5, -0.8), np.float32)
    matrix = projection(angles)
    left, right, up, down = (math.tan(angle) for angle in angles)
    for x, y, corner in ((left, down, (-1, -1)), (right, up, (1, 1)), (left, up, (-1, 1))):
        for depth_m, clip_z in ((NEAR_M, -1.0), (FAR_M, 1.0)):
            clip = matrix @ (x * depth_m, y * depth_m, -depth_m, 1.0)
            np.testing.assert_allclose(clip[:3] / clip[3], (*corner, clip_z), atol=1e-5)


def test_an_even_view_is_a_cameras():
    camera = Camera(
        position_m=(0.0, 0.0, 0.0),
        target_m=(0.0, 0.0, -1.0),
        fov_y_rad=2 * HALF_RAD,
        near_m=NEAR_M,
        far_m=FAR_M,
    )
    angles = np.array((-HALF_RAD, HALF_RAD, HALF_RAD, -HALF_RAD), np.float32)
    np.testing.assert_allclose(projection(angles), camera.view_projection(1.0), atol=1e-5)


def face(shape: str, weight: float, **more: object) -> DrawnFace:
    weights = np.zeros(len(UNIFIED))
    weights[UNIFIED_INDEX[shape]] = weight
    record = np.zeros(1, FACE.record)[0]
    fill(record, replace(GOLDEN_FACE, weights=weights, gaze=FORWARD, openness=np.ones(2), **more))
    return DrawnFace(record)


@pytest.fixture(scope="module")
def mirror(drawing: GlReport, ball: Avatar) -> Iterator[Mirror]:
    x = ball.positions[:, 0]
    bump = target((ball.eye < 0) & (x > 0.05), np.array([0.03, 0.0, 0.0]))
    with Context():
        made = Mirror(replace(ball, targets={"noseSneerLeft": bump}))
        yield made
        made.close()


@pytest.fixture(scope="module")
def canvas(mirror: Mirror) -> Iterator[Target]:
    made = Target(SIZE, int(gl.api().GL_SRGB8_ALPHA8), samples=4)
    yield made
    made.close()


def picture(
    mirror: Mirror, canvas: Target, view: NDArray[np.float32] | None = None
) -> NDArray[np.int64]:
    """Draw one eye's view, the left one's by default."""
    mirror.pose(views())
    canvas.begin(mirror.background)
    mirror.draw(views()[0] if view is None else view)
    return fetched(canvas)


def fetched(canvas: Target) -> NDArray[np.int64]:
    """Return what was drawn, (H, W, 3), first row at the top, by way of a second target."""
    api = gl.api()
    plain = Target(SIZE, int(api.GL_SRGB8_ALPHA8), samples=1)
    plain.begin(np.zeros(4, np.float32))
    framebuffer = int(api.glGetIntegerv(api.GL_DRAW_FRAMEBUFFER_BINDING))
    canvas.blit(framebuffer)
    api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, framebuffer)
    pixels = np.empty((SIZE[1], SIZE[0], 4), np.uint8)
    api.glReadPixels(0, 0, *SIZE, api.GL_RGBA, api.GL_UNSIGNED_BYTE, pixels)
    gl.check("a picture")
    plain.close()
    return pixels[::-1, :, :3].astype(np.int64)


@pytest.mark.gl
def test_a_move_of_the_left_is_seen_on_the_left(mirror: Mirror, canvas: Target):
    mirror.take(face("NoseSneerLeft", 0.0), 0)
    rest = picture(mirror, canvas)
    assert np.abs(rest - rest[0, 0]).sum(axis=2).astype(bool).mean() > 0.1, "no head to be seen"
    mirror.take(face("NoseSneerLeft", 1.0), 0)
    moved = np.abs(picture(mirror, canvas) - rest).sum(axis=2) > 30
    columns = np.nonzero(moved)[1]
    assert len(columns) > 50
    assert (columns < SIZE[0] / 2).all()


@pytest.mark.gl
def test_a_face_that_stays_away_is_still_shown_and_carried_on(mirror: Mirror, canvas: Target):
    rate = np.zeros(len(UNIFIED))
    rate[UNIFIED_INDEX["NoseSneerLeft"]] = 10.0
    mirror.take(face("NoseSneerLeft", 0.0, time_ns=1_000, rate=rate), 1_000)
    rest = picture(mirror, canvas)
    mirror.take(None, 1_000)
    np.testing.assert_array_equal(picture(mirror, canvas), rest)
    mirror.take(None, 1_000 + 100_000_000)  # a tenth of a second on it is 1
    later = picture(mirror, canvas)
    mirror.take(face("NoseSneerLeft", 1.0), 0)
    np.testing.assert_allclose(later, picture(mirror, canvas), atol=1)
    assert np.abs(later - rest).max() > 30


@pytest.mark.gl
def test_near_things_are_farther_right_for_the_left_eye(mirror: Mirror, canvas: Target):
    mirror.take(face("NoseSneerLeft", 0.0), 0)
    left, right = (picture(mirror, canvas, views()[eye]) for eye in (0, 1))
    middles = [np.nonzero(np.abs(p - p[0, 0]).sum(axis=2) > 30)[1].mean() for p in (left, right)]
    assert middles[0] > middles[1] + 5


@pytest.mark.gl
def test_the_picture_is_that_of_one_face_to_face_turned_round(
    mirror: Mirror, canvas: Target, ball: Avatar
):
    """Were triangles not turned round with it, the inside of the head would be seen."""
    mirror.take(face("NoseSneerLeft", 0.0), 0)
    eye = views()[0]
    eye[4:7] = 0.0  # midway between both
    mirrored = picture(mirror, canvas, eye)
    x, y, z = (float(c) for c in ball.eye_centre.mean(axis=0))
    camera = Camera(
        position_m=(x, y, z + AWAY_M),
        target_m=(x, y, z),
        fov_y_rad=2 * HALF_RAD,
        near_m=NEAR_M,
        far_m=FAR_M,
    )
    figure = Figure(ball)
    canvas.begin(mirror.background)
    figure.shade(camera.view_projection(1.0), camera.position_m)
    facing = fetched(canvas)
    figure.close()
    unlike = np.abs(mirrored[:, ::-1] - facing).max(axis=2) > 8
    assert unlike.mean() < 0.02, "more than the edges differs"

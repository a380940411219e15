from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.figure import layer_extension
from unvisor.headset.compositor.renderer import BACKGROUND
from unvisor.headset.compositor.stereo.renderer import StereoRenderer
from unvisor.headset.compositor.stereo.target import StereoTarget
from unvisor.headset.compositor.stereo.views import EyeViews
from unvisor.headset.compositor.studio import FLOOR_M, FRAME_M, MIRROR_M, Studio, room_mesh
from unvisor.headset.frame import FORWARD
from unvisor.headset.names import ARKIT

from .images.difference import difference
from .stereo.stereo_made import as_light, looking, pictures, projected

SIZE = (128, 128)
FOV = (-0.8, 0.8, 0.8, -0.8)
EYES_M = ((-0.032, 0.0, 0.0), (0.032, 0.0, 0.0))
AHEAD = (0.0, 0.0, -1.0)

Pictures = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def target(drawing: GlReport) -> Iterator[StereoTarget]:
    with Context():
        api = gl.api()
        made = StereoTarget(
            SIZE,
            image_format=int(api.GL_SRGB8_ALPHA8),
            depth_format=int(api.GL_DEPTH_COMPONENT32F),
            samples=1,
        )
        yield made
        made.close()


def seen(
    target: StereoTarget,
    *,
    towards_m: tuple[float, float, float] = AHEAD,
    layers: str | None = None,
    mirror_m: float | None = MIRROR_M,
) -> Pictures:
    """Return what each eye sees of the room, first row at the top."""
    views = EyeViews()
    views.place(eyes(towards_m), np.eye(4))
    studio = Studio(layers=layers, mirror_m=mirror_m)
    target.begin(np.array((*BACKGROUND, 1.0), np.float32), (0, 0, *SIZE))
    matrices = views.matrices.copy()
    if not target.zero_to_one:
        matrices[:, 2] = 2.0 * matrices[:, 2] - matrices[:, 3]
    if layers:
        studio.draw(matrices, views.cameras)
    else:
        for eye in range(2):
            target.only(eye)
            studio.draw(matrices[eye], views.cameras[eye])
    target.end()
    studio.close()
    gl.check("drawing a room")
    return [pixels(target.eyes[eye]) for eye in range(2)]


def eyes(towards_m: tuple[float, float, float]) -> NDArray[np.float32]:
    """Return eyes (2, 11) that look the same way, as in a headset, not at the same thing."""
    rows = [looking(eye, target_m=tuple(np.add(eye, towards_m)), fovs=(FOV,)) for eye in EYES_M]
    return np.concatenate(rows)


def pixels(frame: int) -> NDArray[np.uint8]:
    api = gl.api()
    found = np.empty((SIZE[1], SIZE[0], 4), np.uint8)
    api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, frame)
    api.glReadPixels(0, 0, *SIZE, api.GL_RGBA, api.GL_UNSIGNED_BYTE, found)
    return np.ascontiguousarray(found[::-1, :, :3])


def pixel(point_m: tuple[float, float, float], eye: int) -> tuple[int, int]:
    """Return the row and column where an eye that looks ahead sees a point."""
    x, y = projected(FOV, np.subtract(point_m, EYES_M[eye]))
    return round((1 - y) / 2 * SIZE[1] - 0.5), round((x + 1) / 2 * SIZE[0] - 0.5)


def test_it_is_small_and_stands_where_it_should():
    corners, triangles = room_mesh(FLOOR_M, MIRROR_M)
    assert len(triangles) < 2000
    floor = corners[corners["normal"][:, 3] == 0.0]
    assert floor["position"][:, 1].min() == pytest.approx(FLOOR_M)
    frame = corners[corners["normal"][:, 3] == 1.0]["position"]
    assert frame[:, 2].mean() == pytest.approx(MIRROR_M, abs=0.005)
    assert 2 * np.abs(frame[:, :2]).min(axis=0) == pytest.approx(FRAME_M)
    assert len(room_mesh(FLOOR_M, None)[0]) == len(floor)


def test_normals_of_the_frame_point_out_of_it():
    corners, triangles = room_mesh(FLOOR_M, MIRROR_M)
    frame = triangles[corners["normal"][triangles[:, 0], 3] == 1.0]
    a, b, c = (corners["position"][frame[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    assert (np.einsum("ij,ij->i", faces, corners["normal"][frame[:, 0], :3]) > 0).all()


@pytest.mark.gl
def test_both_eyes_at_once_are_as_one_after_the_other(target: StereoTarget):
    layers = layer_extension()
    if layers is None:
        pytest.skip("elsewhere: this driver lets no vertex choose its layer")
    for one, other in zip(seen(target, layers=layers), seen(target), strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


@pytest.mark.gl
def test_the_frame_is_as_far_as_the_mirror(target: StereoTarget):
    height = 0.10
    middle = FRAME_M[0] / 2 + 0.007  # of the bar to the right
    for eye, (framed, bare) in enumerate(
        zip(seen(target), seen(target, mirror_m=None), strict=True)
    ):
        changed = np.abs(framed.astype(int) - bare).max(axis=2) > 12
        row, column = pixel((middle, height, MIRROR_M), eye)
        assert changed[row, column]
        assert not changed[row, column - 8 : column - 2].any()
        assert not changed[row, column + 3 : column + 9].any()


@pytest.mark.gl
def test_ahead_it_is_the_ground_and_below_it_is_a_floor_of_tiles(target: StereoTarget):
    picture = as_light(seen(target, mirror_m=None)[0])
    middle = picture[SIZE[1] // 2 - 4 : SIZE[1] // 2, :]
    assert np.abs(middle - BACKGROUND).max() < 0.004  # no edge where the room ends
    assert np.abs(picture[:8] - BACKGROUND).max() < 0.004
    floor = picture[-20:]
    assert floor.mean() > 1.5 * np.mean(BACKGROUND)
    down = as_light(seen(target, towards_m=(0.0, -1.0, -0.5), mirror_m=None)[0]).mean(axis=2)
    steps = np.abs(np.diff(down[SIZE[1] // 2]))
    assert np.count_nonzero(steps > 0.1 * down.mean()) >= 4  # joints: dark, and light again


@pytest.mark.gl
def test_the_floor_is_seen_in_depth(target: StereoTarget):
    left, right = seen(target, towards_m=(0.0, -1.0, -0.5), mirror_m=None)
    apart_px = EYES_M[1][0] * 2 / -FLOOR_M / (2 * math.tan(FOV[1])) * SIZE[0]
    shifts = range(6)
    costs = [difference(left[:, 8:-8], np.roll(right, s, axis=1)[:, 8:-8]).mean for s in shifts]
    assert abs(int(np.argmin(costs)) - apart_px) < 1.0


@pytest.mark.gl
@pytest.mark.parametrize("layered", [True, False])
def test_the_image_ends_where_the_mirror_does(drawing: GlReport, ball: Avatar, layered: bool):
    """Of a ball behind the frame's right edge, seen from before its middle, the left half is seen."""
    place = np.eye(4)
    shown: list[Pictures] = []
    light = np.ones((len(ball.positions), 4), np.float32)
    with (
        Context(),
        StereoRenderer(
            ball, size=SIZE, samples=1, light=light, layered=layered, room=True
        ) as renderer,
    ):
        views, around = EyeViews(), EyeViews()
        around.place(eyes(AHEAD), np.eye(4))
        for place[:3, 3] in ((FRAME_M[0], 0.0, 2 * MIRROR_M), (0.0, 0.0, 9.0)):
            views.place(eyes(AHEAD), place)
            renderer.draw(views, np.zeros(len(ARKIT)), FORWARD, around=around)
            shown.append([np.asarray(picture, np.uint8) for picture in pictures(renderer)])
    for eye, (with_it, without) in enumerate(zip(*shown, strict=True)):
        columns = np.nonzero((with_it != without).any(axis=(0, 2)))[0]
        _, edge = pixel((FRAME_M[0] / 2, 0.0, MIRROR_M), eye)
        assert abs(columns.max() - edge) <= 1
        assert columns.min() < edge - 3

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar, Target
from unvisor.headset.compositor.camera import Camera
from unvisor.headset.compositor.canvas import Canvas
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.figure import Figure
from unvisor.headset.compositor.floor import small_head
from unvisor.headset.compositor.renderer import BACKGROUND
from unvisor.headset.compositor.stereo.renderer import StereoRenderer
from unvisor.headset.compositor.stereo.views import EyeViews
from unvisor.headset.errors import HeadsetError
from unvisor.headset.frame import FORWARD
from unvisor.headset.names import ARKIT

from .stereo_made import (
    HALF_RAD,
    as_light,
    depths,
    even,
    fetched,
    fetched_light,
    looking,
    pictures,
    projected,
    texture,
)

pytestmark = pytest.mark.gl

SIZE = (96, 80)
SQUARE = (96, 96)
REST = np.zeros(len(ARKIT))
SMILE = np.linspace(0.0, 1.0, len(ARKIT))
EYES_M = ((-0.032, 0.01, 0.75), (0.032, 0.01, 0.75))


@pytest.fixture(scope="module")
def context(drawing: GlReport) -> Iterator[Context]:
    with Context() as made:
        yield made


@pytest.fixture(scope="module")
def renderer(context: Context, ball: Avatar) -> Iterator[StereoRenderer]:
    with StereoRenderer(ball, size=SIZE) as made:
        yield made


@pytest.fixture(scope="module")
def in_turn(context: Context, ball: Avatar) -> Iterator[StereoRenderer]:
    with StereoRenderer(ball, size=SIZE, layered=False) as made:
        yield made


@pytest.fixture
def views() -> EyeViews:
    made = EyeViews()
    made.place(looking(*EYES_M), np.eye(4))
    return made


def test_both_eyes_at_once_are_both_eyes_in_turn(
    renderer: StereoRenderer, in_turn: StereoRenderer, views: EyeViews
):
    if not renderer.layered:
        pytest.skip("elsewhere: this driver lets no vertex choose its layer")
    assert not in_turn.layered
    seen: list[list[NDArray[np.int64]]] = []
    for one in (renderer, in_turn):
        one.draw(views, SMILE, FORWARD)
        seen.append(pictures(one))
    for at_once, one_by_one in zip(*seen, strict=True):
        assert np.abs(at_once - one_by_one).max() <= 1
    assert np.abs(seen[0][0] - seen[0][1]).max() > 60, "both eyes see one picture"


@pytest.mark.parametrize("samples", [1, 4])
def test_each_eye_sees_what_a_camera_there_does(context: Context, ball: Avatar, samples: int):
    cameras = [
        Camera(position_m=place, target_m=(0.0, 0.02, 0.0), fov_y_rad=2 * HALF_RAD)
        for place in ((-0.2, 0.1, 0.7), (0.1, 0.0, 0.8))
    ]
    views = EyeViews(near_m=cameras[0].near_m)
    located = looking(
        *(camera.position_m for camera in cameras),
        target_m=(0.0, 0.02, 0.0),
        fovs=tuple(map(even, cameras)),
    )
    views.place(located, np.eye(4))
    with StereoRenderer(ball, size=SQUARE, samples=samples) as renderer:
        renderer.draw(views, SMILE, FORWARD)
        seen = pictures(renderer)
    figure, canvas = Figure(ball), Canvas(SQUARE, samples=samples)
    for camera, picture in zip(cameras, seen, strict=True):
        figure.pose(SMILE, FORWARD)
        canvas.begin(np.array((*BACKGROUND, 1.0), np.float32))
        figure.shade(camera.view_projection(1.0), camera.position_m)
        unlike = np.abs(picture - canvas.read().astype(np.int64)).max(axis=2)
        assert np.ptp(picture) > 100
        assert (unlike > 2).mean() < 0.002, "more than an edge or two"
    figure.close()
    canvas.close()


def test_depth_is_near_over_distance(context: Context):
    """A wall of 20 cm at four distances, looked at straight: near, then beyond any far plane."""
    views = EyeViews(near_m=0.1)
    wall = small_head()
    with StereoRenderer(wall, size=SIZE) as renderer:
        for distance_m in (0.2, 1.0, 100.0, 10_000.0):
            model = np.diag([distance_m, distance_m, 1.0, 1.0])  # so that it fills the picture
            model[2, 3] = -distance_m
            ahead = looking((0, 0, 0), (0, 0, 0), target_m=(0, 0, -1))
            views.place(ahead, model)
            renderer.draw(views, REST, FORWARD)
            for depth in depths(renderer):
                middle = depth[SIZE[1] // 2, SIZE[0] // 2]
                assert middle == pytest.approx(0.1 / distance_m, rel=1e-5)
        views.place(looking((0, 0, 9), (0, 0, 9), target_m=(0, 0, 10)), np.eye(4))
        renderer.draw(views, REST, FORWARD)
        assert not any(depth.any() for depth in depths(renderer)), "what is empty is farthest"


def test_what_is_nearer_hides_what_is_farther_however_far(context: Context):
    """Two walls a thousandth apart, a hundred metres off: the near one is seen."""
    wall = small_head()
    back = wall.positions + np.array([0.0, 0.0, -0.001], np.float32)
    both = replace(
        wall,
        positions=np.concatenate([wall.positions, back]),
        triangles=np.concatenate([wall.triangles + len(back), wall.triangles]),
        colours=np.repeat(
            np.array([[0.9, 0.9, 0.9, 1], [0.01, 0.01, 0.01, 1]]), len(back), 0
        ).astype(np.float32),
        region=np.full(2 * len(back), 4, np.uint8),
        targets={},
        eye=np.full(2 * len(back), -1, np.int8),
    )
    model = np.diag([100.0, 100.0, 100.0, 1.0])
    model[2, 3] = -100.0
    views = EyeViews()
    views.place(looking((0, 0, 0), (0, 0, 0), target_m=(0, 0, -1)), model)
    with StereoRenderer(both, size=SIZE) as renderer:
        renderer.draw(views, REST, FORWARD)
        for picture in pictures(renderer):
            middle = picture[30:50, 40:56]
            assert middle.min() > 100, "the dark wall shows through"


def test_every_format_shows_the_same(renderer: StereoRenderer, views: EyeViews):
    api = gl.api()
    renderer.draw(views, SMILE, FORWARD)
    for eye, expected in enumerate(pictures(renderer)):
        light = as_light(expected.astype(np.uint8))
        half = texture(api.GL_RGBA16F, SIZE)
        renderer.resolve(eye, half, SIZE, api.GL_RGBA16F)
        assert np.abs(fetched_light(half, SIZE)[..., :3] - light).max() < 0.005
        encoded, plain = texture(api.GL_RGBA8, SIZE), texture(api.GL_RGBA8, SIZE)
        renderer.resolve(eye, encoded, SIZE, api.GL_RGBA8)
        assert np.abs(fetched(encoded, SIZE)[..., :3] - expected).max() <= 1
        renderer.resolve(eye, plain, SIZE, api.GL_RGBA8, encode=False)
        assert np.abs(fetched(plain, SIZE)[..., :3] / 255.0 - light).max() < 0.006
        for name, opaque in ((half, 1.0), (encoded, 255), (plain, 255)):
            fetch = fetched_light if name == half else fetched
            assert (fetch(name, SIZE)[..., 3] == opaque).all()
    renderer.forget()


def test_light_brighter_than_bytes_hold_is_drawn_as_floats(
    context: Context, ball: Avatar, renderer: StereoRenderer, views: EyeViews
):
    api = gl.api()
    with StereoRenderer(ball, size=SIZE, image_format=api.GL_RGBA16F) as floats:
        for one in (renderer, floats):
            one.draw(views, SMILE, FORWARD)
        name = texture(api.GL_RGBA16F, SIZE)
        floats.resolve(0, name, SIZE, api.GL_RGBA16F)
        light = as_light(pictures(renderer)[0].astype(np.uint8))
        assert np.abs(fetched_light(name, SIZE)[..., :3] - light).max() < 0.02


def test_two_eyes_fit_side_by_side_in_one_texture(renderer: StereoRenderer, views: EyeViews):
    api = gl.api()
    renderer.draw(views, SMILE, FORWARD)
    expected = pictures(renderer)
    for image_format in (api.GL_SRGB8_ALPHA8, api.GL_RGBA8):
        wide = (2 * SIZE[0], SIZE[1])
        name = texture(image_format, wide)
        for eye in range(2):
            renderer.resolve(eye, name, SIZE, image_format, at=(eye * SIZE[0], 0))
        found = fetched(name, wide)[..., :3].astype(np.int64)
        assert np.abs(found - np.concatenate(expected, axis=1)).max() <= 1
    renderer.forget()


def test_a_smaller_picture_is_the_same_one(renderer: StereoRenderer, views: EyeViews):
    api = gl.api()
    renderer.draw(views, SMILE, FORWARD)
    expected = pictures(renderer)[0]
    half = (SIZE[0] // 2, SIZE[1] // 2)
    name = texture(api.GL_SRGB8_ALPHA8, half)
    renderer.resolve(0, name, half, api.GL_SRGB8_ALPHA8)
    found = as_light(fetched(name, half)[..., :3])
    blocks = as_light(expected.astype(np.uint8)).reshape(half[1], 2, half[0], 2, 3)
    assert np.abs(found - blocks.mean(axis=(1, 3))).max() < 0.01
    depth = texture(api.GL_DEPTH_COMPONENT32F, half)
    with pytest.raises(ValueError, match="no other size"):
        renderer.resolve(0, name, half, api.GL_SRGB8_ALPHA8, depth=depth)
    renderer.forget()


@pytest.mark.parametrize("at_once", [True, False])
def test_what_no_eye_sees_is_not_drawn(
    renderer: StereoRenderer, in_turn: StereoRenderer, views: EyeViews, at_once: bool
):
    """The left third of the left eye's view is behind the lens's edge."""
    one = renderer if at_once else in_turn
    one.draw(views, SMILE, FORWARD)
    whole = pictures(one)
    low, high = -0.3, -0.02
    corners = np.array([[low, -1], [high, -1], [high, 1], [low, 1]], np.float32)
    one.hide(0, corners, np.array([[0, 1, 2], [0, 2, 3]]))
    one.draw(views, SMILE, FORWARD)
    left, right = pictures(one)
    edge = (projected(tuple(looking(*EYES_M)[0, 7:].tolist()), np.array([high, 0, -1]))[0] + 1) / 2
    column = edge * SIZE[0]
    hidden, shown = left[:, : int(column) - 1], left[:, int(column) + 2 :]
    assert np.ptp(hidden.reshape(-1, 3), axis=0).max() == 0
    assert np.ptp(whole[0][:, : int(column) - 1]) > 60, "there was something to hide"
    np.testing.assert_array_equal(shown, whole[0][:, int(column) + 2 :])
    np.testing.assert_array_equal(right, whole[1])
    one.hide(0, corners, np.zeros((0, 3), np.int64))
    one.draw(views, SMILE, FORWARD)
    np.testing.assert_array_equal(pictures(one)[0], whole[0])


def test_what_is_drawn_in_part_is_what_is_drawn_whole(
    renderer: StereoRenderer, ball: Avatar, views: EyeViews
):
    """A face in the corner, and the same with a loose point that could come past the eyes."""
    model = np.eye(4)
    model[:3, 3] = (0.11, 0.09, 0.05)
    views.place(looking(*EYES_M), model)
    last = len(ball.positions)
    loose = Target(index=np.array([last], np.uint32), delta=np.array([[0, 0, 5]], np.float32))
    everywhere = replace(
        ball,
        positions=np.append(ball.positions, ball.positions[:1], axis=0),
        colours=np.append(ball.colours, ball.colours[:1], axis=0),
        region=np.append(ball.region, ball.region[:1]),
        eye=np.append(ball.eye, ball.eye[:1]),
        targets={**ball.targets, "tongueOut": loose},
    )
    renderer.draw(views, SMILE, FORWARD)
    expected = pictures(renderer), depths(renderer)
    assert all((depth == 0.0).mean() > 0.5 for depth in expected[1])
    with StereoRenderer(everywhere, size=SIZE) as whole:
        whole.draw(views, SMILE, FORWARD)
        np.testing.assert_array_equal(pictures(whole), expected[0])
        np.testing.assert_array_equal(depths(whole), expected[1])


def test_a_mirror_shows_the_same_turned_round(renderer: StereoRenderer):
    """From the middle, what x = -x does to the model is what turning the picture does."""
    views, straight = EyeViews(), ((-0.18, 0.18, 0.17, -0.19),) * 2
    ahead = looking((0.0, 0.01, 0.7), (0.0, 0.01, 0.7), fovs=straight)
    shown: list[NDArray[np.int64]] = []
    for flip in (1.0, -1.0):
        views.place(ahead, np.diag([flip, 1.0, 1.0, 1.0]))
        renderer.draw(views, SMILE, FORWARD)
        shown.append(pictures(renderer)[0])
    unlike = np.abs(shown[0] - shown[1][:, ::-1]).max(axis=2)
    assert (unlike > 8).mean() < 0.03, "more than edges, whose samples lie otherwise"


def test_the_face_is_asked_for_once_a_frame_for_when_it_is_seen(
    renderer: StereoRenderer, views: EyeViews
):
    asked: list[int] = []

    def newest(display_ns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        asked.append(display_ns)
        return SMILE * (display_ns / 1000), FORWARD

    renderer.draw_latched(views, newest, 0)
    rest = pictures(renderer)
    renderer.draw_latched(views, newest, 1000)
    smiling = pictures(renderer)
    assert asked == [0, 1000]
    renderer.draw(views, SMILE, FORWARD)
    np.testing.assert_array_equal(pictures(renderer), smiling)
    assert np.abs(smiling[0] - rest[0]).max() > 60


def test_many_frames_do_not_disturb_each_other(renderer: StereoRenderer, views: EyeViews):
    renderer.draw(views, REST, FORWARD)
    expected = pictures(renderer)
    for weight in np.linspace(0.0, 1.0, 20):
        renderer.draw(views, weight * SMILE, FORWARD)
    renderer.draw(views, REST, FORWARD)
    np.testing.assert_array_equal(pictures(renderer), expected)


def test_one_eye_at_a_time_is_drawn_beside_it_as_before(
    renderer: StereoRenderer, ball: Avatar, views: EyeViews
):
    """Reversed depth, scissors and turned triangles are put back."""
    camera = Camera(position_m=(0.0, 0.0, 0.7), target_m=(0.0, 0.0, 0.0))
    figure, canvas = Figure(ball), Canvas(SIZE)
    seen: list[NDArray[np.uint8]] = []
    for model in (np.eye(4), np.diag([-1.0, 1.0, 1.0, 1.0])):
        figure.pose(REST, FORWARD)
        canvas.begin(np.array((*BACKGROUND, 1.0), np.float32))
        figure.shade(camera.view_projection(1.2), camera.position_m)
        seen.append(canvas.read())
        views.place(looking(*EYES_M), model)
        renderer.draw(views, SMILE, FORWARD)
        pictures(renderer)
    assert np.ptp(seen[0]) > 100
    np.testing.assert_array_equal(seen[0], seen[1])
    figure.close()
    canvas.close()


def test_the_ground_may_be_seen_through(context: Context, ball: Avatar, views: EyeViews):
    api = gl.api()
    with StereoRenderer(ball, size=SIZE, background=(0.0, 0.0, 0.0, 0.0)) as renderer:
        renderer.draw(views, REST, FORWARD)
        name = texture(api.GL_SRGB8_ALPHA8, SIZE)
        renderer.resolve(0, name, SIZE, api.GL_SRGB8_ALPHA8)
        found = fetched(name, SIZE)
    assert (found[:4] == 0).all()
    assert found[40, 48, 3] == 255
    assert ((found[..., 3] > 0) & (found[..., 3] < 255)).any(), "edges are part seen through"


def test_a_texture_that_cannot_be_drawn_to_is_said(renderer: StereoRenderer, views: EyeViews):
    api = gl.api()
    renderer.draw(views, REST, FORWARD)
    colour, wrong = texture(api.GL_SRGB8_ALPHA8, SIZE), texture(api.GL_SRGB8_ALPHA8, SIZE)
    with pytest.raises(HeadsetError, match="cannot draw to texture"):
        renderer.resolve(0, colour, SIZE, api.GL_SRGB8_ALPHA8, depth=wrong)
    with pytest.raises(HeadsetError, match="cannot draw to texture"):
        renderer.resolve(0, 999_999, SIZE, api.GL_SRGB8_ALPHA8)
    assert api.glGetError() == 0


def test_a_picture_too_large_is_said(context: Context):
    with pytest.raises(HeadsetError, match="lower the resolution"):
        StereoRenderer(small_head(), size=(1 << 20, 16))


def test_it_draws_with_opengl_4_1_as_with_newer(drawing: GlReport):
    """Without compute, layers chosen by vertices, reversed clip space or persistent mapping."""
    if "Mesa" not in drawing.vendor:
        pytest.skip("elsewhere: only Mesa pretends to be older than it is")
    code = (
        "import numpy as np\n"
        "from stereo_made import depths, looking, pictures\n"
        "from unvisor.headset.compositor.context import Context\n"
        "from unvisor.headset.compositor.floor import small_head\n"
        "from unvisor.headset.compositor.stereo.renderer import StereoRenderer\n"
        "from unvisor.headset.compositor.stereo.views import EyeViews\n"
        "with Context() as context:\n"
        "    views = EyeViews(near_m=0.1)\n"
        "    views.place(looking(*[(0.0, 0.0, 0.5)] * 2), np.eye(4))\n"
        "    with StereoRenderer(small_head(), size=(96, 80)) as renderer:\n"
        "        for _ in range(10):\n"
        "            renderer.draw(views, np.zeros(52), np.zeros((2, 3)))\n"
        "        print(context.report.version, renderer.layered,\n"
        "            *(round(float(depth[40, 48]), 5) for depth in depths(renderer)),\n"
        "            all(np.ptp(picture) > 50 for picture in pictures(renderer)))\n"
    )
    lacking = " ".join(
        f"-{name}"
        for name in (
            "GL_ARB_shader_viewport_layer_array", "GL_AMD_vertex_shader_layer",
            "GL_ARB_clip_control",
        )
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent),
            "MESA_GL_VERSION_OVERRIDE": "4.1",
            "MESA_EXTENSION_OVERRIDE": lacking,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "(4, 1) False 0.2 0.2 True", done.stderr

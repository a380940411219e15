from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.camera import Camera
from unvisor.headset.compositor.context import GlReport
from unvisor.headset.compositor.morph import Morph
from unvisor.headset.compositor.palette import linear
from unvisor.headset.compositor.renderer import Renderer
from unvisor.headset.expressions import gaze_from_angles
from unvisor.headset.frame import FORWARD
from unvisor.headset.names import ARKIT, ARKIT_INDEX

pytestmark = pytest.mark.gl

SIZE = (160, 160)
REST = np.zeros(len(ARKIT))
FACE_ON = Camera(position_m=(0.0, 0.0, 0.7), target_m=(0.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def renderer(drawing: GlReport, ball: Avatar) -> Iterator[Renderer]:
    with Renderer(ball, size=SIZE) as made:
        yield made


def picture(
    renderer: Renderer, weights: NDArray[np.float64] = REST, gaze: NDArray[np.float64] = FORWARD
) -> NDArray[np.int64]:
    renderer.draw(weights, gaze, camera=FACE_ON)
    return renderer.read().astype(np.int64)


def look(yaw_rad: float, pitch_rad: float) -> NDArray[np.float64]:
    return np.stack([gaze_from_angles(np.array(yaw_rad), np.array(pitch_rad))] * 2)


@pytest.mark.parametrize("seed", range(3))
def test_the_gpu_poses_as_the_cpu_does(renderer: Renderer, ball: Avatar, seed: int):
    if renderer.report.version < (4, 3):
        pytest.skip("no compute shaders here: the CPU poses")
    random = np.random.default_rng(seed)
    weights, gaze = random.uniform(-0.2, 1.4, len(ARKIT)), look(*random.uniform(-0.6, 0.6, 2))
    renderer.draw(weights, gaze)
    positions, normals = renderer.posed()
    expected_positions, expected_normals = Morph(ball).pose(weights, gaze)
    assert np.abs(positions - expected_positions).max() < 1e-5
    cosine = np.clip((normals * expected_normals).sum(axis=1), -1.0, 1.0)
    assert np.degrees(np.arccos(cosine)).max() < 1.0


def test_without_compute_the_picture_is_the_same(renderer: Renderer, ball: Avatar):
    weights = np.full(len(ARKIT), 0.5)
    expected = picture(renderer, weights, look(0.3, 0.1))
    with Renderer(ball, size=SIZE, compute=False) as other:
        assert np.abs(picture(other, weights, look(0.3, 0.1)) - expected).max() <= 2


def test_a_picture_has_the_face_in_its_middle_and_the_ground_around(renderer: Renderer):
    image = picture(renderer)
    assert image.shape == (SIZE[1], SIZE[0], 3)
    assert np.ptp(image[:8].reshape(-1, 3), axis=0).max() == 0
    red, green, blue = image[70:90, 76:84].reshape(-1, 3).mean(axis=0)
    assert red > green > blue > image[0, 0, 2]
    assert red > 120


def test_the_first_row_is_the_top(renderer: Renderer):
    open_ = picture(renderer, jaw(1.0))
    changed = np.abs(open_ - picture(renderer)).max(axis=2) > 12
    rows = np.flatnonzero(changed.any(axis=1))
    assert rows.mean() > SIZE[1] * 0.6  # the jaw is below


def jaw(weight: float) -> NDArray[np.float64]:
    weights = REST.copy()
    weights[ARKIT_INDEX["jawOpen"]] = weight
    return weights


def test_missing_is_rest_and_too_much_is_1_2(renderer: Renderer):
    rest = picture(renderer)
    assert np.array_equal(picture(renderer, np.full(len(ARKIT), np.nan)), rest)
    assert np.array_equal(picture(renderer, REST, np.full((2, 3), np.nan)), rest)
    assert np.array_equal(picture(renderer, jaw(7.0)), picture(renderer, jaw(1.2)))
    assert not np.array_equal(picture(renderer, jaw(1.2)), picture(renderer, jaw(1.0)))


@pytest.mark.parametrize(
    ("yaw_rad", "pitch_rad", "column", "row"),
    [(0.5, 0.0, -1, 0), (-0.5, 0.0, 1, 0), (0.0, 0.4, 0, -1), (0.0, -0.4, 0, 1)],
)
def test_pupils_follow_the_gaze(
    renderer: Renderer, yaw_rad: float, pitch_rad: float, column: int, row: int
):
    """The wearer's right is the left of a picture taken from before the face."""
    shift = pupil(picture(renderer, gaze=look(yaw_rad, pitch_rad))) - pupil(picture(renderer))
    along = np.array([row, column])
    assert shift @ along > 1.5
    assert abs(shift @ along[::-1]) < 1.0


def pupil(image: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (row, column) of what is darkest of the wearer's left eye, right in the picture."""
    eye = image[50:90, 82:125].sum(axis=2)
    return np.argwhere(eye < eye.min() + 40).mean(axis=0)


def test_several_views_a_frame_do_not_disturb_each_other(renderer: Renderer):
    poses = [jaw(weight) for weight in np.linspace(0.0, 1.0, 25)]
    first = [picture(renderer, pose) for pose in poses]
    for pose in poses:  # no waiting between draws: the slots of uniform blocks come round thrice
        renderer.draw(pose, FORWARD, camera=FACE_ON)
    for pose, expected in zip(reversed(poses), reversed(first), strict=True):
        assert np.array_equal(picture(renderer, pose), expected)


def test_a_picture_fetched_late_is_the_same(drawing: GlReport, ball: Avatar):
    with Renderer(ball, size=SIZE) as renderer:
        expected: list[NDArray[np.uint8]] = []
        late: list[NDArray[np.uint8] | None] = []
        for weight in (0.0, 0.5, 1.0):
            renderer.draw(jaw(weight), FORWARD)
            expected.append(renderer.read())
            late.append(renderer.read_previous())
    assert late[0] is None
    for got, wanted in zip(late[1:], expected, strict=False):
        assert got is not None
        assert np.array_equal(got, wanted)


def test_a_highlight_covers_what_it_is_asked_to(renderer: Renderer, ball: Avatar):
    colours = np.zeros((len(ball.positions), 4), np.float32)
    colours[:, :3] = linear((40, 90, 250))
    colours[ball.positions[:, 1] > 0.03, 3] = 1.0
    plain = picture(renderer)
    renderer.set_highlight(colours)
    renderer.draw(REST, FORWARD, camera=FACE_ON, highlight=1.0)
    covered = renderer.read().astype(np.int64)
    blue = covered[..., 2] - covered[..., 0]
    assert blue[40:45, 76:84].min() > 40  # the brow
    assert np.array_equal(covered[110:], plain[110:])  # the chin
    assert np.array_equal(picture(renderer), plain)


def test_a_prop_hides_what_is_behind_it(renderer: Renderer, ball: Avatar):
    plain = picture(renderer)
    prop = replace(
        ball,
        positions=ball.positions * np.float32(0.5) + np.array([0.0, 0.05, 0.12], np.float32),
        colours=np.tile(np.array([0.01, 0.01, 0.01, 0.6], np.float32), (len(ball.positions), 1)),
        targets={},
        eye=np.full(len(ball.positions), -1, np.int8),
    )
    seen: dict[float, NDArray[np.int64]] = {}
    for opacity in (0.0, 0.5, 1.0):
        renderer.draw(REST, FORWARD, camera=FACE_ON)
        renderer.draw_prop(prop, opacity=opacity)
        seen[opacity] = renderer.read().astype(np.int64)
    middle = np.s_[46:54, 76:84]
    assert np.abs(seen[0.0] - plain).max() <= 1
    assert seen[1.0][middle].mean() < seen[0.5][middle].mean() - 10 < plain[middle].mean() - 20
    assert np.array_equal(seen[1.0][110:], plain[110:])


def test_edges_are_smoothed(drawing: GlReport, ball: Avatar):
    def drawn(scale: int, samples: int) -> NDArray[np.int64]:
        size = (64 * scale, 64 * scale)
        with Renderer(ball, size=size, samples=samples, background=(1.0, 1.0, 1.0)) as renderer:
            return picture(renderer)

    blocks = drawn(8, 1).reshape(64, 8, 64, 8, 3)
    edge = np.ptp(blocks, axis=(1, 3)).max(axis=-1) > 100
    rough, smooth = (
        np.abs(drawn(1, samples) - blocks.mean(axis=(1, 3)))[edge].mean() for samples in (1, 4)
    )
    assert smooth < 0.7 * rough

"""The mirror shows what a mirror shows: nearer when one comes nearer, one's left on the left."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.clock import now_ns
from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar, Head
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.mirror import AWAY_M, Mirror, head_pose, image, rigid
from unvisor.headset.compositor.posture import Posture
from unvisor.headset.compositor.stereo.renderer import StereoRenderer
from unvisor.headset.compositor.stereo.views import EyeViews
from unvisor.headset.frame import FORWARD
from unvisor.headset.link_layout import FACE, DrawnFace, fill
from unvisor.headset.names import ARKIT, UNIFIED, UNIFIED_INDEX
from unvisor.headset.plug import GOLDEN_FACE

from .conftest import target
from .stereo.stereo_made import fetched, texture

Picture = NDArray[np.int64]
Views = NDArray[np.float32]

SIZE = (160, 160)
HALF_RAD = 0.25
AHEAD = (0.0, 0.0, 0.0, 1.0)
SNEER = "NoseSneerLeft"
MS = 1_000_000


def views(
    position_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    orientation_xyzw: tuple[float, ...] = AHEAD,
) -> Views:
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


Shown = Callable[[Views, tuple[float, float, float]], NDArray[np.float64]]


@pytest.fixture
def shown(ball: Avatar) -> Shown:
    """Where a point of the avatar, about its eyes, is seen in the room."""
    eyes = ball.eye_centre.mean(axis=0)
    posture = Posture(ball)

    def seen_at(seen: Views, point_m: tuple[float, float, float]) -> NDArray[np.float64]:
        model, turn = image(posture, head_pose(seen))
        assert turn is None
        return (model @ (*(eyes + point_m), 1.0))[:3]

    return seen_at


def test_the_image_stands_opposite_with_the_wearers_left_on_the_left(shown: Shown):
    for point, place in (
        ((0.0, 0.0, 0.0), (0, 0, -AWAY_M)),
        ((0.05, 0.0, 0.0), (-0.05, 0, -AWAY_M)),
        ((0.0, 0.05, 0.0), (0, 0.05, -AWAY_M)),
        ((0.0, 0.0, 0.05), (0, 0, 0.05 - AWAY_M)),
    ):
        np.testing.assert_allclose(shown(views(), point), place, atol=1e-7)


def test_the_image_moves_as_a_mirrors_does(shown: Shown):
    for position, place in (
        ((0.1, 0.0, 0.0), (0.1, 0.0, -AWAY_M)),
        ((0.0, 0.2, 0.0), (0.0, 0.2, -AWAY_M)),
        ((0.0, 0.0, -0.1), (0.0, 0.0, 0.1 - AWAY_M)),  # a step towards it
    ):
        np.testing.assert_allclose(shown(views(position), (0, 0, 0)), place, atol=1e-6)


def test_the_image_turns_as_a_mirrors_does(shown: Shown):
    """A head turned to its left looks to the left of the room, and so does its image."""
    left = tuple(Rotation.from_euler("y", 0.4).as_quat())
    nose = shown(views(orientation_xyzw=left), (0, 0, 0.1))
    np.testing.assert_allclose(
        nose, (-0.1 * math.sin(0.4), 0.0, 0.1 * math.cos(0.4) - AWAY_M), atol=1e-6
    )
    down = tuple(Rotation.from_euler("x", -0.4).as_quat())
    assert shown(views(orientation_xyzw=down), (0, 0, 0.1))[1] < 0


def test_a_body_stays_upright_and_its_head_is_a_mirrors(shown: Shown, ball: Avatar):
    head = Head(
        pivot_m=np.array((0.0, -0.12, 0.0), np.float32),
        share=(ball.positions[:, 1] > -0.05).astype(np.float32),
        low_m=ball.positions.min(axis=0),
        high_m=ball.positions.max(axis=0),
    )
    turned = Rotation.from_euler("yx", (0.5, -0.3))
    view = views(orientation_xyzw=tuple(turned.as_quat()))
    model, turn = image(Posture(replace(ball, head=head)), head_pose(view))
    assert turn is not None
    np.testing.assert_allclose(model[1], (0, 1, 0, model[1, 3]), atol=1e-6)
    nose = np.array((0.0, 0.0, 0.1)) + ball.eye_centre.mean(axis=0) - head.pivot_m
    seen = model @ (*(turn @ nose + head.pivot_m), 1.0)
    np.testing.assert_allclose(seen[:3], shown(view, (0.0, 0.0, 0.1)), atol=1e-6)


def test_a_pose_is_the_rotation_its_quaternion_says():
    random = np.random.default_rng(0)
    for _ in range(20):
        turn = Rotation.random(rng=random)
        position = random.uniform(-2, 2, 3)
        matrix = rigid(np.array([*turn.as_quat(), *position], np.float32))
        np.testing.assert_allclose(matrix[:3, :3], turn.as_matrix(), atol=1e-6)
        np.testing.assert_allclose(matrix[:3, 3], position, atol=1e-6)
        np.testing.assert_array_equal(matrix[3], (0, 0, 0, 1))


def face(weight: float, **more: object) -> DrawnFace:
    weights = np.zeros(len(UNIFIED))
    weights[UNIFIED_INDEX[SNEER]] = weight
    record = np.zeros(1, FACE.record)[0]
    fill(record, replace(GOLDEN_FACE, weights=weights, gaze=FORWARD, openness=np.ones(2), **more))
    return DrawnFace(record)


class Seen:
    """A mirror, the faces it will find, and what both eyes see in it."""

    def __init__(self, avatar: Avatar, **more: object) -> None:
        self.srgb = int(gl.api().GL_SRGB8_ALPHA8)
        self.faces: list[DrawnFace] = []
        self.mirror = Mirror(
            avatar,
            lambda: self.faces.pop(0) if self.faces else None,
            size=SIZE,
            image_format=self.srgb,
            **more,  # type: ignore[arg-type]
        )
        self._texture = texture(self.srgb, SIZE)

    def at(
        self, time_ns: int, *faces: DrawnFace, view: Views | None = None, eye: int = 0
    ) -> Picture:
        """Return what an eye sees at a time, a face having come or not, (H, W, 4)."""
        self.faces = list(faces)
        self.mirror.draw(views() if view is None else view, time_ns)
        self.mirror.resolve(eye, self._texture, SIZE, self.srgb)
        return fetched(self._texture, SIZE).astype(np.int64)


@pytest.fixture(scope="module")
def sneering(drawing: GlReport, ball: Avatar) -> Iterator[Avatar]:
    """A ball whose left bulges where it sneers, in a current context."""
    x = ball.positions[:, 0]
    bump = target((ball.eye < 0) & (x > 0.05), np.array([0.03, 0.0, 0.0]))
    with Context():
        yield replace(ball, targets={"noseSneerLeft": bump})


@pytest.fixture
def seen(sneering: Avatar) -> Iterator[Seen]:
    made = Seen(sneering)
    yield made
    made.mirror.close()


def apart(one: Picture, other: Picture) -> Picture:
    return np.abs(one - other).max(axis=2)


@pytest.mark.gl
def test_a_move_of_the_left_is_seen_on_the_left(seen: Seen):
    rest = seen.at(0, face(0.0))
    assert (apart(rest, rest[:1, :1]) > 0).mean() > 0.1, "no head to be seen"
    moved = apart(seen.at(0, face(1.0)), rest) > 15
    columns = np.nonzero(moved)[1]
    assert len(columns) > 50
    assert (columns < SIZE[0] / 2).all()


@pytest.mark.gl
def test_a_rehearsal_is_not_seen(seen: Seen):
    before = seen.at(0)
    seen.mirror.rehearse()
    assert not gl.api().glGetError()
    np.testing.assert_array_equal(seen.at(now_ns()), before)


@pytest.mark.gl
def test_a_face_is_carried_on_to_when_it_is_seen(seen: Seen):
    rate = np.zeros(len(UNIFIED))
    rate[UNIFIED_INDEX[SNEER]] = 10.0
    rest = seen.at(1_000, face(0.0, time_ns=1_000, rate=rate))
    np.testing.assert_array_equal(seen.at(1_000), rest)
    later = seen.at(1_000 + 100 * MS)  # a tenth of a second on it is 1
    assert apart(later, rest).max() > 15
    np.testing.assert_allclose(later, seen.at(200 * MS, face(1.0)), atol=1)


@pytest.mark.gl
def test_a_face_that_stays_away_goes_to_rest_and_comes_back(seen: Seen):
    live, rest = seen.at(0, face(1.0)), seen.at(0, face(0.0))
    assert apart(live, rest).max() > 15
    seen.at(0, face(1.0))
    pictures = [seen.at(ms * MS) for ms in range(0, 1_200, 100)]
    strength = [apart(picture, rest).sum() for picture in pictures]
    assert strength[:4] == [strength[0]] * 4, "a hitch is none"
    assert strength[-1] == 0
    assert all(later <= sooner for sooner, later in pairwise(strength))
    assert len(set(strength)) > 4, "it goes to rest at once"
    returned = [apart(seen.at(ms * MS, face(1.0)), rest).sum() for ms in range(1_200, 1_800, 100)]
    assert returned[0] < returned[2] < returned[-1] == strength[0]


@pytest.mark.gl
def test_near_things_are_farther_right_for_the_left_eye(seen: Seen):
    middles = [
        np.nonzero(apart(picture, picture[:1, :1]) > 15)[1].mean()
        for picture in (seen.at(0, face(0.0), eye=eye) for eye in (0, 1))
    ]
    assert middles[0] > middles[1] + 5


@pytest.mark.gl
def test_the_picture_is_that_of_one_face_to_face_turned_round(seen: Seen, sneering: Avatar):
    """Were triangles not turned round with it, the inside of the head would be seen."""
    view = views()
    view[:, 4:7] = 0.0
    mirrored = seen.at(0, face(0.0), view=view)
    facing = np.eye(4)
    facing[:3, 3] = (0.0, 0.0, -AWAY_M)
    eyes = np.eye(4)
    eyes[:3, 3] = -sneering.eye_centre.mean(axis=0)
    opposite, name = EyeViews(), texture(seen.srgb, SIZE)
    opposite.place(view, facing @ eyes)
    with StereoRenderer(sneering, size=SIZE) as renderer:
        renderer.draw(opposite, np.zeros(len(ARKIT)), FORWARD)
        renderer.resolve(0, name, SIZE, seen.srgb)
    unlike = apart(mirrored[:, ::-1], fetched(name, SIZE).astype(np.int64)) > 8
    assert unlike.mean() < 0.02, "more than the edges differs"


@pytest.mark.gl
def test_the_head_is_where_the_stage_says(sneering: Avatar):
    """Views through a pane are turned as the pane is, not as the head."""
    head = np.array((*Rotation.from_euler("y", 0.5).as_quat(), 0.0, 0.0, 0.0), np.float32)
    told, untold = Seen(sneering, head=head), Seen(sneering)
    turned = told.at(0, face(0.0))
    assert apart(turned, untold.at(0, face(0.0))).max() > 15
    head[:4] = AHEAD
    np.testing.assert_array_equal(told.at(0, face(0.0)), untold.at(0, face(0.0)))
    for each in (told, untold):
        each.mirror.close()


@pytest.mark.gl
def test_over_a_game_only_the_head_is_opaque(sneering: Avatar):
    over = Seen(sneering, transparent=True)
    picture = over.at(0, face(0.0))
    over.mirror.close()
    np.testing.assert_array_equal(picture[0, 0], 0)
    assert picture[SIZE[1] // 2, SIZE[0] // 2, 3] == 255


@pytest.mark.gl
def test_a_room_is_seen_around_it_but_never_over_a_game(sneering: Avatar):
    down = tuple(Rotation.from_euler("x", -0.9).as_quat())
    corners: list[NDArray[np.int64]] = []
    for more in ({}, {"room": True}, {"room": True, "transparent": True}):
        seen = Seen(sneering, **more)
        corners.append(seen.at(0, face(0.0), view=views((0.0, 0.0, 0.3), down))[0, 0])
        seen.mirror.close()
    nothing, room, game = corners
    assert np.abs(room - nothing).max() > 5
    np.testing.assert_array_equal(game, 0)

"""The headset as a stage, on a real runtime: what stands on it is seen by both eyes, where it stands."""

from __future__ import annotations

import sys
from threading import Thread
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar, Region
from unvisor.headset.compositor.context import Context
from unvisor.headset.compositor.mirror import AWAY_M, Mirror, head_pose
from unvisor.headset.compositor.openxr.centre import heading_rad
from unvisor.headset.compositor.openxr.stage import ROUTES, OpenXrStage
from unvisor.headset.compositor.panels.content import Content, MirrorSwitch, Prompt
from unvisor.headset.compositor.panels.draw import Painter
from unvisor.headset.compositor.stage import Pictures, StageState

from ...testbed.child import say
from ...testbed.game import Wall
from ...testbed.monado import Monado
from ..compositor.conftest import sphere
from .conftest import RunXr, StartXr

pytestmark = pytest.mark.openxr

Picture = NDArray[np.int64]
Views = NDArray[np.float32]

FRAMES = 20
EYE_PX = 640
"""Of an eye's half of the screen, across."""
APART_M = 0.063
DEPTH_32F = 0x8CAC
PANELS: tuple[Content, ...] = (Prompt(words="Smile"), MirrorSwitch(shown=True))


def ball() -> Avatar:
    """A plain ball for a head, its eyes in its middle."""
    points, triangles = sphere((0.0, 0.0, 0.0), 0.08, rows=12, columns=24)
    count = len(points)
    return Avatar(
        positions=points.astype(np.float32),
        triangles=triangles.astype(np.uint32),
        colours=np.tile(np.array((0.5, 0.5, 0.5, 0.6), np.float32), (count, 1)),
        region=np.full(count, Region.SKIN, np.uint8),
        targets={},
        eye_centre=np.zeros((2, 3), np.float32),
        eye_radius_m=0.01,
        eye=np.full(count, -1, np.int8),
    )


def stand(*, depth: bool = False, told: bool = False) -> dict[str, Any]:
    """Show the ball in the mirror, and panels.

    Args:
        depth: Whether depth is handed over.
        told: Whether it goes on until a line comes, and prints one for each frame.
    """
    lines: list[str] = []
    if told:
        Thread(target=lambda: lines.append(sys.stdin.readline()), daemon=True).start()
    painter = Painter()
    pictures: Pictures = {type(one): painter.picture(one) for one in PANELS}
    with Context(ROUTES) as context, OpenXrStage(context, depth=depth, refresh_hz=1e3) as stage:
        mirror = Mirror(
            ball(), lambda: None, size=stage.size, image_format=stage.image_format,
            depth_format=stage.depth_format, samples=1,
        )  # fmt: skip
        while not lines if told else stage.drawn < FRAMES:
            if stage.poll() is not StageState.RUNNING:
                continue
            stage.show_panels(pictures)
            stage.show(stage.wait(), mirror)
            if told:
                say(str(stage.drawn))
        result = {
            "said": stage.said(),
            "depth": stage.depth_format,
            "samples": len(stage.sample()),
            "refresh": [*stage.refresh.offered_hz, stage.refresh.now_hz()],
            "error": int(gl.api().glGetError()),
        }
        mirror.close()
    return result


def middle(eye: Picture) -> tuple[float, float]:
    """Return where the ball is, (x, y): all that is as bright and as large."""
    rows, columns = np.nonzero(eye.min(axis=2) > 120)
    assert len(rows) > 2_000, "no ball"
    return float(np.median(columns)), float(np.median(rows))


def test_both_eyes_see_the_image_and_the_panels(
    start_xr: StartXr, monado_on_screen: Monado
) -> None:
    child = start_xr(stand, runtime=monado_on_screen, told=True)
    while int(child.line()) < FRAMES:
        pass
    picture = monado_on_screen.screenshot().astype(np.int64)
    child.tell("enough")
    told = child.result()
    assert (told["said"][0], told["samples"], told["error"]) == ("focused", 1, 0)
    assert told["depth"] is None
    left, right = picture[:, :EYE_PX], picture[:, EYE_PX:]
    (left_x, left_y), (right_x, right_y) = middle(left), middle(right)
    # The screen shows 85 degrees in 640 pixels: 350 to a tangent of 1, the eyes straight ahead.
    assert left_x - right_x == pytest.approx(350 * APART_M / AWAY_M, abs=6)
    assert left_y == pytest.approx(right_y, abs=3)
    for eye in (left, right):
        teal = (eye[..., 1] - eye[..., 0] > 60) & (eye[..., 2] - eye[..., 0] > 40)
        assert teal.sum() > 30, "no panel above"


def test_depth_is_taken_by_the_runtime(run_xr: RunXr) -> None:
    told = run_xr(stand, depth=True)
    assert told["depth"] == DEPTH_32F
    assert (told["said"][0], told["error"]) == ("focused", 0)
    assert told["refresh"][-1] == pytest.approx(max(told["refresh"]))


class Looker(Wall):
    """A `Scene` that notes where the eyes are, and what it hears of masks."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[NDArray[np.float64]] = []
        self.hidden: list[int] = []

    def hide(self, eye: int, corners: Views, triangles: NDArray[np.integer]) -> None:
        assert triangles.size == 0 or triangles.max() < len(corners)
        self.hidden.append(eye)

    def draw(self, views: Views, display_ns: int) -> None:
        self.heads.append(head_pose(views))


def aside(head: NDArray[np.float64]) -> tuple[float, float]:
    """Return how far a head is from a stage's middle, metres, and from looking along it, radians."""
    turn = Rotation.from_matrix(head[:3, :3]).as_quat()
    return float(np.linalg.norm(head[:3, 3])), abs(heading_rad(turn.tolist()))


def move_and_hear() -> dict[str, Any]:
    """Look where the head is on a stage: at first, later, centred by hand, and by the runtime's word."""
    import xr

    from .layer import Layer
    from .layer_presence import PresencePart
    from .layer_reported import Reported

    reported, scene = Reported(), Looker()
    told: dict[str, Any] = {}
    with (
        Layer(reported, (PresencePart,)) as layer,
        Context(("egl",)) as context,
        OpenXrStage(context) as stage,
    ):

        def show(frames: int) -> list[tuple[float, float]]:
            first = len(scene.heads)
            while len(scene.heads) < first + frames:
                if stage.poll() is StageState.RUNNING:
                    stage.show(stage.wait(), scene)
            return [aside(head) for head in scene.heads[first:]]

        told["first"], *_, told["later"] = show(20)
        stage.recentre()
        told["asked"], *_, told["later still"] = show(20)
        told["level"] = float(scene.heads[-1][1, 1])
        moved = xr.EventDataReferenceSpaceChangePending(
            session=stage.session.handle, reference_space_type=xr.ReferenceSpaceType.LOCAL
        )
        reported.events.append(bytes(moved))
        told["told"] = show(12)
        told["hidden"] = list(scene.hidden)
        mask = xr.EventDataVisibilityMaskChangedKHR(session=stage.session.handle)
        reported.events.append(bytes(mask))
        show(2)
        told["hidden again"] = list(scene.hidden)
        told["complaints"] = layer.complaints
    return told


def test_what_stands_on_it_stands_before_the_wearer(run_xr: RunXr) -> None:
    told = run_xr(move_and_hear, alone=True)
    for centred in ("first", "asked"):
        assert told[centred] == pytest.approx((0.0, 0.0), abs=1e-3)
    for swayed in ("later", "later still"):
        assert max(told[swayed]) > 2e-3
    settled = [max(each) for each in told["told"]]
    assert min(settled) < 1e-3
    assert settled[0] > 1e-3
    assert told["hidden"] == [0, 1]
    assert told["hidden again"] == [0, 1, 0, 1]
    assert told["complaints"] == []


def test_a_heading_is_level() -> None:
    for yaw in (-2.5, -0.4, 0.0, 1.2, 3.0):
        for pitch, roll in ((0.0, 0.0), (0.7, 0.0), (-1.2, 0.3), (0.2, -0.8)):
            turn = Rotation.from_euler("YXZ", (yaw, pitch, roll))
            assert heading_rad(turn.as_quat().tolist()) == pytest.approx(yaw, abs=1e-9)


@pytest.mark.parametrize("pitch", [-np.pi / 2, np.pi / 2])
def test_the_heading_of_one_who_looks_straight_up_or_down_is_their_bodys(pitch: float) -> None:
    turn = Rotation.from_euler("YXZ", (0.6, pitch, 0.0))
    assert heading_rad(turn.as_quat().tolist()) == pytest.approx(0.6, abs=1e-6)

"""The mirror over a game of SteamVR's, driven by the genuine OpenVR library against our stand-in.

It proves what is asked of SteamVR, in what order, and every pixel that it would be given; not what a
real one makes of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.clock import NS_PER_S, now_ns
from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.mirror import AWAY_M, Mirror
from unvisor.headset.compositor.openvr.stage import PANE_M, OpenVrStage
from unvisor.headset.compositor.panels.content import PLATES, MirrorSwitch, Prompt, Target
from unvisor.headset.compositor.panels.draw import Painter
from unvisor.headset.compositor.stage import Stage, StageBeat, StageState
from unvisor.headset.errors import HeadsetError
from unvisor.headset.sensors.steamvr import client as steamvr_client

from ...steamvr.runtime import NO_SERVER, SHUTTING_DOWN, SteamVr

SIDE_BY_SIDE, PREMULTIPLIED = 1 << 10, 1 << 21
BACKGROUND, STANDING, GAMMA = 3, 1, 1
RGBA8 = 0x8058
MIRROR = "unvisor.mirror"
EYES_M = np.array([[-0.032, 0.0, -0.01], [0.032, 0.0, -0.01]])
YAW = 0.6
HEAD_M = (1.0, 1.6, -2.0)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SteamVr:
    if sys.platform != "linux":
        pytest.skip("elsewhere: the SteamVR for tests is built on Linux")
    return SteamVr(tmp_path_factory.mktemp("steamvr"))


@pytest.fixture
def steamvr(built: SteamVr, monkeypatch: pytest.MonkeyPatch) -> SteamVr:
    built.reset()
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(built.registry))
    for name in ("VR_OVERRIDE", "VR_CONFIG_PATH", "VR_LOG_PATH"):
        monkeypatch.delenv(name, raising=False)
    built.run(Rotation.from_euler("y", YAW).as_matrix(), HEAD_M)
    built.set(activity=1)
    return built


@pytest.fixture
def context(drawing: GlReport) -> Iterator[Context]:
    assert drawing.renderer
    with Context() as opened:
        yield opened


@pytest.fixture
def stage(steamvr: SteamVr, context: Context) -> Iterator[OpenVrStage]:
    with OpenVrStage(context) as opened:
        yield opened
    assert steamvr.used("unexpected") == 0
    assert steamvr.used("leaves") == steamvr.used("joins")


class Spots:
    """A `Scene`: small squares at points of the stage's space, each of its colour, over nothing."""

    def __init__(self, *points: tuple[tuple[float, float, float], tuple[float, ...]]) -> None:
        self.points = points
        self.views: NDArray[np.float32] = np.zeros((2, 11), np.float32)
        self.display_ns = 0

    def hide(self, eye: int, corners: Any, triangles: Any) -> None:
        pass

    def draw(self, views: NDArray[np.float32], display_ns: int) -> None:
        self.views, self.display_ns = views.copy(), display_ns

    def resolve(
        self,
        eye: int,
        texture: int,
        size: tuple[int, int],
        image_format: int,
        *,
        at: tuple[int, int] = (0, 0),
        depth: int | None = None,
        encode: bool = True,
    ) -> None:
        api, (width, height) = gl.api(), size
        pixels = np.zeros((height, width, 4), np.uint8)
        for point, colour in self.points:
            x, y = self.place(eye, point)
            column, row = round((x + 1) * width / 2), round((y + 1) * height / 2)
            pixels[max(row - 4, 0) : row + 4, max(column - 4, 0) : column + 4] = colour
        assert (image_format, encode, depth) == (RGBA8, True, None)
        api.glBindTexture(api.GL_TEXTURE_2D, texture)
        api.glTexSubImage2D(
            api.GL_TEXTURE_2D, 0, *at, width, height, api.GL_RGBA, api.GL_UNSIGNED_BYTE, pixels
        )

    def place(self, eye: int, point: tuple[float, float, float]) -> tuple[float, float]:
        """Return where a point is in an eye's picture, -1 to 1, by the view's own tangents."""
        turned = Rotation.from_quat(self.views[eye, :4]).inv()
        x, y, z = turned.apply(np.subtract(point, self.views[eye, 4:7]))
        left, right, up, down = np.tan(self.views[eye, 7:])
        return (
            float(2 * (x / -z - left) / (right - left) - 1),
            float(2 * (y / -z - down) / (up - down) - 1),
        )


def ready(stage: OpenVrStage) -> None:
    assert stage.poll() is StageState.RUNNING


def frame(stage: OpenVrStage, scene: Any) -> StageBeat:
    assert stage.poll() is StageState.RUNNING
    beat = stage.wait()
    stage.show(beat, scene)
    return beat


def middle(picture: NDArray[np.uint8], channel: int) -> tuple[float, float]:
    """Return the middle, column and row, of all pixels bright in one channel."""
    rows, columns = np.nonzero(picture[..., channel] > 128)
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


def test_it_is_a_stage(stage: OpenVrStage) -> None:
    seam: Stage = stage
    assert seam.transparent
    assert seam.sample() == ()


def test_an_overlay_is_made_as_steamvr_wants_it(steamvr: SteamVr, stage: OpenVrStage) -> None:
    assert steamvr.used("application") == BACKGROUND  # which never starts SteamVR
    ready(stage)
    one = steamvr.overlays()[MIRROR]
    assert one["flags"] == SIDE_BY_SIDE | PREMULTIPLIED
    assert one["width_m"] == np.float32(PANE_M[0])
    assert (one["shown"], one["submits"]) == (0, 0)  # nothing was drawn: nothing is seen
    for _ in range(7):
        frame(stage, Spots())
    assert (one["shown"], one["submits"]) == (1, 7)
    assert one["textures"] == 3  # the same few, over and over
    assert (one["texture_type"], one["colour_space"], one["internal_format"]) == (1, GAMMA, RGBA8)
    # Two eyes side by side, as dense as the headset at that distance; each half as high as the pane.
    width, height = stage.size
    assert (one["width_px"], one["height_px"]) == (2 * width, height)
    assert width == pytest.approx(1200 / 2.2 * PANE_M[0] / AWAY_M, abs=2)
    assert width / height == pytest.approx(PANE_M[0] / PANE_M[1], rel=0.01)
    assert stage.drawn == 7


def test_it_stands_upright_before_the_wearer_as_far_as_the_image(
    steamvr: SteamVr, stage: OpenVrStage
) -> None:
    nodding = Rotation.from_euler("YXZ", [YAW, -0.4, 0.2])
    steamvr.run(nodding.as_matrix(), HEAD_M)
    ready(stage)
    one = steamvr.overlays()[MIRROR]
    matrix = one["matrix"].reshape(3, 4)
    assert one["universe"] == STANDING
    turned = Rotation.from_euler("y", YAW)
    np.testing.assert_allclose(matrix[:, :3], turned.as_matrix(), atol=1e-6)
    np.testing.assert_allclose(matrix[:, 3], HEAD_M + turned.apply((0, 0, -AWAY_M)), atol=1e-6)
    # It stays there whatever the head does, until the wearer wants it before them again.
    steamvr.run(Rotation.from_euler("y", -1.0).as_matrix(), (0.0, 1.2, 0.0))
    frame(stage, None)
    np.testing.assert_allclose(one["matrix"].reshape(3, 4)[:, 3], matrix[:, 3], atol=1e-6)
    stage.recentre()
    frame(stage, None)
    expected = np.add((0.0, 1.2, 0.0), Rotation.from_euler("y", -1.0).apply((0, 0, -AWAY_M)))
    np.testing.assert_allclose(one["matrix"].reshape(3, 4)[:, 3], expected, atol=1e-6)


def test_each_eye_sees_points_where_they_are_through_the_pane(
    steamvr: SteamVr, stage: OpenVrStage
) -> None:
    ready(stage)
    steamvr.run(
        Rotation.from_euler("YXZ", [YAW + 0.1, 0.1, -0.15]).as_matrix(),
        np.add(HEAD_M, (0.05, -0.03, 0.04)),
    )
    red, green = (0.02, 0.03, -0.55), (-0.06, -0.05, -1.1)  # before the pane, and behind it
    scene = Spots((red, (255, 0, 0, 255)), (green, (0, 255, 0, 255)))
    frame(stage, scene)
    picture = steamvr.picture(MIRROR)
    # Independently: rays from the eyes through the pane's plane, in the standing universe.
    origin = Rotation.from_euler("y", YAW)
    pane_m = HEAD_M + origin.apply((0, 0, -AWAY_M))
    head = Rotation.from_euler("YXZ", [YAW + 0.1, 0.1, -0.15])
    width, height = stage.size
    for eye in (0, 1):
        half = picture[:, eye * width : (eye + 1) * width]
        eye_m = np.add(HEAD_M, (0.05, -0.03, 0.04)) + head.apply(EYES_M[eye])
        for channel, point in enumerate((red, green)):
            ray = HEAD_M + origin.apply(point) - eye_m
            normal = origin.apply((0, 0, 1))
            hit = eye_m + ray * ((pane_m - eye_m) @ normal) / (ray @ normal)
            x, y, _ = origin.inv().apply(hit - pane_m)
            expected = (x / PANE_M[0] + 0.5) * width, (0.5 - y / PANE_M[1]) * height
            np.testing.assert_allclose(middle(half, channel), expected, atol=1.0)
    # The head is told apart from the views, which are turned as the pane is.
    np.testing.assert_allclose(
        Rotation.from_quat(stage.head[:4]).as_matrix(),
        (origin.inv() * head).as_matrix(),
        atol=1e-6,
    )
    np.testing.assert_allclose(scene.views[:, :4], [(0, 0, 0, 1)] * 2, atol=1e-6)


def test_frames_have_the_displays_rhythm_and_poses_its_time(
    steamvr: SteamVr, stage: OpenVrStage
) -> None:
    steamvr.set(rate_hz=50.0)
    stage._asked_ns = 0  # pyright: ignore[reportPrivateUsage] - a second is long
    ready(stage)
    beats = [frame(stage, None) for _ in range(12)]
    assert {beat.period_ns for beat in beats} == {NS_PER_S // 50}
    steps = np.diff([beat.display_ns for beat in beats])
    assert np.median(steps) == pytest.approx(NS_PER_S / 50, rel=0.25)
    ahead_s = steamvr.used("ahead_s")
    assert 0.011 < ahead_s <= 0.02 + 0.011
    assert 0 < beats[-1].display_ns - now_ns() < 0.05 * NS_PER_S


def test_nothing_is_drawn_that_would_not_be_seen(steamvr: SteamVr, stage: OpenVrStage) -> None:
    ready(stage)
    one = steamvr.overlays()[MIRROR]
    assert frame(stage, Spots()).seen
    assert frame(stage, Spots()).seen
    assert stage.said() == ("focused", "")
    steamvr.set(dashboard=1)
    one["events"] = 3
    assert not frame(stage, Spots()).seen
    assert one["events"] == 0  # taken: SteamVR keeps what is not
    assert stage.said() == ("hidden", "")
    steamvr.set(dashboard=0)
    assert frame(stage, Spots()).seen
    # The wearer looks away: it stays, and is not drawn anew.
    submits = int(one["submits"])
    steamvr.run(Rotation.from_euler("y", YAW + 3.0).as_matrix(), HEAD_M)
    assert not frame(stage, Spots()).seen
    assert (one["shown"], one["submits"]) == (1, submits)
    # From behind there is nothing to see, and no mirror is shown where none is wanted.
    steamvr.run(
        Rotation.from_euler("y", YAW + 3.0).as_matrix(),
        HEAD_M + Rotation.from_euler("y", YAW).apply((0, 0, -2.0)),
    )
    frame(stage, Spots())
    assert one["shown"] == 0
    steamvr.run(Rotation.from_euler("y", YAW).as_matrix(), HEAD_M)
    assert frame(stage, Spots()).seen
    assert one["shown"] == 1
    frame(stage, None)
    assert one["shown"] == 0
    frame(stage, Spots())
    assert one["shown"] == 1


def test_a_head_that_is_lost_is_waited_for(steamvr: SteamVr, stage: OpenVrStage) -> None:
    steamvr.set(valid=0)
    assert stage.poll() is StageState.WAITING
    assert stage.said() == ("waiting", "SteamVR: its headset is not tracked")
    steamvr.set(valid=1)
    frame(stage, Spots())
    steamvr.set(valid=0)
    assert not frame(stage, Spots()).seen
    steamvr.set(valid=1, result=300)  # only turning is tracked: it stays where it was last
    assert frame(stage, Spots()).seen
    np.testing.assert_allclose(stage.head[4:], (0, 0, 0), atol=1e-6)


def test_who_comes_back_finds_it_before_them(steamvr: SteamVr, stage: OpenVrStage) -> None:
    ready(stage)
    for worn in (0, 1):
        steamvr.run(np.eye(3), (0.0, 1.0 + worn, 0.0))
        steamvr.set(activity=worn)
        stage._asked_ns = 0  # pyright: ignore[reportPrivateUsage] - a second is long
        frame(stage, Spots())
    matrix = steamvr.overlays()[MIRROR]["matrix"].reshape(3, 4)
    np.testing.assert_allclose(matrix[:, 3], (0.0, 2.0, -AWAY_M), atol=1e-6)


def test_panels_are_overlays_of_their_own_that_go_along(
    steamvr: SteamVr, stage: OpenVrStage
) -> None:
    ready(stage)
    painter = Painter()
    prompt = painter.picture(Prompt(words="Smile", hint="as wide as you can", seconds_left=3))
    stage.show_panels({Prompt: prompt})
    frame(stage, Spots())
    one = steamvr.overlays()["unvisor.panel.Prompt"]
    assert one["flags"] == PREMULTIPLIED
    assert one["order"] > steamvr.overlays()[MIRROR]["order"]
    assert one["width_m"] == np.float32(PLATES[Prompt].size_m[0])
    np.testing.assert_array_equal(steamvr.picture("unvisor.panel.Prompt"), prompt)
    for step, moved in enumerate([(0.0, 0.0, 0.0), (0.1, -0.2, 0.0)]):
        steamvr.run(Rotation.from_euler("y", YAW + step).as_matrix(), np.add(HEAD_M, moved))
        stage.show_panels({Prompt: prompt})
        frame(stage, None)
        origin = Rotation.from_euler("y", YAW)
        expected = np.add(HEAD_M, moved) + origin.apply(PLATES[Prompt].pose()[4:])
        np.testing.assert_allclose(one["matrix"].reshape(3, 4)[:, 3], expected, atol=1e-5)
    assert (one["submits"], one["shown"]) == (1, 1)  # sent once, for it said the same
    switch = painter.picture(MirrorSwitch(shown=True))
    stage.show_panels({MirrorSwitch: switch})
    assert one["shown"] == 0
    assert steamvr.overlays()["unvisor.panel.MirrorSwitch"]["shown"] == 1
    with pytest.raises(HeadsetError, match="Painter"):
        stage.show_panels({MirrorSwitch: prompt})


def test_a_target_turns_with_the_head_by_itself(steamvr: SteamVr, stage: OpenVrStage) -> None:
    ready(stage)
    target = Painter().picture(Target(yaw_rad=0.2, pitch_rad=0.1))
    for yaw_rad in (YAW, YAW + 0.5):
        steamvr.run(Rotation.from_euler("y", yaw_rad).as_matrix(), HEAD_M)
        stage.show_panels({Target: target})
        frame(stage, None)
        one = steamvr.overlays()["unvisor.panel.Target"]
        assert (one["device"], one["shown"]) == (0, 1)  # SteamVR's number of the headset
        place = one["matrix"].reshape(3, 4)
        np.testing.assert_allclose(place, np.eye(4)[:3] + [[0, 0, 0, z] for z in (0, 0, -2)])
    np.testing.assert_array_equal(steamvr.picture("unvisor.panel.Target"), target)
    assert steamvr.used("unexpected") == 0


def test_the_mirror_is_seen_in_stereo_over_nothing(
    steamvr: SteamVr, stage: OpenVrStage, ball: Avatar
) -> None:
    ready(stage)
    mirror = Mirror(
        ball,
        lambda: None,
        size=stage.size,
        image_format=stage.image_format,
        transparent=stage.transparent,
        head=stage.head,
        samples=1,
    )
    frame(stage, mirror)
    picture = steamvr.picture(MIRROR)
    mirror.close()
    width, height = stage.size
    halves = picture[:, :width], picture[:, width:]
    for half in halves:
        assert not half[0].any()  # clear all round: the game is seen there
        assert not half[:, 0].any()
        covered = half[..., 3] > 128
        rows, columns = np.nonzero(covered)
        # A ball of 10 cm whose eyes are as far as the pane, its middle 85 mm behind them.
        across_m = 0.2 * AWAY_M / (AWAY_M + 0.085)
        assert np.ptp(columns) / width == pytest.approx(across_m / PANE_M[0], rel=0.05)
        assert np.ptp(rows) / height == pytest.approx(across_m / PANE_M[1], rel=0.05)
        assert (half[covered][:, :3].max(axis=1) > 20).mean() > 0.9  # lit, encoded
    # Its middle lies behind the pane: there each eye sees a thing on its own side.
    left, right = (np.nonzero(half[..., 3] > 128)[1].mean() for half in halves)
    apart_m = 0.064 * (1 - AWAY_M / (AWAY_M + 0.085))
    assert right - left == pytest.approx(apart_m / PANE_M[0] * width, abs=1.5)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"refusal": NO_SERVER}, "not running: start it"),
        ({"refusal": SHUTTING_DOWN}, "quitting"),
        ({"old": 1}, "too old"),
        ({"rate_hz": 0.0}, "shows no headset"),
        ({"refuses_overlay": 17}, "another unvisor shows its mirror"),
        ({"refuses_overlay": 23}, "CreateOverlay: RequestFailed"),
    ],
)
def test_what_cannot_be_opened_is_said_and_left(
    steamvr: SteamVr, context: Context, state: dict[str, Any], says: str
) -> None:
    steamvr.set(**state)
    with pytest.raises(HeadsetError, match=says):
        OpenVrStage(context)
    assert steamvr.overlays() == {}
    if "refusal" not in state:
        assert steamvr.used("leaves") == steamvr.used("joins")


def test_steamvr_quitting_is_acknowledged_and_left(steamvr: SteamVr, context: Context) -> None:
    with OpenVrStage(context) as stage:
        frame(stage, Spots())
        steamvr.set(quits=1)
        with pytest.raises(HeadsetError, match="quitting"):
            stage.poll()
    assert steamvr.used("acknowledged") == 1
    assert steamvr.used("leaves") == steamvr.used("joins")
    # Started again, it is joined again.
    with OpenVrStage(context) as stage:
        frame(stage, Spots())
        assert stage.drawn == 1


def test_one_that_died_unseen_is_let_go(
    steamvr: SteamVr, stage: OpenVrStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(stage)
    frame(stage, Spots())
    monkeypatch.setattr("unvisor.headset.compositor.openvr.stage._SILENT_NS", NS_PER_S // 5)
    steamvr.set(frozen=1)
    for _ in range(30):  # no frames, but poses: its display sleeps
        frame(stage, Spots())
    steamvr.set(valid=0)
    said = ""
    while not said:
        try:
            frame(stage, Spots())
        except HeadsetError as error:
            said = str(error)
    assert said == "SteamVR: gives neither frames nor poses: start it again"


def test_a_runtime_that_does_not_wait_makes_nothing_spin(
    steamvr: SteamVr, stage: OpenVrStage
) -> None:
    ready(stage)
    steamvr.set(rate_hz=10_000.0)  # its frames begin at once, and it is not believed
    began_ns: list[int] = []
    for _ in range(10):
        frame(stage, None)
        began_ns.append(stage._begun_ns)  # pyright: ignore[reportPrivateUsage]
    assert np.diff(began_ns).min() >= NS_PER_S / 90 / 4 - 1000


def test_a_scene_may_take_long_to_build(
    steamvr: SteamVr, stage: OpenVrStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unvisor.headset.compositor.openvr.stage._SILENT_NS", 1)
    steamvr.set(valid=0)
    stage._polled_ns -= 60 * NS_PER_S  # pyright: ignore[reportPrivateUsage]
    assert stage.poll() is StageState.WAITING


def test_without_steamvr_nothing_is_loaded(
    steamvr: SteamVr, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(steamvr.folder / "none.vrpath"))
    assert steamvr_client.refusal() is not None
    with pytest.raises(HeadsetError, match="not installed"):
        OpenVrStage(context)
    assert steamvr.used("joins") == 0

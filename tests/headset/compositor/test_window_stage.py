from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.clock import now_ns
from unvisor.headset.compositor import gl
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.panels.content import PLATES, MirrorSwitch, Prompt, SensorStatus
from unvisor.headset.compositor.stage import Stage, StageState
from unvisor.headset.compositor.window import framebuffer, picture
from unvisor.headset.compositor.window_panels import WindowPanels, placed
from unvisor.headset.compositor.window_stage import WindowStage
from unvisor.headset.errors import HeadsetError

SIZE = (320, 240)


@pytest.mark.gl
def test_without_a_screen_it_has_a_rhythm_and_shows_nothing(drawing: GlReport):
    with Context(), WindowStage(headless=True, size=SIZE, rate_hz=100.0) as stage:
        a_stage: Stage = stage
        assert a_stage.poll() is StageState.RUNNING
        assert a_stage.said() == ("focused", "")
        assert a_stage.size == SIZE
        began_ns = now_ns()
        beats = [a_stage.wait() for _ in range(5)]
        assert now_ns() - began_ns >= 40_000_000  # the first is at once
        assert {(beat.period_ns, beat.seen) for beat in beats} == {(10_000_000, True)}
        between_ns = np.diff([beat.display_ns for beat in beats])
        assert (between_ns % 10_000_000 == 0).all()
        assert (between_ns > 0).all()
        a_stage.show_panels({Prompt: np.zeros((264, 760, 4), np.uint8)})
        a_stage.show(beats[-1], None)
        assert a_stage.drawn == 0
        assert list(a_stage.sample()) == []
        gl.check("showing nothing")


@pytest.mark.gl
def test_where_there_is_no_screen_it_says_so(drawing: GlReport):
    if not drawing.route.startswith("egl"):
        pytest.skip("elsewhere: here everything is drawn by way of a window")
    with Context(), pytest.raises(HeadsetError, match=r"^window: no screen.*start from a desktop"):
        WindowStage()


def test_panels_lie_within_the_picture_and_leave_its_middle_free():
    for size in ((960, 720), (1920, 720), (300, 240), (500, 900)):
        for kind in PLATES:
            left, bottom, width, height = placed(kind, size)
            assert left >= 0
            assert left + width <= size[0]
            assert bottom >= 0
            assert bottom + height <= size[1]
            assert width / height == pytest.approx(
                PLATES[kind].size[0] / PLATES[kind].size[1], 0.02
            )
            assert bottom + height < 0.25 * size[1] or bottom > 0.6 * size[1]


@pytest.mark.gl
def test_a_panel_is_laid_over_the_picture_as_light(drawing: GlReport):
    width, height = PLATES[MirrorSwitch].size
    half = np.zeros((height, width, 4), np.uint8)
    half[..., 3] = 128  # a dark pane: half of what is behind comes through, half of its light
    with Context():
        api = gl.api()
        texture = picture(SIZE, int(api.GL_SRGB8_ALPHA8))
        api.glTexSubImage2D(
            api.GL_TEXTURE_2D, 0, 0, 0, *SIZE, api.GL_RGBA, api.GL_UNSIGNED_BYTE,
            np.full((SIZE[1], SIZE[0], 4), 200, np.uint8),
        )  # fmt: skip
        panels = WindowPanels(texture, SIZE)
        panels.show({MirrorSwitch: half})
        panels.draw()
        seen = np.empty((SIZE[1], SIZE[0], 4), np.uint8)
        api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, framebuffer(texture))
        api.glReadPixels(0, 0, *SIZE, api.GL_RGBA, api.GL_UNSIGNED_BYTE, seen)
        with pytest.raises(HeadsetError, match="draw it by Painter"):
            panels.show({SensorStatus: half})
        panels.close()
        gl.check("drawing panels")
    left, bottom, across, up = placed(MirrorSwitch, SIZE)
    inside = np.zeros(SIZE[::-1], bool)
    inside[bottom : bottom + up, left : left + across] = True
    assert (seen[~inside][:, :3] == 200).all()
    np.testing.assert_allclose(
        seen[inside][:, :3].astype(int), 146, atol=1
    )  # 0.578 * (1 - 128/255)

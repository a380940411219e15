"""A stage in a window on a real screen: what is drawn is seen there, and the mouse is heard."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.context import Context
from unvisor.headset.compositor.panels.content import PLATES, Prompt
from unvisor.headset.compositor.stage import StageState
from unvisor.headset.compositor.window_panels import placed
from unvisor.headset.compositor.window_stage import WindowStage

from ...testbed.child import say
from ...testbed.monado import Monado
from .conftest import StartXr
from .test_mirror_window import ask_to_close, settled, window_of

pytestmark = pytest.mark.openxr

EYE = (300, 240)
WINDOW = (600, 240)
EYES = ((200, 60, 40), (40, 90, 220))
PANEL = (10, 220, 90)

_BUTTON_PRESS, _BUTTON_RELEASE, _MOTION = 4, 5, 6


class TwoColours:
    """A scene of one colour for each eye."""

    def hide(self, eye: int, corners: object, triangles: object) -> None:
        raise AssertionError("a window has no lens")

    def draw(self, views: NDArray[np.float32], display_ns: int) -> None:
        self.yaw_rad = 2.0 * float(np.arctan2(views[0, 1], views[0, 3]))

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
        pixels = np.empty((size[1], size[0], 4), np.uint8)
        pixels[:] = (*EYES[eye], 255)
        api = gl.api()
        api.glBindTexture(api.GL_TEXTURE_2D, texture)
        api.glTexSubImage2D(
            api.GL_TEXTURE_2D, 0, *at, *size, api.GL_RGBA, api.GL_UNSIGNED_BYTE, pixels
        )


class MouseEvent(ctypes.Structure):
    """XButtonEvent and XMotionEvent, with room for what an XEvent may hold."""

    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("sent", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("root", ctypes.c_ulong),
        ("subwindow", ctypes.c_ulong), ("time", ctypes.c_ulong),
        ("x", ctypes.c_int), ("y", ctypes.c_int), ("x_root", ctypes.c_int), ("y_root", ctypes.c_int),
        ("state", ctypes.c_uint), ("button", ctypes.c_uint), ("same_screen", ctypes.c_int),
        ("rest", ctypes.c_long * 24),
    ]  # fmt: skip


def drag(size: tuple[int, int], right_px: int) -> None:
    """Do what a mouse does that drags in the window of a size; to it, not to where the pointer is."""
    x = ctypes.CDLL("libX11.so.6")
    display, window = window_of(x, size)
    for kind, across in (
        (_BUTTON_PRESS, 100), (_MOTION, 100), (_MOTION, 100 + right_px),
        (_BUTTON_RELEASE, 100 + right_px),
    ):  # fmt: skip
        event = MouseEvent(type=kind, window=window, x=across, y=100, same_screen=1)
        event.button = 0 if kind == _MOTION else 1
        x.XSendEvent(display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event))
    x.XSync(display, 0)
    x.XCloseDisplay(display)


def stand() -> dict[str, Any]:
    """Show a scene, then a panel over it; be dragged, and closed."""
    told: dict[str, Any] = {}
    scene = TwoColours()
    with (
        Context(("window",)) as context,
        WindowStage(size=EYE, side_by_side=True, rate_hz=50.0) as stage,
    ):
        told["size"], told["state"] = stage.size, stage.poll().value

        def show() -> float:
            assert stage.poll() is StageState.RUNNING
            beat = stage.wait()
            stage.show(beat, scene)
            return scene.yaw_rad

        told["yaw"] = [show()]
        shown_and_heard()
        width, height = PLATES[Prompt].size
        picture = np.empty((height, width, 4), np.uint8)
        picture[:] = (*PANEL, 255)
        picture[:, : width // 2] = 0  # nothing: what is behind is seen
        picture[: height // 2, width // 2 :] = (0, 0, 0, 255)
        stage.show_panels({Prompt: picture})
        show()
        shown_and_heard()
        stage.show_panels({})
        drag(WINDOW, -40)
        told["yaw"] += [show()]
        stage.recentre()
        told["yaw"] += [show()]
        shown_and_heard()
        told["drawn"] = stage.drawn
        ask_to_close(WINDOW)
        told["closed"] = [stage.poll().value for _ in range(2)]
        context.make_current()
        gl.check("showing a stage in a window")
    return told


def shown_and_heard() -> None:
    gl.api().glFinish()
    say("shown")
    sys.stdin.readline()


def test_both_eyes_and_a_panel_are_seen_and_the_mouse_turns_the_view(
    start_xr: StartXr, monado_on_screen: Monado
) -> None:
    child = start_xr(stand, runtime=monado_on_screen)

    def window(x: int, y: int, colour: tuple[int, int, int]) -> None:
        """Ask for a colour in the window, once the screen has it."""

        def there(picture: NDArray[np.int64]) -> bool:
            return bool(np.abs(picture[y, x] - colour).max() <= 2)

        picture = settled(monado_on_screen, there, size=WINDOW)
        np.testing.assert_allclose(picture[y, x], colour, atol=2)

    def both_eyes() -> None:
        for eye in (0, 1):
            for x, y in ((5, 5), (295, 5), (5, 235), (295, 235)):
                window(x + eye * EYE[0], y, EYES[eye])

    assert child.line() == "shown"
    both_eyes()
    child.tell("on")
    assert child.line() == "shown"
    left, bottom, width, height = placed(Prompt, WINDOW)
    low, high = WINDOW[1] - bottom - 4, WINDOW[1] - bottom - height + 4
    window(left + width - 4, low, PANEL)  # its first row is at its top
    window(left + width - 4, high, (0, 0, 0))
    window(left + 4, low, EYES[0])
    window(5, 5, EYES[0])
    child.tell("on")
    assert child.line() == "shown"
    both_eyes()
    child.tell("on")
    told = child.result()
    assert told.pop("yaw") == pytest.approx([0.0, np.radians(10.0), 0.0], abs=1e-4)
    assert told == {
        "size": list(EYE), "state": "running", "drawn": 4, "closed": ["closed", "closed"],
    }  # fmt: skip

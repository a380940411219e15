"""A stage without a headset: what a wearer before the mirror would see, in a window on the desktop.

    with WindowStage() as stage:            # a GLFW context being current
        while stage.poll() is not StageState.CLOSED:
            beat = stage.wait()
            stage.show(beat, scene)

The mouse turns the view about the image, the wheel comes nearer, a double click puts both back.
Without a screen (`headless=True`, any context) it has the same rhythm and views and shows nothing: a
film is then what is seen of it.

While the window is dragged by its title bar, Windows does not return from `poll`: the picture stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_S, now_ns
from ..frame import Sample
from ..pace import Steady, sleep_until
from . import gl
from .orbit import AWAY_M, Orbit
from .stage import Pictures, Scene, StageBeat, StageState
from .window import PictureWindow
from .window_panels import WindowPanels

SIZE: Final = (960, 720)
"""Of one eye's picture; the whole head with room about it."""

RATE_HZ: Final = 60.0
_RATES_HZ: Final = (24, 360)  # of monitors; drivers of odd ones have been seen to say 0 or 1


class WindowStage:
    """A `Stage` in a window, or of no place at all; everything here is of GLFW's main thread.

    Attributes:
        size: Width and height of one eye's picture, pixels.
        image_format: OpenGL's number of the format they end in.
        transparent: False.
        drawn: Frames with something in them so far.
        head: Shape (7,), where the wearer's head is, xyzw and metres: what a mirror shows. It is
            not midway between the views, which the mouse moves.
    """

    def __init__(
        self,
        *,
        size: tuple[int, int] = SIZE,
        headless: bool = False,
        side_by_side: bool = False,
        rate_hz: float | None = None,
        away_m: float = AWAY_M,
    ) -> None:
        """Open it.

        Args:
            size: Width and height of one eye's picture, in the desktop's pixels: on a screen of scale
                2 it has twice as many.
            headless: Shown nowhere.
            side_by_side: Both eyes are shown, the left one on the left; else the left one.
            rate_hz: Frames a second; by default the monitor's rate, or `RATE_HZ`.
            away_m: How far ahead of the head the mirror shows it.

        Raises:
            HeadsetError: There is no screen, or the driver refuses.
        """
        self.transparent = False
        self.drawn = 0
        self.head: NDArray[np.float32] = np.array([0, 0, 0, 1, 0, 0, 0], np.float32)
        self._window: PictureWindow | None = None
        self._panels: WindowPanels | None = None
        self._eyes = 2 if side_by_side else 1
        self._shown = True
        if headless:
            self.size, self.image_format = size, int(gl.api().GL_SRGB8_ALPHA8)
        else:
            window = PictureWindow(
                "window", (self._eyes * size[0], size[1]), title_bar=True, focused=True
            )
            self._window = window
            self.size = window.size[0] // self._eyes, window.size[1]
            self.image_format = window.image_format
            self._panels = WindowPanels(window.texture, window.size)
            rate_hz = rate_hz or _monitor_hz()
        rate_hz = rate_hz or RATE_HZ
        self._period_ns = round(NS_PER_S / rate_hz)
        self._beat = Steady(rate_hz)
        self._orbit = Orbit(self.size, away_m=away_m)
        if self._window is not None:
            _listen(self._window.handle, self._orbit)

    def poll(self) -> StageState:
        """Hear what the desktop says; CLOSED once its user has closed the window."""
        if self._window is None:
            return StageState.RUNNING
        if not self._window.poll():
            return StageState.CLOSED
        self._shown = self._window.seen
        return StageState.RUNNING

    def said(self) -> tuple[str, str]:
        """Return `focused`, or `hidden` while the window is an icon; nothing is odd."""
        return "focused" if self._shown else "hidden", ""

    def wait(self) -> StageBeat:
        """Sleep until a frame begins; those that were missed are skipped."""
        begins_ns, _ = self._beat.next(now_ns())
        sleep_until(begins_ns)
        return StageBeat(
            display_ns=begins_ns + self._period_ns, period_ns=self._period_ns, seen=self._shown
        )

    def show(self, beat: StageBeat, scene: Scene | None) -> None:
        """Draw a scene, and panels over it; without one, panels alone."""
        if not beat.seen:
            return
        if scene is not None:
            scene.draw(self._orbit.views, beat.display_ns)
            self.drawn += 1
        if self._window is None or self._panels is None:
            return
        if scene is None:
            self._panels.clear()
        else:
            for eye in range(self._eyes):
                scene.resolve(
                    eye, self._window.texture, self.size, self.image_format,
                    at=(eye * self.size[0], 0),
                )  # fmt: skip
        self._panels.draw()
        self._window.present()

    def show_panels(self, pictures: Pictures) -> None:
        """Show these panels and no others, at the window's edges; without a window, none.

        Raises:
            HeadsetError: A picture is not of its panel's shape.
        """
        if self._panels is not None:
            self._panels.show(pictures)

    def recentre(self) -> None:
        """Look as at first."""
        self._orbit.reset()

    def sample(self) -> Sequence[Sample]:
        """Return nothing: a desktop senses no one."""
        return ()

    def close(self) -> None:
        """Give the window back, the context it was opened in being current."""
        if self._panels is not None:
            self._panels.close()
        if self._window is not None:
            self._window.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()


def _listen(window: Any, orbit: Orbit) -> None:
    """Have the mouse move an orbit; GLFW calls back from within `poll`."""
    import glfw

    def button(_window: Any, button: int, action: int, _mods: int) -> None:
        if button == glfw.MOUSE_BUTTON_LEFT and action == glfw.PRESS:
            orbit.press(now_ns())
        elif button == glfw.MOUSE_BUTTON_LEFT:
            orbit.release()

    glfw.set_mouse_button_callback(window, button)
    glfw.set_cursor_pos_callback(window, lambda _, x, y: orbit.move((x, y)))
    glfw.set_scroll_callback(window, lambda _, _across, notches: orbit.scroll(notches))


def _monitor_hz() -> float | None:
    """Return the rate of the desktop's first monitor, None where it does not say."""
    import glfw

    monitor = glfw.get_primary_monitor()
    mode = glfw.get_video_mode(monitor) if monitor else None
    rate_hz = mode.refresh_rate if mode else 0
    return float(rate_hz) if _RATES_HZ[0] <= rate_hz <= _RATES_HZ[1] else None

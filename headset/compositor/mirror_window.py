"""A window on the desktop that shows what one eye sees, for those who stand beside the wearer.

It never holds the frame loop, and takes a frame only when its last is old enough. Panels are not in it:
the runtime composes those.

    window = MirrorWindow(stage.size)       # the headset's context being current

    def left_eye(texture: int) -> None:
        scene.resolve(0, texture, window.size, window.image_format)

    window.take(left_eye, now_ns())         # in each frame, after both eyes' pictures were drawn

Not run on Windows yet. There it has no title bar: while a window is dragged by one, Windows does not
return from reading events, and the headset would stand still.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from ..clock import NS_PER_S
from .window import PictureWindow

RATE_HZ: Final = 30.0
HEIGHT_PX: Final = 720


class MirrorWindow:
    """The window; everything here is of the thread that draws, GLFW's main one.

    Attributes:
        size: Width and height of the picture it is given, pixels.
        image_format: OpenGL's number of that picture's format.
        closed: Whether whoever sits there has closed it; then it takes nothing more.
    """

    def __init__(
        self, eye: tuple[int, int], *, height_px: int = HEIGHT_PX, rate_hz: float = RATE_HZ
    ) -> None:
        """Open it, without taking the keyboard from another program.

        Args:
            eye: Width and height of what an eye sees: the window has their proportions.
            height_px: Of the window at first, in the desktop's pixels; its picture is no finer.
            rate_hz: At most so often is anything shown.

        Raises:
            HeadsetError: The current context is not GLFW's, or it has no window that shares with it.
        """
        self._window = PictureWindow(
            "mirror window",
            (max(1, round(height_px * eye[0] / eye[1])), height_px),
            title_bar=sys.platform != "win32",
            focused=False,
        )
        self.size, self.image_format = self._window.size, self._window.image_format
        self.closed = False
        self._period_ns = round(NS_PER_S / rate_hz)
        self._due_ns: int | None = None

    def take(self, draw: Callable[[int], object], at_ns: int) -> bool:
        """Show a view where it is time for one; the context is the same before and after.

        Args:
            draw: Called if so, draws the view into a GL_TEXTURE_2D of `size` and `image_format`.
            at_ns: Now, on the host clock.

        Returns:
            Whether it is shown.
        """
        if self.closed or (self._due_ns is not None and at_ns < self._due_ns):
            return False
        self._due_ns = at_ns + self._period_ns
        self.closed = not self._window.poll()
        if self.closed or not self._window.seen:
            return False
        draw(self._window.texture)
        self._window.present()
        return True

    def close(self) -> None:
        """Give it back, the context it was opened in being current."""
        self._window.close()

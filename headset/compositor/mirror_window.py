"""A window on the desktop that shows what one eye sees, for those who stand beside the wearer.

It never holds the frame loop: it has one buffer, so there is no swap that could wait for a screen, and
it takes a frame only when its last is old enough. Panels are not in it: the runtime composes those.

    window = MirrorWindow(frames.size)      # the headset's context being current

    def left_eye(texture: int) -> None:
        renderer.resolve(0, texture, window.size, window.image_format)

    window.take(left_eye, now_ns())         # in each frame, after both eyes' pictures were drawn

Not run on Windows yet. There it has no title bar: while a window is dragged by one, Windows does not
return from reading events, and the headset would stand still.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ..clock import NS_PER_S
from ..errors import HeadsetError
from . import gl

RATE_HZ: Final = 30.0
HEIGHT_PX: Final = 720


class MirrorWindow:
    """The window; everything here is of the thread that draws, GLFW's main one.

    Attributes:
        size: Width and height of the picture it is given, and of the window at first, pixels.
        image_format: OpenGL's number of that picture's format.
        closed: Whether whoever sits there has closed it; then it takes nothing more.
    """

    def __init__(
        self, eye: tuple[int, int], *, height_px: int = HEIGHT_PX, rate_hz: float = RATE_HZ
    ) -> None:
        """Open it, without taking the keyboard from another program.

        Args:
            eye: Width and height of what an eye sees: the window has their proportions.
            height_px: Of the window at first; its picture is no finer.
            rate_hz: At most so often is anything shown.

        Raises:
            HeadsetError: The current context is not GLFW's, or it has no window that shares with it.
        """
        import glfw  # starts by searching for its library, so only where it is wanted

        glfw.ERROR_REPORTING = "ignore"
        self._glfw = glfw
        self._context = glfw.get_current_context()
        if not self._context:
            raise HeadsetError("mirror window: no screen to show it on: start from a desktop")
        self.closed = False
        self.size = max(1, round(height_px * eye[0] / eye[1])), height_px
        self.image_format = int(gl.api().GL_SRGB8_ALPHA8)
        self._period_ns = round(NS_PER_S / rate_hz)
        self._due_ns: int | None = None
        self._cleared = (0, 0)
        self._texture = _picture(self.size, self.image_format)
        gl.check("making the mirror window's picture")
        self._window = self._opened()
        try:
            self._read = self._prepared()
        finally:
            glfw.make_context_current(self._context)

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
        glfw = self._glfw
        glfw.poll_events()
        if glfw.window_should_close(self._window):
            self.closed = True
            glfw.hide_window(self._window)
            return False
        if glfw.get_window_attrib(self._window, glfw.ICONIFIED):
            return False
        api = gl.api()
        draw(self._texture)
        finished = api.glFenceSync(api.GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
        api.glFlush()
        glfw.make_context_current(self._window)
        try:
            api.glWaitSync(finished, 0, api.GL_TIMEOUT_IGNORED)  # the GPU waits, not this thread
            self._present()
        finally:
            glfw.make_context_current(self._context)
            api.glDeleteSync(finished)
        return True

    def close(self) -> None:
        """Give it back, the context it was opened in being current."""
        api = gl.api()
        self._glfw.destroy_window(self._window)  # and its framebuffer
        api.glDeleteTextures(1, np.array([self._texture], np.uint32))

    def _opened(self) -> Any:
        glfw = self._glfw
        width, height = self.size
        glfw.default_window_hints()
        for hint, value in (
            (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE),
            (glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE),
            (glfw.CONTEXT_VERSION_MAJOR, 4),
            (glfw.CONTEXT_VERSION_MINOR, 1),
            (glfw.DOUBLEBUFFER, glfw.FALSE),
            (glfw.DECORATED, glfw.FALSE if sys.platform == "win32" else glfw.TRUE),
            (glfw.FOCUSED, glfw.FALSE),
            (glfw.FOCUS_ON_SHOW, glfw.FALSE),
        ):
            glfw.window_hint(hint, value)
        window: Any = glfw.create_window(width, height, "unvisor", None, self._context)
        glfw.default_window_hints()  # they are of all windows to come
        if not window:
            raise HeadsetError("mirror window: the driver refuses it: update the graphics driver")
        glfw.set_window_aspect_ratio(window, width, height)
        return window

    def _prepared(self) -> int:
        """Return the window's own framebuffer of the picture: contexts do not share those."""
        self._glfw.make_context_current(self._window)
        self._glfw.swap_interval(0)
        return _framebuffer(self._texture)

    def _present(self) -> None:
        """Copy the picture into the window as large as it fits; bytes as they are, both sRGB."""
        api = gl.api()
        window: tuple[int, int] = self._glfw.get_framebuffer_size(self._window)
        left, top, right, bottom = fitting(self.size, window)
        api.glBindFramebuffer(api.GL_DRAW_FRAMEBUFFER, 0)
        if window != self._cleared:  # not each time: with one buffer it would be seen to flicker
            api.glClearBufferfv(api.GL_COLOR, 0, _BLACK)
            self._cleared = window
        api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, self._read)
        api.glBlitFramebuffer(
            0, 0, *self.size, left, top, right, bottom, api.GL_COLOR_BUFFER_BIT, api.GL_LINEAR
        )
        api.glFlush()


def fitting(size: tuple[int, int], window: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the middle rectangle of a window, its proportions those of a size: left to bottom."""
    share = min(window[0] / size[0], window[1] / size[1])
    width, height = round(size[0] * share), round(size[1] * share)
    left, top = (window[0] - width) // 2, (window[1] - height) // 2
    return left, top, left + width, top + height


_BLACK: Final = np.zeros(4, np.float32)


def _picture(size: tuple[int, int], image_format: int) -> int:
    api = gl.api()
    made = int(api.glGenTextures(1))
    api.glBindTexture(api.GL_TEXTURE_2D, made)
    api.glTexImage2D(
        api.GL_TEXTURE_2D, 0, image_format, *size, 0,
        api.GL_RGBA, api.GL_UNSIGNED_BYTE, None,
    )  # fmt: skip
    return made


def _framebuffer(texture: int) -> int:
    api = gl.api()
    made = int(api.glGenFramebuffers(1))
    api.glBindFramebuffer(api.GL_FRAMEBUFFER, made)
    api.glFramebufferTexture2D(
        api.GL_FRAMEBUFFER, api.GL_COLOR_ATTACHMENT0, api.GL_TEXTURE_2D, texture, 0
    )
    return made

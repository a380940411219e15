"""A window on the desktop that shows one picture, as large as it fits; GLFW's particulars stand here.

It has a context of its own that shares the picture with the context that draws, and one buffer: there
is no swap that could wait for a screen. So it never holds the loop that draws.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..errors import HeadsetError
from . import gl

_MOST_SCALE: Final = 4.0
"""What desktops offer at most; anything else is a mistake of theirs, and a picture of gigabytes."""


class PictureWindow:
    """The window and its picture; everything here is of the thread that draws, GLFW's main one.

    Attributes:
        size: Width and height of the picture, pixels: what the window had at first.
        image_format: OpenGL's number of the picture's format.
        texture: The picture, a GL_TEXTURE_2D of the context that draws.
        handle: GLFW's.
    """

    def __init__(self, what: str, size: tuple[int, int], *, title_bar: bool, focused: bool) -> None:
        """Open it.

        Args:
            what: Its name in errors.
            size: Width and height at first, in the desktop's own pixels: on a screen of scale 2
                the window and its picture have twice as many.
            title_bar: Whether it can be moved and closed by one.
            focused: Whether it takes the keyboard from another program.

        Raises:
            HeadsetError: The current context is not GLFW's, or it has no window that shares with it.
        """
        import glfw  # starts by searching for its library, so only where it is wanted

        glfw.ERROR_REPORTING = "ignore"
        self._glfw = glfw
        self._context = glfw.get_current_context()
        if not self._context:
            raise HeadsetError(f"{what}: no screen to show it on: start from a desktop")
        self._cleared = (0, 0)
        self.handle: Any = _opened(glfw, self._context, size, title_bar=title_bar, focused=focused)
        if not self.handle:
            raise HeadsetError(f"{what}: the driver refuses it: update the graphics driver")
        self.size = _scaled(size, max(glfw.get_window_content_scale(self.handle)))
        glfw.set_window_aspect_ratio(self.handle, *size)
        self.image_format = int(gl.api().GL_SRGB8_ALPHA8)
        self.texture = picture(self.size, self.image_format)
        gl.check(f"making the picture of the {what}")
        gl.api().glFlush()  # so that the other context finds it
        try:
            glfw.make_context_current(self.handle)
            glfw.swap_interval(0)
            self._read = framebuffer(self.texture)  # contexts do not share those
        finally:
            glfw.make_context_current(self._context)

    def poll(self) -> bool:
        """Hear what the desktop says; return False once whoever sits there has closed the window."""
        self._glfw.poll_events()
        if not self._glfw.window_should_close(self.handle):
            return True
        self._glfw.hide_window(self.handle)
        return False

    @property
    def seen(self) -> bool:
        """Whether it is more than an icon."""
        return not self._glfw.get_window_attrib(self.handle, self._glfw.ICONIFIED)

    def present(self) -> None:
        """Show the picture as it is now; the context is the same before and after."""
        api, glfw = gl.api(), self._glfw
        finished = api.glFenceSync(api.GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
        api.glFlush()
        glfw.make_context_current(self.handle)
        try:
            api.glWaitSync(finished, 0, api.GL_TIMEOUT_IGNORED)  # the GPU waits, not this thread
            self._copy()
        finally:
            glfw.make_context_current(self._context)
            api.glDeleteSync(finished)

    def close(self) -> None:
        """Give it back, the context it was opened in being current."""
        self._glfw.destroy_window(self.handle)  # and its framebuffer
        gl.api().glDeleteTextures(1, np.array([self.texture], np.uint32))

    def _copy(self) -> None:
        """Copy the picture into the window as large as it fits; bytes as they are, both sRGB."""
        api = gl.api()
        window: tuple[int, int] = self._glfw.get_framebuffer_size(self.handle)
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


def picture(size: tuple[int, int], image_format: int) -> int:
    """Make a GL_TEXTURE_2D without mipmaps, to be drawn to."""
    api = gl.api()
    made = int(api.glGenTextures(1))
    api.glBindTexture(api.GL_TEXTURE_2D, made)
    api.glTexImage2D(
        api.GL_TEXTURE_2D, 0, image_format, *size, 0,
        api.GL_RGBA, api.GL_UNSIGNED_BYTE, None,
    )  # fmt: skip
    api.glTexParameteri(api.GL_TEXTURE_2D, api.GL_TEXTURE_MAX_LEVEL, 0)
    return made


def framebuffer(texture: int) -> int:
    """Make a framebuffer whose one colour is a GL_TEXTURE_2D."""
    api = gl.api()
    made = int(api.glGenFramebuffers(1))
    api.glBindFramebuffer(api.GL_FRAMEBUFFER, made)
    api.glFramebufferTexture2D(
        api.GL_FRAMEBUFFER, api.GL_COLOR_ATTACHMENT0, api.GL_TEXTURE_2D, texture, 0
    )
    return made


_BLACK: Final = np.zeros(4, np.float32)


def _opened(
    glfw: Any, context: Any, size: tuple[int, int], *, title_bar: bool, focused: bool
) -> Any:
    glfw.default_window_hints()
    for hint, value in (
        (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE),
        (glfw.OPENGL_FORWARD_COMPAT, True),
        (glfw.CONTEXT_VERSION_MAJOR, 4),
        (glfw.CONTEXT_VERSION_MINOR, 1),
        (glfw.DOUBLEBUFFER, False),
        (glfw.DECORATED, title_bar),
        (glfw.FOCUSED, focused),
        (glfw.FOCUS_ON_SHOW, focused),
        (glfw.SCALE_TO_MONITOR, True),
    ):
        glfw.window_hint(hint, int(value))
    window = glfw.create_window(*size, "unvisor", None, context)
    glfw.default_window_hints()  # they are of all windows to come
    return window


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    scale = scale if 1.0 <= scale <= _MOST_SCALE else 1.0  # NaN too
    return round(size[0] * scale), round(size[1] * scale)

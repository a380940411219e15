"""An offscreen picture: drawn with several samples a pixel, resolved, read back.

Preallocated; a frame allocates nothing but the array it hands out.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import HeadsetError
from . import gl

Image = NDArray[np.uint8]

_RING: Final = 2


class Canvas:
    """A colour and depth target of one size; needs a current context.

    Attributes:
        size: Width and height of the picture, pixels.
        samples: To a drawn pixel.
    """

    def __init__(self, size: tuple[int, int], *, samples: int = 1, scale: float = 1.0) -> None:
        """Make it.

        Args:
            size: Width and height, pixels.
            samples: To a drawn pixel, at most; fewer where the driver has fewer.
            scale: Drawn so many times as wide and high, and shrunk; only with `samples` 1.

        Raises:
            HeadsetError: The driver refuses this size.
        """
        api = gl.api()
        self.size = size
        width, height = size
        self.samples = min(samples, int(api.glGetIntegerv(api.GL_MAX_SAMPLES)))
        self._drawn = (round(width * scale), round(height * scale))
        self._bytes = width * height * 4
        self._buffers = [int(name) for name in api.glGenRenderbuffers(3)]
        colour, depth, resolved = self._buffers
        many = self.samples if self.samples > 1 else 0
        for name, kind, count, extent in (
            (colour, api.GL_SRGB8_ALPHA8, many, self._drawn),
            (depth, api.GL_DEPTH_COMPONENT32F, many, self._drawn),
            (resolved, api.GL_SRGB8_ALPHA8, 0, size),
        ):
            api.glBindRenderbuffer(api.GL_RENDERBUFFER, name)
            api.glRenderbufferStorageMultisample(api.GL_RENDERBUFFER, count, kind, *extent)
        self._frames = [int(name) for name in api.glGenFramebuffers(2)]
        drawn, read = self._frames
        for frame, attachment, name in (
            (drawn, api.GL_COLOR_ATTACHMENT0, colour),
            (drawn, api.GL_DEPTH_ATTACHMENT, depth),
            (read, api.GL_COLOR_ATTACHMENT0, resolved),
        ):
            api.glBindFramebuffer(api.GL_FRAMEBUFFER, frame)
            api.glFramebufferRenderbuffer(api.GL_FRAMEBUFFER, attachment, api.GL_RENDERBUFFER, name)
        if api.glCheckFramebufferStatus(api.GL_FRAMEBUFFER) != api.GL_FRAMEBUFFER_COMPLETE:
            raise HeadsetError(f"OpenGL: no picture of {width} x {height}: ask for a smaller one")
        self._transfers: list[int] = []
        self._started: list[bool] = [False] * _RING
        self._turn = 0
        self._clear_depth = np.ones(1, np.float32)

    def begin(self, background: NDArray[np.float32]) -> None:
        """Start a picture: later draws go here, over a linear colour (4,)."""
        api = gl.api()
        self.resume()
        api.glClearBufferfv(api.GL_COLOR, 0, background)
        api.glClearBufferfv(api.GL_DEPTH, 0, self._clear_depth)

    def resume(self) -> None:
        """Have later draws go here again, after something else was drawn to."""
        api = gl.api()
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._frames[0])
        api.glViewport(0, 0, *self._drawn)
        api.glEnable(api.GL_DEPTH_TEST)
        api.glEnable(api.GL_FRAMEBUFFER_SRGB)

    def read(self) -> Image:
        """Return the picture (H, W, 3), sRGB, first row at the top; waits for the GPU."""
        api = gl.api()
        self._resolve()
        api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, 0)
        width, height = self.size
        pixels = np.empty((height, width, 4), np.uint8)
        api.glReadPixels(0, 0, width, height, api.GL_RGBA, api.GL_UNSIGNED_BYTE, pixels)
        gl.check("reading a picture back")
        return np.ascontiguousarray(pixels[::-1, :, :3])

    def read_previous(self) -> Image | None:
        """Start fetching this picture and return the one before: the GPU is not waited for.

        Returns:
            As `read`, a call late; None the first time.
        """
        api = gl.api()
        if not self._transfers:
            self._transfers = [gl.buffer(self._bytes, dynamic=True) for _ in range(_RING)]
        self._resolve()
        width, height = self.size
        api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, self._transfers[self._turn])
        api.glReadPixels(0, 0, width, height, api.GL_RGBA, api.GL_UNSIGNED_BYTE, gl.NULL)
        self._started[self._turn] = True
        self._turn = (self._turn + 1) % _RING
        previous = self._fetched(api) if self._started[self._turn] else None
        api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, 0)
        return previous

    def close(self) -> None:
        """Give it back."""
        api = gl.api()
        api.glDeleteFramebuffers(2, np.array(self._frames, np.uint32))
        api.glDeleteRenderbuffers(3, np.array(self._buffers, np.uint32))
        if self._transfers:
            gl.delete_buffers(*self._transfers)

    def _resolve(self) -> None:
        api = gl.api()
        drawn, read = self._frames
        api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, drawn)
        api.glBindFramebuffer(api.GL_DRAW_FRAMEBUFFER, read)
        mixing = api.GL_NEAREST if self._drawn == self.size else api.GL_LINEAR
        api.glBlitFramebuffer(0, 0, *self._drawn, 0, 0, *self.size, api.GL_COLOR_BUFFER_BIT, mixing)
        api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, read)

    def _fetched(self, api: Any) -> Image:
        api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, self._transfers[self._turn])
        address = int(
            api.glMapBufferRange(api.GL_PIXEL_PACK_BUFFER, 0, self._bytes, api.GL_MAP_READ_BIT)
        )
        memory = np.ctypeslib.as_array((ctypes.c_ubyte * self._bytes).from_address(address))
        width, height = self.size
        image = np.ascontiguousarray(memory.reshape(height, width, 4)[::-1, :, :3])
        api.glUnmapBuffer(api.GL_PIXEL_PACK_BUFFER)
        return image

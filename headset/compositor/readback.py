"""Pictures on their way from the GPU to memory, a few at once, so that nobody waits for any.

if readback.start(now_ns()):            # the texture is as it is to be
    …
for arrived in readback.arrived():      # in later frames
    … arrived.pixels …                  # the driver's own memory, in any thread
    readback.give_back(arrived)
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from . import gl
from .window import framebuffer

RING: Final = 4
"""Two that the GPU is at, one being written, one waiting to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A picture in memory until it is given back.

    Attributes:
        buffer: OpenGL's number of what it lies in.
        at_ns: As it was started with.
        pixels: Shape (H, W, 4), bottom row first.
    """

    buffer: int
    at_ns: int
    pixels: NDArray[np.uint8]


class Readback:
    """Reads one texture; needs its context, but for `give_back`."""

    def __init__(self, texture: int, size: tuple[int, int]) -> None:
        """Make the buffers.

        Args:
            texture: A GL_TEXTURE_2D of four bytes a pixel.
            size: Its width and height, pixels.
        """
        api = gl.api()
        self._size = size
        self._bytes = size[0] * size[1] * 4
        self._frame = framebuffer(texture)
        self._buffers = [int(name) for name in api.glGenBuffers(RING)]
        for name in self._buffers:
            api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, name)
            api.glBufferData(api.GL_PIXEL_PACK_BUFFER, self._bytes, None, api.GL_STREAM_READ)
        api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, 0)
        self._free = list(self._buffers)
        self._under_way: deque[tuple[Any, int, int]] = deque()
        self._mapped: set[int] = set()
        self._done: deque[int] = deque()  # mapped still: unmapping is the context's to do

    @property
    def ready(self) -> bool:
        """Whether there is a buffer for another picture."""
        self._unmap()
        return bool(self._free)

    @property
    def under_way(self) -> bool:
        """Whether any that were started have not been given back."""
        self._unmap()
        return len(self._free) < RING

    def start(self, at_ns: int) -> bool:
        """Have the texture read once the GPU is done with it; False where no buffer is free."""
        if not self.ready:
            return False
        api = gl.api()
        name = self._free.pop()
        api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, self._frame)
        api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, name)
        api.glReadPixels(0, 0, *self._size, api.GL_RGBA, api.GL_UNSIGNED_BYTE, gl.NULL)
        api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, 0)
        fence = api.glFenceSync(api.GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
        api.glFlush()  # or a fence that is only looked at might never pass
        self._under_way.append((fence, name, at_ns))
        return True

    def arrived(self, *, within_ns: int = 0) -> Iterator[Arrived]:
        """Yield those that have arrived, in order.

        Args:
            within_ns: How long to wait for each; in a frame, not at all.
        """
        api = gl.api()
        while self._under_way:
            fence, name, at_ns = self._under_way[0]
            if api.glClientWaitSync(fence, 0, within_ns) not in (
                api.GL_ALREADY_SIGNALED, api.GL_CONDITION_SATISFIED,
            ):  # fmt: skip
                return
            self._under_way.popleft()
            api.glDeleteSync(fence)
            api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, name)
            address = api.glMapBufferRange(
                api.GL_PIXEL_PACK_BUFFER, 0, self._bytes, api.GL_MAP_READ_BIT
            )
            api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, 0)
            if not address:  # the driver is out of memory for now
                self._free.append(name)
                continue
            self._mapped.add(name)
            memory = (ctypes.c_ubyte * self._bytes).from_address(int(address))
            width, height = self._size
            pixels = np.ctypeslib.as_array(memory).reshape(height, width, 4)
            yield Arrived(buffer=name, at_ns=at_ns, pixels=pixels)

    def give_back(self, arrived: Arrived) -> None:
        """Say, from any thread, that its pixels are not looked at any more."""
        self._done.append(arrived.buffer)

    def close(self) -> None:
        """Give everything back; no pixels may be looked at any more."""
        api = gl.api()
        self._done.extend(self._mapped.difference(self._done))
        self._unmap()
        for fence, _, _ in self._under_way:
            api.glDeleteSync(fence)
        gl.delete_buffers(*self._buffers)
        api.glDeleteFramebuffers(1, np.array([self._frame], np.uint32))

    def _unmap(self) -> None:
        api = gl.api()
        while self._done:
            name = self._done.popleft()
            api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, name)
            api.glUnmapBuffer(api.GL_PIXEL_PACK_BUFFER)
            api.glBindBuffer(api.GL_PIXEL_PACK_BUFFER, 0)
            self._mapped.discard(name)
            self._free.append(name)

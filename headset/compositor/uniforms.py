"""Uniform blocks: what Python writes for each view and each pose, and a ring of slots to write it in."""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from . import gl

VIEW_BINDING: Final = 0
POSE_BINDING: Final = 1

MATERIAL_BINDING: Final = 2


def pose_layout(rows: int) -> np.dtype[np.void]:
    """Return the layout of blocks.glsl's Pose, for so many rows of four weights."""
    return np.dtype(
        [
            ("weights", np.float32, (rows, 4)),
            ("eye_axes", np.float32, (6, 4)),
            ("eye_centre", np.float32, (2, 4)),
            ("eye_rest", np.float32, (2, 4)),
            ("head", np.float32, (3, 4)),
            ("pivot", np.float32, 4),
            ("mouth", np.float32, 4),
        ]
    )


def view_layout(views: int) -> np.dtype[np.void]:
    """Return the layout of blocks.glsl's View, for so many views at once."""
    return np.dtype(
        [
            ("view_projection", np.float32, (views, 4, 4)),
            ("camera", np.float32, (views, 4)),
            ("look", np.float32, 4),
            ("within", np.float32, (views, 4, 4)),
        ]
    )


class UniformBlock:
    """A uniform block that is written anew for every use, without waiting for earlier ones.

    Slots of one buffer are written in turn. Where OpenGL has persistent mapping (4.4) a slot is the
    GPU's own memory, so that whoever holds its fields can still change an expression after the draw
    call, until the GPU reads it; elsewhere it is a copy, sent by `bind`.
    """

    SLOTS: Final = 16
    """Two halves, each more than the uses in flight at once: three views a frame, two frames ahead."""

    def __init__(self, layout: np.dtype[np.void], binding: int) -> None:
        """Make the buffer.

        Args:
            layout: The block's std140 layout.
            binding: The binding point its programs are tied to.
        """
        api = gl.api()
        step = int(api.glGetIntegerv(api.GL_UNIFORM_BUFFER_OFFSET_ALIGNMENT))
        self._stride = -(-layout.itemsize // step) * step
        self._binding = binding
        self._bytes = layout.itemsize
        self._fences: list[Any] = [None, None]  # of the halves: one a use would cost several calls
        self._slot = 0
        total = self._stride * self.SLOTS
        self._name = int(api.glGenBuffers(1))
        api.glBindBuffer(api.GL_UNIFORM_BUFFER, self._name)
        self._mapped = gl.at_least(4, 4)
        if self._mapped:
            flags = api.GL_MAP_WRITE_BIT | api.GL_MAP_PERSISTENT_BIT | api.GL_MAP_COHERENT_BIT
            api.glBufferStorage(api.GL_UNIFORM_BUFFER, total, None, flags)
            address = int(api.glMapBufferRange(api.GL_UNIFORM_BUFFER, 0, total, flags))
            memory = np.ctypeslib.as_array((ctypes.c_ubyte * total).from_address(address))
        else:
            api.glBufferData(api.GL_UNIFORM_BUFFER, total, None, api.GL_DYNAMIC_DRAW)
            memory = np.zeros(total, np.uint8)
        self._slots = [
            memory[start : start + layout.itemsize] for start in range(0, total, self._stride)
        ]
        self._fields: list[dict[str, NDArray[Any]]] = [
            {name: slot.view(layout)[name][0] for name in layout.names or ()}
            for slot in self._slots
        ]

    def next(self) -> dict[str, NDArray[Any]]:
        """Move to the next slot and return its fields, to be filled; waits if it is still read."""
        self._slot = (self._slot + 1) % self.SLOTS
        if self._mapped and self._slot % (self.SLOTS // 2) == 0:
            self._turn(self._slot // (self.SLOTS // 2))
        return self._fields[self._slot]

    def _turn(self, half: int) -> None:
        """Leave one half of the slots for the other, once the GPU has read that to its end."""
        api = gl.api()
        self._fences[1 - half] = api.glFenceSync(api.GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
        fence, self._fences[half] = self._fences[half], None
        if fence is not None:
            api.glClientWaitSync(fence, api.GL_SYNC_FLUSH_COMMANDS_BIT, 1_000_000_000)
            api.glDeleteSync(fence)

    def bind(self) -> None:
        """Make the current slot what programs see."""
        api = gl.api()
        offset = self._stride * self._slot
        if not self._mapped:
            api.glBindBuffer(api.GL_UNIFORM_BUFFER, self._name)
            api.glBufferSubData(api.GL_UNIFORM_BUFFER, offset, self._bytes, self._slots[self._slot])
        api.glBindBufferRange(api.GL_UNIFORM_BUFFER, self._binding, self._name, offset, self._bytes)

    def close(self) -> None:
        """Give the buffer back; fields must not be written afterwards."""
        for fence in self._fences:
            if fence is not None:
                gl.api().glDeleteSync(fence)
        gl.delete_buffers(self._name)

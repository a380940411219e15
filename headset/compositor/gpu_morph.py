"""The two compute passes that pose an avatar: displacements and turns, then normals.

What `Morph` does on the CPU, and held to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from . import gl
from .avatar import Avatar
from .morph import Morph, face_table, morph_table
from .uniforms import POSE_BINDING

_GROUP: Final = 64  # local_size_x of the compute shaders


class GpuMorph:
    """The tables and programs of one avatar; needs a context with compute shaders."""

    def __init__(
        self, avatar: Avatar, morph: Morph, *, rest: int, posed: int, defines: Mapping[str, str]
    ) -> None:
        """Send the tables.

        Args:
            avatar: Whom to pose.
            morph: The same on the CPU.
            rest: A buffer of positions and eyes (V, 4).
            posed: A buffer for positions and normals (V, 8), four floats each.
            defines: Macros of blocks.glsl.

        Raises:
            HeadsetError: The driver refuses.
        """
        starts, entries = morph_table(avatar)
        ranges, corners = face_table(avatar)
        if not entries.size:
            entries = np.zeros(1, entries.dtype)  # a buffer may not be empty
        self._groups = -(-len(avatar.positions) // _GROUP)
        tables = [gl.buffer(table) for table in (starts, entries, ranges, corners)]
        self._buffers = list(tables)
        # By binding point, as the shaders have them.
        self._moving = {0: rest, 1: tables[0], 2: tables[1], 3: posed}
        self._shading = {0: tables[2], 1: tables[3], 3: posed}
        moving, shading = dict(defines), dict(defines)
        if avatar.head is not None:
            moving["BODY"] = "1"
            self._moving[4] = gl.buffer(np.ascontiguousarray(avatar.head.share, np.float32))
            self._buffers.append(self._moving[4])
        if morph.authored is not None:
            shading["AUTHORED"] = "1"
            given = np.zeros((len(avatar.positions), 8), np.float32)
            given[:, 0:3], given[:, 4:7] = morph.rest_normals, morph.authored
            self._shading[2] = gl.buffer(given)
            self._buffers.append(self._shading[2])
        source = gl.shader_text("blocks", "morph", defines=moving, version=430)
        self._move = gl.program(compute=source)
        gl.bind_block(self._move, "Pose", POSE_BINDING)
        self._shade = gl.program(compute=gl.shader_text("normals", defines=shading, version=430))

    def run(self) -> None:
        """Pose by the block `Pose` as it is bound."""
        api = gl.api()
        self._dispatch(self._move, self._moving)
        api.glMemoryBarrier(api.GL_SHADER_STORAGE_BARRIER_BIT)
        self._dispatch(self._shade, self._shading)
        api.glMemoryBarrier(
            api.GL_VERTEX_ATTRIB_ARRAY_BARRIER_BIT
            | api.GL_SHADER_STORAGE_BARRIER_BIT
            | api.GL_BUFFER_UPDATE_BARRIER_BIT
        )

    def close(self) -> None:
        """Give tables and programs back."""
        gl.delete_buffers(*self._buffers)
        gl.api().glDeleteProgram(self._move)
        gl.api().glDeleteProgram(self._shade)

    def _dispatch(self, program: int, buffers: Mapping[int, int]) -> None:
        api = gl.api()
        for place, name in buffers.items():
            api.glBindBufferBase(api.GL_SHADER_STORAGE_BUFFER, place, name)
        api.glUseProgram(program)
        api.glDispatchCompute(self._groups, 1, 1)

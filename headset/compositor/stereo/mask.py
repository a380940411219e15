"""What of each eye's picture no one can see, behind the lens's edge: kept from being shaded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import gl
from .views import EYES

Floats32 = NDArray[np.float32]


class HiddenArea:
    """Triangles drawn first, into depth alone and nearer than anything.

    In the depth that is handed on they are at the near plane: no one can see that either.
    """

    def __init__(self, layers: str | None) -> None:
        """Hide nothing yet.

        Args:
            layers: A `figure.layer_extension` to hide in both pictures at once; None for one by one.
        """
        api = gl.api()
        self._program = gl.program(
            vertex=gl.shader_text(
                "mask", defines={"LAYERS": "1"} if layers else {}, version=410, extension=layers
            ),
            fragment="#version 410 core\nvoid main() {}",
        )
        self._place = api.glGetUniformLocation(self._program, b"lens")
        self._array = int(api.glGenVertexArrays(1))
        self._buffer = 0
        self._corners: list[Floats32] = [np.zeros((0, 3), np.float32)] * EYES
        self._lens = b""

    def set(self, eye: int, corners: Floats32, triangles: NDArray[np.integer]) -> None:
        """Say what one eye cannot see.

        Args:
            eye: 0 left, 1 right.
            corners: Shape (N, 2), tangents to the right and upwards, as XR_KHR_visibility_mask has
                them (a plane one metre ahead).
            triangles: Shape (M, 3), either way round; M may be 0.
        """
        placed = np.full((triangles.size, 3), eye, np.float32)
        placed[:, :2] = corners[triangles.reshape(-1)]
        self._corners[eye] = placed
        api = gl.api()
        if self._buffer:
            gl.delete_buffers(self._buffer)
            self._buffer = 0
        if any(len(corners) for corners in self._corners):
            self._buffer = gl.buffer(np.concatenate(self._corners))
            api.glBindVertexArray(self._array)
            api.glBindBuffer(api.GL_ARRAY_BUFFER, self._buffer)
            api.glVertexAttribPointer(0, 3, api.GL_FLOAT, False, 12, gl.NULL)
            api.glEnableVertexAttribArray(0)
            gl.check("sending what no one can see")

    def draw(self, lens: Floats32, eye: int | None) -> None:
        """Hide it in the picture that is bound.

        Args:
            lens: As `EyeViews.lens`.
            eye: Whose picture it is; None for both in layers.
        """
        left, right = (len(corners) for corners in self._corners)
        first, count = ((0, left + right), (0, left), (left, right))[0 if eye is None else eye + 1]
        if not count:
            return
        api = gl.api()
        if (known := lens.tobytes()) != self._lens:  # a headset's lenses stay as they are
            self._lens = known
            api.glProgramUniform4fv(self._program, self._place, EYES, lens)
        api.glColorMask(False, False, False, False)
        api.glDisable(api.GL_CULL_FACE)
        api.glUseProgram(self._program)
        api.glBindVertexArray(self._array)
        api.glDrawArrays(api.GL_TRIANGLES, first, count)
        api.glColorMask(True, True, True, True)

    def close(self) -> None:
        """Give it back."""
        api = gl.api()
        if self._buffer:
            gl.delete_buffers(self._buffer)
        api.glDeleteVertexArrays(1, np.array([self._array], np.uint32))
        api.glDeleteProgram(self._program)

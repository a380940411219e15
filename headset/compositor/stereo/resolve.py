"""From the target's layers to the textures that a runtime, an overlay or a window wants.

What has the target's own format and size is blitted, which the hardware does by itself. Anything else
goes through a shader that says what is light and what is encoded: what drivers make of a blit between
encodings differs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from .. import gl
from .target import StereoTarget
from .views import Area

Floats32 = NDArray[np.float32]


class Resolver:
    """Empties one target; needs its context."""

    def __init__(self, target: StereoTarget) -> None:
        """Make its shader ready."""
        api = gl.api()
        self._target = target
        self._frames: dict[tuple[int, int | None], int] = {}
        self._nothing = np.zeros(1, np.float32)
        defines = {"SAMPLES": str(target.samples)}
        self._program = gl.program(
            vertex=gl.shader_text("screen", defines={}, version=410),
            fragment=gl.shader_text("resolve", defines=defines, version=410),
        )
        self._eye, self._mapping, self._encode, size = (
            api.glGetUniformLocation(self._program, name)
            for name in (b"eye", b"mapping", b"encode", b"size")
        )
        api.glProgramUniform2i(self._program, size, *target.size)
        self._array = int(api.glGenVertexArrays(1))

    def resolve(
        self,
        eye: int,
        texture: int,
        area: Area,
        image_format: int,
        *,
        drawn: Area,
        background: Floats32,
        encode: bool,
        depth: int | None,
    ) -> None:
        """Write one eye's picture, and its depth, into textures.

        Args:
            eye: 0 left, 1 right.
            texture: A GL_TEXTURE_2D.
            area: Where in it.
            image_format: Its format.
            drawn: The part of the target with anything in it.
            background: Shape (4,), as this texture holds it, for all the rest.
            encode: Whether to write sRGB values into what is not sRGB by its format.
            depth: A GL_TEXTURE_2D of the target's depth format; None for none.

        Raises:
            HeadsetError: OpenGL cannot draw to these textures.
            ValueError: `depth` is asked for in another size than was drawn.
        """
        api = gl.api()
        same = area[2:] == self._target.size
        if depth is not None and not same:
            raise ValueError("depth has no other size: draw in the size it is wanted in")
        api.glBindFramebuffer(api.GL_DRAW_FRAMEBUFFER, self._frame(texture, depth))
        api.glEnable(api.GL_FRAMEBUFFER_SRGB)
        api.glEnable(api.GL_SCISSOR_TEST)
        if drawn[2:] != self._target.size:
            api.glScissor(*area)
            api.glClearBufferfv(api.GL_COLOR, 0, background)
            if depth is not None:
                api.glClearBufferfv(api.GL_DEPTH, 0, self._nothing)
        if drawn[2]:
            api.glScissor(*_placed(drawn, area, self._target.size))
            whole = 0, 0, *self._target.size
            corner = area[0], area[1], area[0] + area[2], area[1] + area[3]
            blits = same and image_format == self._target.image_format
            planes = (api.GL_COLOR_BUFFER_BIT if blits else 0) | (
                0 if depth is None else api.GL_DEPTH_BUFFER_BIT
            )
            if planes:
                api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, self._target.eyes[eye])
                api.glBlitFramebuffer(*whole, *corner, planes, api.GL_NEAREST)
            if not blits:
                self._draw(eye, area, encode=encode)
        api.glDisable(api.GL_SCISSOR_TEST)

    def forget(self) -> None:
        """Forget the textures seen so far: they are gone, and their numbers may come again."""
        if self._frames:
            names = np.array([*self._frames.values()], np.uint32)
            gl.api().glDeleteFramebuffers(len(names), names)
            self._frames.clear()

    def close(self) -> None:
        """Give everything back; textures are others'."""
        api = gl.api()
        self.forget()
        api.glDeleteVertexArrays(1, np.array([self._array], np.uint32))
        api.glDeleteProgram(self._program)

    def _draw(self, eye: int, area: Area, *, encode: bool) -> None:
        api = gl.api()
        x, y, width, height = area
        scale_x, scale_y = self._target.size[0] / width, self._target.size[1] / height
        api.glProgramUniform1i(self._program, self._eye, eye)
        api.glProgramUniform1i(self._program, self._encode, encode)
        api.glProgramUniform4f(self._program, self._mapping, scale_x, scale_y, x, y)
        api.glDisable(api.GL_DEPTH_TEST)
        api.glDisable(api.GL_BLEND)
        api.glDisable(api.GL_CULL_FACE)
        api.glViewport(*area)
        api.glUseProgram(self._program)
        api.glActiveTexture(api.GL_TEXTURE0)
        api.glBindTexture(self._target.kind, self._target.colour)
        api.glBindVertexArray(self._array)
        api.glDrawArrays(api.GL_TRIANGLES, 0, 3)
        api.glEnable(api.GL_DEPTH_TEST)

    def _frame(self, texture: int, depth: int | None) -> int:
        """Return the framebuffer of textures; made, and checked, the first time."""
        made = self._frames.get((texture, depth))
        if made is None:
            api = gl.api()
            api.glGetError()  # what went before is not theirs
            made = int(api.glGenFramebuffers(1))
            api.glBindFramebuffer(api.GL_FRAMEBUFFER, made)
            for place, name in (
                (api.GL_COLOR_ATTACHMENT0, texture),
                (api.GL_DEPTH_ATTACHMENT, depth or 0),
            ):
                api.glFramebufferTexture2D(api.GL_FRAMEBUFFER, place, api.GL_TEXTURE_2D, name, 0)
            refused = api.glGetError()
            complete = api.glCheckFramebufferStatus(api.GL_FRAMEBUFFER)
            if refused or complete != api.GL_FRAMEBUFFER_COMPLETE:
                api.glDeleteFramebuffers(1, np.array([made], np.uint32))
                raise HeadsetError(
                    f"OpenGL: cannot draw to texture {texture}, depth {depth}: ask the runtime for "
                    "images that may be drawn to, or update the graphics driver"
                )
            self._frames[texture, depth] = made
        return made


def _placed(drawn: Area, area: Area, size: tuple[int, int]) -> Area:
    """Return where a part of the target comes to lie in an area of another size; not less."""
    x, y, width, height = area
    across, up = width / size[0], height / size[1]
    left, bottom = int(drawn[0] * across), int(drawn[1] * up)
    right = min(width, -int(-(drawn[0] + drawn[2]) * across // 1))
    top = min(height, -int(-(drawn[1] + drawn[3]) * up // 1))
    return x + left, y + bottom, right - left, top - bottom

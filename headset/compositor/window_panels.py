"""Panels over the picture in a window: at its edges, where they leave the face in the middle be seen."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..errors import HeadsetError
from . import gl
from .panels.content import PLATES, Content, MirrorSwitch, Prompt, SensorStatus, Target
from .stage import Pictures
from .window import framebuffer

_MARGIN: Final = 0.02
"""To the picture's edges, of its height."""

_PLACES: Final[dict[type[Content], tuple[float, float, float]]] = {
    Prompt: (0.48, 0.5, 0.0),
    SensorStatus: (0.42, 0.0, 1.0),
    MirrorSwitch: (0.32, 1.0, 1.0),
    Target: (0.26, 1.0, 0.0),  # for whoever looks on: at no angle to the wearer
}
"""How wide, of the picture's height; and where, from 0 at the left and bottom to 1."""

Area = tuple[int, int, int, int]


class WindowPanels:
    """Panels over one picture; needs the context that draws it."""

    def __init__(self, texture: int, size: tuple[int, int]) -> None:
        """Show none at first.

        Args:
            texture: The picture, a GL_TEXTURE_2D of GL_SRGB8_ALPHA8.
            size: Its width and height, pixels.

        Raises:
            HeadsetError: The driver refuses.
        """
        api = gl.api()
        self._frame = framebuffer(texture)
        self._size = size
        self._program = gl.program(
            vertex=gl.shader_text("screen", defines={}, version=410),
            fragment=gl.shader_text("window_panel", defines={}, version=410),
        )
        self._area = api.glGetUniformLocation(self._program, b"area")
        self._array = int(api.glGenVertexArrays(1))
        self._textures: dict[type[Content], int] = {}
        self._shown: Pictures = {}

    def show(self, pictures: Pictures) -> None:
        """Show these and no others, from the next `draw` on; the very same array costs nothing.

        Args:
            pictures: Of their plates' sizes, (H, W, 4), premultiplied sRGB, first row at the top.

        Raises:
            HeadsetError: One has another shape.
        """
        for kind, picture in pictures.items():
            if picture is not self._shown.get(kind):
                self._write(kind, picture)
        self._shown = dict(pictures)

    def draw(self) -> None:
        """Draw over the picture what is shown."""
        if not self._shown:
            return
        api = gl.api()
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._frame)
        api.glEnable(api.GL_FRAMEBUFFER_SRGB)
        api.glDisable(api.GL_DEPTH_TEST)
        api.glDisable(api.GL_CULL_FACE)
        api.glEnable(api.GL_BLEND)
        api.glBlendFunc(api.GL_ONE, api.GL_ONE_MINUS_SRC_ALPHA)
        api.glUseProgram(self._program)
        api.glBindVertexArray(self._array)
        api.glActiveTexture(api.GL_TEXTURE0)
        for kind in self._shown:
            area = placed(kind, self._size)
            api.glViewport(*area)
            api.glProgramUniform4f(self._program, self._area, *map(float, area))
            api.glBindTexture(api.GL_TEXTURE_2D, self._textures[kind])
            api.glDrawArrays(api.GL_TRIANGLES, 0, 3)
        api.glDisable(api.GL_BLEND)

    def clear(self) -> None:
        """Have nothing in the picture."""
        api = gl.api()
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._frame)
        api.glDisable(api.GL_SCISSOR_TEST)
        api.glClearBufferfv(api.GL_COLOR, 0, _BLACK)

    def close(self) -> None:
        """Give everything back; the picture is another's."""
        api = gl.api()
        names = np.array([*self._textures.values()], np.uint32)
        api.glDeleteTextures(len(names), names)
        api.glDeleteFramebuffers(1, np.array([self._frame], np.uint32))
        api.glDeleteVertexArrays(1, np.array([self._array], np.uint32))
        api.glDeleteProgram(self._program)

    def _write(self, kind: type[Content], picture: np.ndarray) -> None:
        api = gl.api()
        width, height = PLATES[kind].size
        if picture.shape != (height, width, 4):
            raise HeadsetError(
                f"panel: a picture of {picture.shape}, not {(height, width, 4)}: draw it by Painter"
            )
        made = self._textures.get(kind)
        if made is None:
            made = self._textures[kind] = int(api.glGenTextures(1))
        api.glBindTexture(api.GL_TEXTURE_2D, made)
        api.glTexImage2D(
            api.GL_TEXTURE_2D, 0, api.GL_SRGB8_ALPHA8, width, height, 0,
            api.GL_RGBA, api.GL_UNSIGNED_BYTE, np.ascontiguousarray(picture),
        )  # fmt: skip
        # They are shown at half their size: without smaller copies letters would lose strokes.
        api.glGenerateMipmap(api.GL_TEXTURE_2D)
        for name, value in (
            (api.GL_TEXTURE_MIN_FILTER, api.GL_LINEAR_MIPMAP_LINEAR),
            (api.GL_TEXTURE_MAG_FILTER, api.GL_LINEAR),
            (api.GL_TEXTURE_WRAP_S, api.GL_CLAMP_TO_EDGE),
            (api.GL_TEXTURE_WRAP_T, api.GL_CLAMP_TO_EDGE),
        ):
            api.glTexParameteri(api.GL_TEXTURE_2D, name, value)


def placed(kind: type[Content], size: tuple[int, int]) -> Area:
    """Return where in a picture of a size a panel goes: left, bottom, width, height, pixels."""
    wide, across, up = _PLACES[kind]
    margin = round(_MARGIN * size[1])
    width = min(round(wide * size[1]), size[0] - 2 * margin)
    height = round(width * PLATES[kind].size[1] / PLATES[kind].size[0])
    left = margin + round(across * (size[0] - 2 * margin - width))
    bottom = margin + round(up * (size[1] - 2 * margin - height))
    return left, bottom, width, height


_BLACK: Final = np.zeros(4, np.float32)

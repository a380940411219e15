"""OpenGL's textures that SteamVR shows: few, made once, of sRGB values with opacity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from .. import gl

Image = NDArray[np.uint8]


class Images:
    """A few textures of one size that take turns; needs a current context.

    SteamVR may still read the one before while the next is written.

    Attributes:
        size: Width and height of each, pixels.
        image_format: OpenGL's number of their format: bytes that hold sRGB values, by agreement only,
            for an overlay's texture is read as it is.
    """

    def __init__(self, size: tuple[int, int], *, count: int) -> None:
        """Make them.

        Raises:
            HeadsetError: The driver refuses.
        """
        api = gl.api()
        self.size = size
        self.image_format = int(api.GL_RGBA8)
        self._names = [_texture(size, self.image_format) for _ in range(count)]
        self._turn = 0
        gl.check("making an overlay's pictures")

    def next(self) -> int:
        """Return the texture whose turn it is."""
        self._turn = (self._turn + 1) % len(self._names)
        return self._names[self._turn]

    def written(self, picture: Image) -> int:
        """Write a picture into the texture whose turn it is, and return that.

        Args:
            picture: Shape (H, W, 4) of `size`, premultiplied sRGB, first row at the top.

        Raises:
            HeadsetError: It has another shape.
        """
        width, height = self.size
        if picture.shape != (height, width, 4):
            raise HeadsetError(
                f"panel: a picture of {picture.shape}, not {(height, width, 4)}: draw it by Painter"
            )
        api, name = gl.api(), self.next()
        api.glBindTexture(api.GL_TEXTURE_2D, name)
        api.glTexSubImage2D(
            api.GL_TEXTURE_2D, 0, 0, 0, width, height, api.GL_RGBA, api.GL_UNSIGNED_BYTE,
            np.ascontiguousarray(picture[::-1]),  # OpenGL's first row is the bottom
        )  # fmt: skip
        return name

    def close(self) -> None:
        """Give them back."""
        gl.api().glDeleteTextures(len(self._names), np.array(self._names, np.uint32))


def _texture(size: tuple[int, int], image_format: int) -> int:
    api = gl.api()
    name = int(api.glGenTextures(1))
    api.glBindTexture(api.GL_TEXTURE_2D, name)
    api.glTexImage2D(
        api.GL_TEXTURE_2D, 0, image_format, *size, 0, api.GL_RGBA, api.GL_UNSIGNED_BYTE, None
    )
    api.glTexParameteri(api.GL_TEXTURE_2D, api.GL_TEXTURE_MAX_LEVEL, 0)
    for side in (api.GL_TEXTURE_WRAP_S, api.GL_TEXTURE_WRAP_T):
        api.glTexParameteri(api.GL_TEXTURE_2D, side, api.GL_CLAMP_TO_EDGE)
    for fit in (api.GL_TEXTURE_MIN_FILTER, api.GL_TEXTURE_MAG_FILTER):
        api.glTexParameteri(api.GL_TEXTURE_2D, fit, api.GL_LINEAR)
    return name

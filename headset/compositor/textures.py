"""Textures on the GPU: each image once, with mipmaps, all of them within a bound."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np

from . import gl

if TYPE_CHECKING:
    from .avatars.material import Texture

SIDE_PX: Final = 2048
"""A face fills some thousand pixels of a headset's picture; finer texels than these are never seen."""

_LEAST_PX: Final = 256
MOST_BYTES: Final = 512 << 20
"""Of all textures of a figure, mipmaps included: a game beside us needs the rest."""

_ANISOTROPY: Final = 4.0
_LOG: Final = logging.getLogger("unvisor")


class TexturePool:
    """The textures of one figure; needs a current context.

    Attributes:
        nbytes: What they take up on the GPU.
    """

    def __init__(self, wanted: Iterable[Texture]) -> None:
        """Settle on a size at which all that are wanted fit; nothing is sent yet."""
        textures = list({id(texture): texture for texture in wanted}.values())
        self._side_px = SIDE_PX
        while self._side_px > _LEAST_PX and _total(textures, self._side_px) > MOST_BYTES:
            self._side_px //= 2
        if self._side_px < SIDE_PX:
            _LOG.warning(
                "avatar: its textures would take more than %d MB of the GPU's memory: drawn with %d "
                "pixels to a side",
                MOST_BYTES >> 20,
                self._side_px,
            )
        self.nbytes = 0
        self._names: dict[tuple[int, bool], int] = {}

    def name(self, texture: Texture, *, colour: bool) -> int:
        """Return OpenGL's name of a texture, sent the first time it is asked for.

        Args:
            texture: The image.
            colour: Whether it holds sRGB, to be read as light; else plain numbers.

        Raises:
            HeadsetError: The image is damaged.
        """
        key = (id(texture), colour)
        if key not in self._names:
            self._names[key] = self._sent(texture, colour)
        return self._names[key]

    def close(self) -> None:
        """Give them back."""
        if self._names:
            names = np.array(list(self._names.values()), np.uint32)
            gl.api().glDeleteTextures(len(names), names)
            self._names.clear()

    def _sent(self, texture: Texture, colour: bool) -> int:
        from .avatars.material import Wrap

        api = gl.api()
        pixels = np.ascontiguousarray(texture.decode(self._side_px))
        height, width = pixels.shape[:2]
        self.nbytes += width * height * 4 * 4 // 3
        name = int(api.glGenTextures(1))
        kind = api.GL_TEXTURE_2D
        api.glActiveTexture(api.GL_TEXTURE0)
        api.glBindTexture(kind, name)
        api.glPixelStorei(api.GL_UNPACK_ALIGNMENT, 4)
        inner = api.GL_SRGB8_ALPHA8 if colour else api.GL_RGBA8
        api.glTexImage2D(
            kind, 0, inner, width, height, 0, api.GL_RGBA, api.GL_UNSIGNED_BYTE, pixels
        )
        api.glGenerateMipmap(kind)
        beyond = {
            Wrap.REPEAT: api.GL_REPEAT,
            Wrap.CLAMP: api.GL_CLAMP_TO_EDGE,
            Wrap.MIRROR: api.GL_MIRRORED_REPEAT,
        }
        api.glTexParameteri(kind, api.GL_TEXTURE_WRAP_S, beyond[texture.wrap[0]])
        api.glTexParameteri(kind, api.GL_TEXTURE_WRAP_T, beyond[texture.wrap[1]])
        near = api.GL_LINEAR if texture.smooth else api.GL_NEAREST
        api.glTexParameteri(kind, api.GL_TEXTURE_MAG_FILTER, near)
        api.glTexParameteri(kind, api.GL_TEXTURE_MIN_FILTER, api.GL_LINEAR_MIPMAP_LINEAR)
        if texture.smooth and gl.has("GL_EXT_texture_filter_anisotropic"):
            api.glTexParameterf(kind, 0x84FE, _ANISOTROPY)  # GL_TEXTURE_MAX_ANISOTROPY
        return name


def _total(textures: list[Texture], side_px: int) -> int:
    """Return the bytes that textures take at a size, mipmaps included."""
    total = 0
    for texture in textures:
        shrunk = max(1, -(-max(texture.size_px) // side_px))
        total += (texture.size_px[0] // shrunk) * (texture.size_px[1] // shrunk) * 4 * 4 // 3
    return total

"""The colour of each vertex, from its material and what its texture shows there.

It is what draws an avatar where textures are not: at a distance, on a slow machine, in a first picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..avatar import Floats32
from .material import Material, TextureUse, Wrap, linear

_SIDE_PX: Final = 256
"""A vertex stands for some millimetres: the mean of what lies around it is its colour."""

_LINEAR: Final = np.array([linear(level / 255.0) for level in range(256)], np.float32)
_LEAST_ROUGH: Final = 0.05


class Painter:
    """Paints vertices; decodes each texture once."""

    def __init__(self) -> None:
        """Nothing is decoded yet."""
        self._pixels: dict[int, NDArray[np.uint8]] = {}

    def painted(self, material: Material, uv: Floats32, colours: Floats32 | None) -> Floats32:
        """Return linear albedo and roughness (V, 4).

        Args:
            material: Its base colour, roughness and textures.
            uv: Shape (2, V, 2), two sets.
            colours: Shape (V, 4), the vertices' own, linear; or None.

        Raises:
            HeadsetError: A texture is damaged.
        """
        out = np.empty((uv.shape[1], 4), np.float32)
        out[:] = (*material.colour[:3], max(material.roughness, _LEAST_ROUGH))
        if material.colour_texture is not None:
            out[:, :3] *= _LINEAR[self._sampled(material.colour_texture, uv)[:, :3]]
        if colours is not None:
            out[:, :3] *= colours[:, :3]
        return np.clip(out, 0.0, 1.0)

    def _sampled(self, use: TextureUse, uv: Floats32) -> NDArray[np.uint8]:
        """Return texels (V, 4), sRGB, those nearest."""
        key = id(use.texture)
        if key not in self._pixels:
            self._pixels[key] = use.texture.decode(_SIDE_PX)
        pixels = self._pixels[key]
        matrix = use.matrix()
        place = uv[use.uv_set] @ matrix[:, :2].T + matrix[:, 2]
        cells: list[NDArray[np.intp]] = []
        for axis, size in enumerate((pixels.shape[1], pixels.shape[0])):
            at = _wrapped(np.clip(place[:, axis], -1e6, 1e6), use.texture.wrap[axis])
            cells.append(np.clip((at * size).astype(np.intp), 0, size - 1))
        return pixels[cells[1], cells[0]]


def tints(colours: Sequence[Floats32 | None], counts: Sequence[int]) -> Floats32 | None:
    """Return the vertices' own colours (V, 4), white where a part has none; None where none has."""
    if all(own is None for own in colours):
        return None
    parts = [
        np.ones((count, 4), np.float32) if own is None else own
        for own, count in zip(colours, counts, strict=True)
    ]
    return np.ascontiguousarray(np.concatenate(parts), np.float32)


def _wrapped(at: Floats32, wrap: Wrap) -> Floats32:
    """Return coordinates from 0 to 1."""
    if wrap is Wrap.CLAMP:
        return np.clip(at, 0.0, 1.0)
    if wrap is Wrap.MIRROR:
        return np.float32(1.0) - np.abs(at % 2.0 - 1.0)
    return at % 1.0

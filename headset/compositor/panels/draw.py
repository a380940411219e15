"""Draws panels with Pillow, as OpenXR composes them: sRGB, colours times their opacity.

A panel takes 1 to 5 ms, the first of its kind 60: too much for whoever draws frames. So pictures are
made elsewhere, best in the face process, and the loop only takes them over (`openxr/quad.py`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, assert_never

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw

from ..palette import linear
from .content import Content
from .layout import CARD, Kind, Layout, Shape, arranged
from .text import font

Image = NDArray[np.uint8]

_CORNER_PX: Final = 18
_FINER: Final = 4  # shapes are drawn so much larger, then shrunk: Pillow's edges are jagged
_STRAIGHT: Final = 0.0031308  # below which sRGB is a straight line


class Painter:
    """Draws panels when what they say changes.

    Attributes:
        drawn: Pictures drawn so far.
    """

    def __init__(self) -> None:
        """Begin with nothing drawn."""
        self.drawn = 0
        self._newest: dict[type[Content], tuple[Content, Image]] = {}

    def picture(self, content: Content) -> Image:
        """Return a panel's picture, read-only: the very same array while what it says is equal."""
        said, image = self._newest.get(type(content), (None, None))
        if image is None or said != content:
            image = drawn(arranged(content))
            image.flags.writeable = False
            self._newest[type(content)] = content, image
            self.drawn += 1
        return image


def drawn(layout: Layout) -> Image:
    """Return a panel's picture (H, W, 4), first row at the top.

    All text stands on what is opaque; only a card's corners and a spot's rim are partly seen through.
    """
    picture = _card(layout.size, layout.card_px).copy()
    draw = ImageDraw.Draw(picture)
    for mark in layout.marks:
        if isinstance(mark, Shape):
            stencil = _stencil(mark.kind, mark.size)
            picture.paste((*mark.colour, 255), mark.at, stencil)
        elif mark.words:
            anchor = f"{mark.side}s"
            draw.text(mark.at, mark.words, (*mark.colour, 255), font(mark.em_px), anchor)
    return np.array(picture)


@lru_cache(maxsize=16)
def _card(size: tuple[int, int], card_px: int) -> Pictures.Image:
    """Return what is written on, of that height, at the top of an image that is transparent."""
    width, height = size
    if card_px == 0:
        return Pictures.new("RGBA", size)
    large = Pictures.new("L", (width * _FINER, height * _FINER), 0)
    box = (0, 0, width * _FINER - 1, card_px * _FINER - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, _CORNER_PX * _FINER, 255)
    opacity = np.asarray(large.resize(size, Pictures.Resampling.BOX))
    light = linear(CARD) * (opacity[..., None] / 255)
    return Pictures.fromarray(np.dstack([_encoded(light), opacity]))


def _encoded(light: NDArray[np.floating]) -> Image:
    """Return linear light as sRGB bytes. Source: IEC 61966-2-1."""
    curved = 1.055 * np.maximum(light, _STRAIGHT) ** (1 / 2.4) - 0.055
    return np.round(255.0 * np.where(light <= _STRAIGHT, 12.92 * light, curved)).astype(np.uint8)


@lru_cache(maxsize=32)
def _stencil(kind: Kind, size: tuple[int, int]) -> Pictures.Image:
    width, height = (length * _FINER for length in size)
    large = Pictures.new("L", (width, height), 0)
    draw = ImageDraw.Draw(large)
    whole = (0, 0, width - 1, height - 1)
    match kind:
        case "disc":
            draw.ellipse(whole, 255)
        case "ring":
            draw.ellipse(whole, outline=255, width=width // 6)
        case "dial":
            draw.ellipse(whole, outline=255, width=width // 24)
        case "cross":
            arm = width // 8
            far = width - 1 - arm
            draw.line((arm, arm, far, far), 255, 2 * arm)
            draw.line((arm, far, far, arm), 255, 2 * arm)
        case "bar":
            draw.rectangle((0, height * 2 // 5, width - 1, height * 3 // 5), 255)
        case "switch on":
            draw.rounded_rectangle(whole, height / 2, 255)
            draw.ellipse(_knob(width - height, height), 0)
        case "switch off":
            draw.rounded_rectangle(whole, height / 2, outline=255, width=height // 10)
            draw.ellipse(_knob(0, height), 255)
        case _:
            assert_never(kind)
    return large.resize(size, Pictures.Resampling.BOX)


def _knob(left: int, diameter: int) -> tuple[int, int, int, int]:
    inset = diameter // 5
    return left + inset, inset, left + diameter - 1 - inset, diameter - 1 - inset

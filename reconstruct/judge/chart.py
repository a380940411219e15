"""A small drawing board for the report's pages: text, bars, dots and lines in a frame, by Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from typing import Final

from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

Colour = tuple[int, int, int]
Point = tuple[float, float]

PAPER: Final[Colour] = (250, 250, 248)
INK: Final[Colour] = (34, 38, 46)
QUIET: Final[Colour] = (118, 124, 134)
GRID: Final[Colour] = (223, 225, 228)

_FINER: Final = 2  # drawn so much larger, then shrunk: Pillow's lines are jagged


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * _FINER)


class Chart:
    """A page; all places are in pixels of the finished picture, from its upper left."""

    def __init__(self, width: int, height: int) -> None:
        """Take an empty page."""
        self._large = Pictures.new("RGB", (width * _FINER, height * _FINER), PAPER)
        self._draw = ImageDraw.Draw(self._large)
        self._size = (width, height)

    def text(
        self, at: Point, words: str, *, size: int = 13, ink: Colour = INK, anchor: str = "lm"
    ) -> None:
        """Write one line; `anchor` as Pillow's: left, middle, right, then ascender or middle."""
        x, y = at
        self._draw.text((x * _FINER, y * _FINER), words, ink, _font(size), anchor=anchor)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill a rectangle; its corners may be given either way round."""
        (left, right), (top, bottom) = sorted((left, right)), sorted((top, bottom))
        corners = (left * _FINER, top * _FINER, right * _FINER, bottom * _FINER)
        self._draw.rectangle(corners, colour)

    def line(self, points: Sequence[Point], colour: Colour, *, width: float = 1.0) -> None:
        """Draw through points, those with a missing number left out."""
        known = [(x * _FINER, y * _FINER) for x, y in points if isfinite(x) and isfinite(y)]
        if len(known) > 1:
            self._draw.line(known, colour, max(1, round(width * _FINER)), joint="curve")

    def dot(self, at: Point, colour: Colour, *, radius: float = 3.5, hollow: bool = False) -> None:
        """Draw a dot, or a ring; nothing where a number is missing."""
        x, y = at
        if isfinite(x) and isfinite(y):
            corners = [(c - radius) * _FINER for c in at] + [(c + radius) * _FINER for c in at]
            fill = PAPER if hollow else colour
            self._draw.ellipse(tuple(corners), fill, colour, 2 * _FINER)

    def picture(self) -> Pictures.Image:
        """Return the finished page."""
        return self._large.resize(self._size, Pictures.Resampling.LANCZOS)


class Scale:
    """From a value to a place on an axis; values beyond its ends are put at them."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        """Map `low` to `start` and `high` to `end`, linearly."""
        self.low, self.high, self._start, self._end = low, high, start, end

    def __call__(self, value: float) -> float:
        """Return the place in pixels; NaN of NaN."""
        if not isfinite(value):
            return float("nan")
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

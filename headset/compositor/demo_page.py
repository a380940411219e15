"""The page of a film: three pictures of one face, the hidden channels as curves, whence they come.

Everything that does not change is drawn once: the page, and each channel's curve over the whole clip
as one long strip. A frame pastes pictures and a window of each strip into a copy of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from ..frame import Origin
from .palette import ORIGIN_LABEL, ORIGIN_RGB

Image = NDArray[np.uint8]
Floats = NDArray[np.floating]
Colour = tuple[int, int, int]

SIZE: Final = (1280, 720)
PICTURE_SIZE: Final = (408, 440)
"""Of each of the three renders."""

GROUND: Final[Colour] = (22, 24, 28)
CARD: Final[Colour] = (32, 35, 41)
GRID: Final[Colour] = (52, 56, 64)
INK: Final[Colour] = (232, 234, 238)
QUIET: Final[Colour] = (150, 156, 166)
TRUTH: Final[Colour] = (214, 218, 226)

_MARGIN, _GAP = 16, 12
_PICTURE_TOP = 46
_CURVES_TOP, _CURVE_HEIGHT, _CURVE_GAP = 528, 68, 8
_LABEL_HEIGHT = 18
_WINDOW_S: Final = 4.0
_FINER: Final = 3  # curves are drawn so much larger, then shrunk: Pillow's lines are jagged


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One channel over a clip.

    Attributes:
        label: What it is called on the page.
        time_s: Shape (T,), from the clip's start, increasing.
        truth: Shape (T,), or None where it is not known.
        value: Shape (T,), what was reconstructed.
        origin: Where the value comes from; gives it its colour.
        low: Shape (T,), lower end of an interval to shade, or None.
        high: Shape (T,), upper end.
    """

    label: str
    time_s: Floats
    truth: Floats | None
    value: Floats
    origin: Origin
    low: Floats | None = None
    high: Floats | None = None


class DemoPage:
    """Composes frames of `SIZE`."""

    def __init__(
        self,
        *,
        titles: tuple[str, str, str],
        curves: Sequence[Curve],
        duration_s: float,
        legend: Sequence[Origin] = (Origin.MEASURED, Origin.INFERRED, Origin.SYNTHESISED),
    ) -> None:
        """Draw what does not change.

        Args:
            titles: Over the three pictures.
            curves: Up to six, in reading order: three columns, two rows.
            duration_s: Of the clip.
            legend: Origins to explain.
        """
        self._page = _page(titles, curves, legend)
        self._strips = [_strip(curve, duration_s) for curve in curves]

    def compose(self, pictures: Sequence[Image], *, at_s: float, caption: str = "") -> Image:
        """Return one frame (720, 1280, 3), sRGB.

        Args:
            pictures: Three images of `PICTURE_SIZE`, (H, W, 3).
            at_s: The instant shown, from the clip's start; curves end there.
            caption: One line under the pictures.
        """
        frame = self._page.copy()
        width, height = PICTURE_SIZE
        for column, picture in enumerate(pictures):
            left = _left(column)
            frame[_PICTURE_TOP : _PICTURE_TOP + height, left : left + width] = picture
        if caption:
            text = _text(caption, 17, INK, GROUND)
            _paste(frame, text, _MARGIN, _PICTURE_TOP + height + 9)
        for number, strip in enumerate(self._strips):
            left, top = _cell(number)
            start = max(0, min(round(at_s * _PX_PER_S), strip.shape[1] - width))
            plot = frame[top + _LABEL_HEIGHT : top + _CURVE_HEIGHT, left : left + width]
            plot[:] = strip[:, start : start + width]
            plot[:, -2:] = INK  # now
        return frame


_PX_PER_S: Final = PICTURE_SIZE[0] / _WINDOW_S


def _left(column: int) -> int:
    return _MARGIN + column * (PICTURE_SIZE[0] + _GAP)


def _cell(number: int) -> tuple[int, int]:
    row, column = divmod(number, 3)
    return _left(column), _CURVES_TOP + row * (_CURVE_HEIGHT + _CURVE_GAP)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@lru_cache(maxsize=256)
def _text(words: str, size: int, ink: Colour, ground: Colour) -> Image:
    """Return a line of text as a picture, remembered: captions stay for seconds."""
    font = _font(size)
    box = font.getbbox(words)
    picture = Pictures.new("RGB", (int(box[2]) + 2, size + size // 2), ground)
    ImageDraw.Draw(picture).text((0, 0), words, ink, font)
    return np.array(picture)


def _paste(frame: Image, picture: Image, left: int, top: int) -> None:
    height, width = picture.shape[:2]
    room = frame[top : top + height, left : left + width]
    room[:] = picture[: room.shape[0], : room.shape[1]]


def _page(titles: Sequence[str], curves: Sequence[Curve], legend: Sequence[Origin]) -> Image:
    """Return the page without pictures and curves."""
    picture = Pictures.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(picture)
    for column, title in enumerate(titles):
        draw.text((_left(column), 14), title, INK, _font(19))
    for number, curve in enumerate(curves):
        left, top = _cell(number)
        right = left + PICTURE_SIZE[0] - 1
        draw.rectangle((left, top, right, top + _CURVE_HEIGHT - 1), CARD)
        draw.text((left + 8, top + 2), curve.label, QUIET, _font(13))
        draw.text((right - 6, top + 2), curve.origin.name.lower(), ORIGIN_RGB[curve.origin],
                  _font(13), anchor="ra")  # fmt: skip
    x, y = _MARGIN, SIZE[1] - 32
    entries = [(TRUTH, "truth"), *((ORIGIN_RGB[o], ORIGIN_LABEL[o]) for o in legend)]
    for colour, label in entries:
        draw.line((x, y + 9, x + 22, y + 9), colour, 3)
        draw.text((x + 30, y), label, QUIET, _font(14))
        x += 30 + int(draw.textlength(label, _font(14))) + 28
    draw.text((SIZE[0] - _MARGIN, y), f"last {_WINDOW_S:.0f} s", QUIET, _font(14), anchor="ra")
    return np.array(picture)


def _strip(curve: Curve, duration_s: float) -> Image:
    """Return a channel's curves over the whole clip, after one empty window.

    The column `at_s * _PX_PER_S + window` is the instant `at_s`, so a window that begins at
    `at_s * _PX_PER_S` ends now. Nothing of the future is seen.
    """
    width = round(duration_s * _PX_PER_S) + PICTURE_SIZE[0]
    height = _CURVE_HEIGHT - _LABEL_HEIGHT
    large = Pictures.new("RGB", (width * _FINER, height * _FINER), CARD)
    draw = ImageDraw.Draw(large)
    base = (height - 5) * _FINER
    draw.line((0, base, width * _FINER, base), GRID, _FINER)
    top = _top(curve)
    x = (np.asarray(curve.time_s) * _PX_PER_S + PICTURE_SIZE[0]) * _FINER

    def y(values: Floats) -> Floats:
        return base - values / top * (height - 9) * _FINER

    colour = ORIGIN_RGB[curve.origin]
    if curve.low is not None and curve.high is not None:
        known = np.isfinite(curve.low) & np.isfinite(curve.high)
        low, high, across = y(curve.low[known]), y(curve.high[known]), x[known]
        outline = np.column_stack([np.r_[across, across[::-1]], np.r_[high, low[::-1]]])
        if len(across) > 1:
            draw.polygon(outline.ravel().tolist(), _mixed(colour, CARD, 0.25))
    if curve.truth is not None:
        _line(draw, x, y(curve.truth), TRUTH, 1.4)
    _line(draw, x, y(curve.value), colour, 2.2)
    return np.array(large.resize((width, height), Pictures.Resampling.BOX))


def _top(curve: Curve) -> float:
    """Return the value at a plot's upper edge: the largest seen, but no less than 0.4."""
    seen = [curve.value] if curve.truth is None else [curve.value, curve.truth]
    highest = max(float(np.nanmax(values, initial=0.0)) for values in seen)
    return max(0.4, highest)


def _line(draw: ImageDraw.ImageDraw, x: Floats, y: Floats, colour: Colour, width: float) -> None:
    """Draw a curve; it breaks where a value is missing."""
    known = np.isfinite(y)
    for run in np.split(np.arange(len(y)), np.flatnonzero(np.diff(known)) + 1):
        if len(run) > 1 and known[run[0]]:
            points = np.column_stack([x[run], y[run]]).ravel().tolist()
            draw.line(points, colour, round(width * _FINER), joint="curve")


def _mixed(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(share * p + (1.0 - share) * q) for p, q in zip(a, b, strict=True))
    return red, green, blue

"""Text that can be read in a headset: large enough, in letters the font has, within its line.

The font is Pillow's own, Aileron, so none has to be shipped or found. It has ASCII and a few signs
more; what else is written is shown by what comes nearest, or by a question mark that can be seen.
"""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from typing import Final

from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from ...errors import HeadsetError
from .content import AWAY_M, PX_PER_M

SMALL_RAD: Final = math.radians(0.9)
"""Height of the capitals of the least text: 54 minutes of arc, eleven times what sharp eyes resolve.

More than the 0.8° asked for, since a panel's corners are farther off than its middle.
"""

LONGEST: Final = 200
"""Characters of a text that are looked at."""

_UNKNOWN: Final = "?"
_NEAREST: Final = {
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u00d7": "x", "\u2192": ">", "\u2190": "<", "\u2022": "·", "\u00b5": "u", "\u03bc": "u",
    "\u00df": "ss", "\u00e6": "ae", "\u00c6": "AE", "\u0153": "oe", "\u0152": "OE", "\u00f8": "o",
    "\u00d8": "O", "\u0142": "l", "\u0141": "L", "\u0131": "i", "\u00a1": "!", "\u00bf": "?",
}  # fmt: skip
"""For what is no letter with an accent, which Unicode itself takes apart."""


@lru_cache(maxsize=64)
def font(em_px: int) -> ImageFont.FreeTypeFont:
    """Return the font at a size.

    Raises:
        HeadsetError: This Pillow has no scalable font.
    """
    made = ImageFont.load_default(em_px)
    if not isinstance(made, ImageFont.FreeTypeFont):
        raise HeadsetError(
            "Pillow: was built without FreeType: run `pip install --force-reinstall pillow`"
        )
    return made


@lru_cache(maxsize=64)
def em_px(cap_rad: float) -> int:
    """Return the size whose capitals are this high, or just higher, `AWAY_M` off."""
    wanted_px = AWAY_M * math.tan(cap_rad) * PX_PER_M
    size = max(8, round(wanted_px))  # capitals are lower than an em
    while cap_px(size) < wanted_px:
        size += 1
    return size


def cap_px(size: int) -> int:
    """Return how high capitals are at a size."""
    _, top, _, bottom = font(size).getbbox("H", anchor="ls")
    return round(bottom - top)


def width_px(words: str, size: int) -> float:
    """Return how wide a line is."""
    return font(size).getlength(words)


@lru_cache(maxsize=256)
def legible(words: str) -> str:
    """Return a text in letters the font has, white space single, at most `LONGEST` long.

    A letter loses its accent, a sign becomes a like one, and anything else a question mark each;
    what is not seen anyway (zero-width, direction) goes.
    """
    composed = unicodedata.normalize("NFC", words[:LONGEST])
    return " ".join("".join(map(_nearest, composed)).split())


def fitted(
    words: str, width: float, *, sizes: tuple[int, ...], lines: int
) -> tuple[int, tuple[str, ...]]:
    """Return the largest size at which a text fits, and its lines.

    Where it fits at none, words longer than a line are broken at the least size; where that does not
    do either, the last line ends in an ellipsis.

    Args:
        words: Legible ones.
        width: Of a line, pixels.
        sizes: To choose from, the largest first.
        lines: At most.
    """
    for size in sizes:
        whole = _wrapped(words.split(), width, size)
        if len(whole) <= lines and all(width_px(line, size) <= width for line in whole):
            return size, tuple(whole)
    least = sizes[-1]
    pieces = [piece for word in words.split() for piece in _broken(word, width, least)]
    rows = _wrapped(pieces, width, least)
    if len(rows) > lines:
        rows[lines - 1] = shortened(" ".join(rows[lines - 1 :]), width, least)
    return least, tuple(rows[:lines])


def shortened(words: str, width: float, size: int) -> str:
    """Return a line cut to a width, an ellipsis at its end where it was."""
    if width_px(words, size) <= width:
        return words
    while words and width_px(f"{words}…", size) > width:
        words = words[:-1].rstrip()
    return f"{words}…"


def _wrapped(words: list[str], width: float, size: int) -> list[str]:
    rows: list[str] = []
    for word in words:
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and width_px(longer, size) <= width:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


def _broken(word: str, width: float, size: int) -> list[str]:
    """Return a word in pieces that each fit a line, hyphens where it was broken."""
    pieces: list[str] = []
    while width_px(word, size) > width:
        count = next(
            (n for n in range(len(word) - 1, 1, -1) if width_px(f"{word[:n]}-", size) <= width), 1
        )
        if count >= len(word):
            break  # one letter wider than a line
        pieces.append(f"{word[:count]}-")
        word = word[count:]
    return [*pieces, word]


def _nearest(letter: str) -> str:
    if letter.isspace() or _has(letter):
        return letter
    if letter in _NEAREST:
        return _NEAREST[letter]
    if unicodedata.category(letter) in {"Cf", "Mn"}:
        return ""
    bare = unicodedata.normalize("NFKD", letter)
    kept = "".join(part for part in bare if not unicodedata.combining(part))
    return kept if kept and all(map(_has, kept)) else _UNKNOWN


@lru_cache(maxsize=1024)
def _has(letter: str) -> bool:
    """Say whether the font draws a letter other than as the box that stands for all it lacks."""
    return letter.isprintable() and _drawn(letter) != _drawn("\uffff")  # no letter, in any font


def _drawn(letter: str) -> bytes:
    picture = Pictures.new("L", (96, 96))
    ImageDraw.Draw(picture).text((16, 16), letter, 255, font(48))
    return picture.tobytes()

"""Where everything on a panel goes: words and shapes, placed and sized, before any is drawn.

A state is told by its shape and by a word; its colour comes on top, for those who see it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..demo_page import GROUND, INK, Colour
from .content import (
    PLATES,
    Condition,
    Content,
    MirrorSwitch,
    Prompt,
    SensorRow,
    SensorStatus,
    Target,
    target_px,
)
from .text import SMALL_RAD, cap_px, em_px, fitted, legible, shortened, width_px

Kind = Literal["disc", "ring", "cross", "bar", "dial", "switch on", "switch off"]

CARD: Final[Colour] = GROUND
"""What panels are written on: dark, as the room behind them is."""

QUIET: Final[Colour] = (184, 190, 200)
ACCENT: Final[Colour] = (240, 190, 100)
STATE_COLOUR: Final[dict[Condition, Colour]] = {
    "live": (96, 205, 190),
    "waiting": ACCENT,
    "lost": (255, 148, 132),
    "off": QUIET,
}
STATE_SHAPE: Final[dict[Condition, Kind]] = {
    "live": "disc",
    "waiting": "ring",
    "lost": "cross",
    "off": "bar",
}

_MARGIN: Final = 24
_LINE: Final = 1.12  # from one line to the next, of the size
_PROMPT_DEG: Final = (2.2, 1.9, 1.6, 1.3, 1.1)  # and SMALL_RAD
_PROMPT_LINES: Final = 2
_DIGIT_RAD: Final = math.radians(3.2)
_DIAL_PX: Final = 184
_ROW_PX: Final = 48
_SHAPE_PX: Final = 26
_NAME_AT, _STATE_AT = 68, 352
_SWITCH_PX: Final = (68, 36)
_SPOT_PX: Final = (30, 26, 16, 8)  # a rim of 1.6°, round what is looked at: half a degree


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of words.

    Attributes:
        words: Legible ones.
        at: Where its baseline begins, ends or has its middle, by `side`; pixels from the top left.
        side: `l`, `m` or `r`.
        em_px: Its size.
        colour: Of its letters.
    """

    words: str
    at: tuple[float, float]
    side: Literal["l", "m", "r"]
    em_px: int
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape in a box.

    Attributes:
        kind: Which.
        at: The box's upper left corner, pixels from the panel's.
        size: The box's width and height.
        colour: Of what is filled.
    """

    kind: Kind
    at: tuple[int, int]
    size: tuple[int, int]
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A panel, arranged.

    Attributes:
        size: Of its image, width and height in pixels.
        card_px: Height of what is written on; below that it is transparent.
        marks: In drawing order.
    """

    size: tuple[int, int]
    card_px: int
    marks: tuple[Text | Shape, ...]


def arranged(content: Content) -> Layout:
    """Return where everything of a panel goes; all text fits, and none is too small to read."""
    size = PLATES[type(content)].size
    card_px = size[1]
    match content:
        case Prompt():
            marks = _prompt(content, size)
        case SensorStatus(rows=rows):
            count = min(len(rows), _rows_at_most(size))
            card_px = 2 * _MARGIN + _ROW_PX * max(count, 1)
            marks = _status(rows, size)
        case MirrorSwitch():
            marks = _switch(content, size)
        case Target():
            card_px = 0  # a spot over whatever is behind
            marks = _target(content)
    return Layout(size=size, card_px=card_px, marks=tuple(marks))


def _prompt(prompt: Prompt, size: tuple[int, int]) -> Iterator[Text | Shape]:
    width, height = size
    right = width - _MARGIN
    if prompt.seconds_left is not None:
        right -= _DIAL_PX
        corner = right, (height - _DIAL_PX) // 2
        yield Shape(kind="dial", at=corner, size=(_DIAL_PX, _DIAL_PX), colour=ACCENT)
        middle = right + _DIAL_PX / 2, height / 2
        yield _centred(str(max(0, min(prompt.seconds_left, 99))), middle, em_px(_DIGIT_RAD))
        right -= _MARGIN
    room, small = right - _MARGIN, em_px(SMALL_RAD)
    sizes = (*(em_px(math.radians(degrees)) for degrees in _PROMPT_DEG), small)
    em, lines = fitted(legible(prompt.words), room, sizes=sizes, lines=_PROMPT_LINES)
    hint = shortened(legible(prompt.hint), room, small)
    steps = [(line, em, INK) for line in lines]
    steps += [(hint, small, QUIET)] if hint else []
    top = (height - _LINE * sum(em for _, em, _ in steps)) / 2
    for words, em, colour in steps:
        middle = (_MARGIN + right) / 2, top + _LINE * em / 2
        yield _centred(words, middle, em, colour)
        top += _LINE * em


def _target(target: Target) -> Iterator[Text | Shape]:
    """Yield a spot within a rim, dark round bright: to be told from any game behind it."""
    x, y = target_px(target)
    colours = (CARD, STATE_COLOUR["live"] if target.held else ACCENT, CARD, INK)
    for across, colour in zip(_SPOT_PX, colours, strict=True):
        corner = round(x - across / 2), round(y - across / 2)
        yield Shape(kind="disc", at=corner, size=(across, across), colour=colour)


def _rows_at_most(size: tuple[int, int]) -> int:
    return (size[1] - 2 * _MARGIN) // _ROW_PX


def _status(rows: Sequence[SensorRow], size: tuple[int, int]) -> Iterator[Text | Shape]:
    most, small = _rows_at_most(size), em_px(SMALL_RAD)
    shown, left_out = list(rows), 0
    if len(rows) > most:
        shown.sort(key=lambda row: row.state == "live")
        left_out = len(rows) - (most - 1)
        del shown[most - 1 :]
    middle = _MARGIN + _ROW_PX / 2
    for row in shown:
        yield from _row(row, middle, size[0] - _MARGIN)
        middle += _ROW_PX
    if left_out or not rows:
        words = f"and {left_out} more" if left_out else "no sensors"
        yield Text(
            words=words, at=(_NAME_AT, middle + cap_px(small) / 2), side="l",
            em_px=small, colour=QUIET,
        )  # fmt: skip


def _row(row: SensorRow, middle: float, right: float) -> Iterator[Text | Shape]:
    small, colour = em_px(SMALL_RAD), STATE_COLOUR[row.state]
    corner = _MARGIN, round(middle) - _SHAPE_PX // 2
    yield Shape(kind=STATE_SHAPE[row.state], at=corner, size=(_SHAPE_PX, _SHAPE_PX), colour=colour)
    baseline = middle + cap_px(small) / 2
    name = shortened(legible(row.name), _STATE_AT - _NAME_AT - _MARGIN / 2, small)
    yield Text(words=name, at=(_NAME_AT, baseline), side="l", em_px=small, colour=INK)
    yield Text(words=row.state, at=(_STATE_AT, baseline), side="l", em_px=small, colour=colour)
    room = right - _STATE_AT - width_px(row.state, small) - _MARGIN / 2
    rate = shortened(legible(row.rate), room, small)
    yield Text(words=rate, at=(right, baseline), side="r", em_px=small, colour=QUIET)


def _switch(switch: MirrorSwitch, size: tuple[int, int]) -> Iterator[Text | Shape]:
    width, height = size
    kind: Kind = "switch on" if switch.shown else "switch off"
    colour = STATE_COLOUR["live" if switch.shown else "off"]
    corner = _MARGIN, (height - _SWITCH_PX[1]) // 2
    yield Shape(kind=kind, at=corner, size=_SWITCH_PX, colour=colour)
    left, small = 2 * _MARGIN + _SWITCH_PX[0], em_px(SMALL_RAD)
    lines = [("mirror on" if switch.shown else "mirror off", INK)]
    how = shortened(legible(switch.how), width - _MARGIN - left, small)
    lines += [(how, QUIET)] if how else []
    top = (height - _LINE * small * len(lines)) / 2
    for words, ink in lines:
        baseline = top + (_LINE * small + cap_px(small)) / 2
        yield Text(words=words, at=(left, baseline), side="l", em_px=small, colour=ink)
        top += _LINE * small


def _centred(words: str, middle: tuple[float, float], em: int, colour: Colour = INK) -> Text:
    x, y = middle
    return Text(words=words, at=(x, y + cap_px(em) / 2), side="m", em_px=em, colour=colour)

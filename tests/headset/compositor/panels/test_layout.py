from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unvisor.headset.compositor.demo_page import INK, Colour
from unvisor.headset.compositor.palette import linear
from unvisor.headset.compositor.panels.content import (
    PLATES,
    Condition,
    Content,
    MirrorSwitch,
    Prompt,
    SensorRow,
    SensorStatus,
)
from unvisor.headset.compositor.panels.layout import (
    ACCENT,
    CARD,
    QUIET,
    STATE_COLOUR,
    STATE_SHAPE,
    Layout,
    Shape,
    Text,
    arranged,
)
from unvisor.headset.compositor.panels.text import SMALL_RAD, cap_px, em_px, width_px

STATES: tuple[Condition, ...] = get_args(Condition)


def luminance(colour: Colour) -> float:
    """Source: WCAG 2.2, relative luminance."""
    return float(linear(colour) @ (0.2126, 0.7152, 0.0722))


def contrast(one: Colour, other: Colour) -> float:
    """Source: WCAG 2.2, contrast ratio."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_the_standards():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0, abs=1e-3)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", [INK, QUIET, ACCENT, *STATE_COLOUR.values()])
def test_all_that_is_written_stands_out(colour: Colour):
    assert contrast(colour, CARD) >= 7.0


def test_a_state_is_told_without_its_colour():
    assert set(STATE_SHAPE) == set(STATE_COLOUR) == set(STATES)
    assert len(set(STATE_SHAPE.values())) == len(STATES)
    for state in STATES:
        layout = arranged(SensorStatus(rows=(SensorRow(name="openxr", state=state),)))
        assert state in words(layout)
        assert [mark.kind for mark in layout.marks if isinstance(mark, Shape)] == [
            STATE_SHAPE[state]
        ]


def words(layout: Layout) -> list[str]:
    return [mark.words for mark in layout.marks if isinstance(mark, Text)]


def boxes(layout: Layout) -> list[tuple[float, float, float, float]]:
    """Where each mark is: left, top, right, bottom."""
    found: list[tuple[float, float, float, float]] = []
    for mark in layout.marks:
        x, y = mark.at
        if isinstance(mark, Shape):
            found.append((x, y, x + mark.size[0], y + mark.size[1]))
        elif mark.words:
            width = width_px(mark.words, mark.em_px)
            left = x - {"l": 0.0, "m": width / 2, "r": width}[mark.side]
            found.append((left, y - cap_px(mark.em_px), left + width, y))
    return found


TEXTS = st.text(max_size=80) | st.sampled_from(["Smile", "W" * 90, "a b " * 30])
ROWS = st.builds(
    SensorRow,
    name=TEXTS,
    state=st.sampled_from(STATES),
    rate=st.sampled_from(["", "90 Hz", "0.5 Hz", "123456 Hz"]),
)
CONTENTS: st.SearchStrategy[Content] = st.one_of(
    st.builds(Prompt, words=TEXTS, hint=TEXTS, seconds_left=st.none() | st.integers(-5, 200)),
    st.builds(SensorStatus, rows=st.lists(ROWS, max_size=20).map(tuple)),
    st.builds(MirrorSwitch, shown=st.booleans(), how=TEXTS),
)


@given(CONTENTS)
def test_whatever_is_said_stays_on_the_card_and_large_enough(content: Content):
    layout = arranged(content)
    assert layout.size == PLATES[type(content)].size
    assert layout.card_px <= layout.size[1]
    for mark in layout.marks:
        assert not isinstance(mark, Text) or mark.em_px >= em_px(SMALL_RAD)
    found = boxes(layout)
    for left, top, right, bottom in found:
        assert 0 <= left < right <= layout.size[0]
        assert 0 <= top < bottom <= layout.card_px
    for (l0, t0, r0, b0), (l1, t1, r1, b1) in combinations(found, 2):
        nested = layout.size == PLATES[Prompt].size  # the count stands in the dial
        assert r0 <= l1 or r1 <= l0 or b0 <= t1 or b1 <= t0 or nested


def test_a_prompt_counts_down():
    assert words(arranged(Prompt(words="Smile", hint="wide", seconds_left=3))) == [
        "3", "Smile", "wide",
    ]  # fmt: skip
    assert words(arranged(Prompt(words="Smile"))) == ["Smile"]


def test_of_many_sensors_those_that_are_unwell_are_shown():
    rows = [SensorRow(name=f"sensor-{number}", state="live") for number in range(12)]
    rows[10] = SensorRow(name="broken", state="lost")
    shown = words(arranged(SensorStatus(rows=tuple(rows))))
    assert shown[0] == "broken"
    assert shown[-1] == "and 5 more"
    assert sum(name.startswith("sensor") for name in shown) == 6


def test_no_sensors_are_said_to_be_none():
    assert words(arranged(SensorStatus(rows=()))) == ["no sensors"]


def test_a_card_is_as_high_as_its_rows():
    rows = tuple(SensorRow(name=str(number), state="live") for number in range(20))
    heights = [arranged(SensorStatus(rows=rows[:count])).card_px for count in (0, 1, 4, 8, 20)]
    assert heights[0] == heights[1] < heights[2] < heights[3] == heights[4]
    assert heights[4] == PLATES[SensorStatus].size[1]


def test_the_switch_says_which_way_it_is():
    on, off = (arranged(MirrorSwitch(shown=shown, how="press Y")) for shown in (True, False))
    assert words(on) == ["mirror on", "press Y"]
    assert words(off) == ["mirror off", "press Y"]
    kinds = [mark.kind for layout in (on, off) for mark in layout.marks if isinstance(mark, Shape)]
    assert kinds == ["switch on", "switch off"]

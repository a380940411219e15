from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.demo_page import INK
from unvisor.headset.compositor.palette import linear
from unvisor.headset.compositor.panels.content import MirrorSwitch, Prompt, SensorRow, SensorStatus
from unvisor.headset.compositor.panels.draw import Painter, drawn
from unvisor.headset.compositor.panels.layout import (
    CARD,
    STATE_COLOUR,
    STATE_SHAPE,
    Kind,
    Layout,
    Shape,
    arranged,
)

SMILE = Prompt(words="Smile", seconds_left=3)


def shape(kind: Kind, size: tuple[int, int] = (26, 26)) -> NDArray[np.bool_]:
    """Return where a shape is drawn, in its box."""
    mark = Shape(kind=kind, at=(10, 10), size=size, colour=INK)
    picture = drawn(Layout(size=(100, 60), card_px=60, marks=(mark,)))
    return picture[10 : 10 + size[1], 10 : 10 + size[0], 0] > 127


def test_states_differ_in_shape_for_those_who_see_no_colour():
    for one, other in combinations(STATE_SHAPE.values(), 2):
        a, b = shape(one), shape(other)
        assert (a ^ b).sum() / (a | b).sum() > 0.4, (one, other)


def test_a_switchs_knob_is_on_the_right_where_it_is_on():
    on, off = shape("switch on", (68, 36)), shape("switch off", (68, 36))
    assert on[18, 8:30].all()
    assert not on[18, 42:60].any()
    assert off[18, 10:26].all()
    assert not off[18, 36:60].any()


def test_text_stands_on_what_is_opaque():
    picture = drawn(arranged(SMILE))
    assert picture.shape == (264, 760, 4)
    bright = picture[..., :3].min(axis=2) > 200
    assert bright.sum() > 1000
    assert (picture[bright, 3] == 255).all()
    assert tuple(picture[132, 20]) == (*CARD, 255)


def test_corners_are_premultiplied_and_what_is_below_the_card_is_clear():
    picture = drawn(arranged(SensorStatus(rows=(SensorRow(name="openxr", state="live"),))))
    assert (picture[0, 0] == 0).all()
    assert (picture[100:] == 0).all()
    partly = (picture[..., 3] > 0) & (picture[..., 3] < 255)
    assert 10 < partly.sum() < 400
    for pixel in picture[partly]:
        light = linear(CARD) * (pixel[3] / 255)
        got = linear((int(pixel[0]), int(pixel[1]), int(pixel[2])))
        np.testing.assert_allclose(got, light, atol=4e-4)


def test_a_states_colour_is_on_its_word_and_shape():
    for state, colour in STATE_COLOUR.items():
        picture = drawn(arranged(SensorStatus(rows=(SensorRow(name="", state=state),))))
        same = np.abs(picture[..., :3].astype(int) - colour).max(axis=2) < 3
        columns = np.flatnonzero(same.any(axis=0))
        assert columns.min() < 60, "no shape"
        assert columns.max() > 350, "no word"


@pytest.mark.parametrize("words", ["\u7b11", "?"])
def test_what_the_font_lacks_is_drawn_as_a_question(words: str):
    assert np.array_equal(drawn(arranged(Prompt(words=words))), drawn(arranged(Prompt(words="?"))))


def test_a_panel_is_drawn_again_only_when_it_says_something_else():
    painter = Painter()
    first = painter.picture(SMILE)
    assert painter.picture(Prompt(words="Smile", seconds_left=3)) is first
    assert painter.drawn == 1
    switch = painter.picture(MirrorSwitch(shown=True))
    assert painter.picture(SMILE) is first, "one panel's change is not another's"
    second = painter.picture(Prompt(words="Smile", seconds_left=2))
    assert painter.picture(MirrorSwitch(shown=True)) is switch
    assert painter.drawn == 3
    changed = np.argwhere((first != second).any(axis=2))
    assert changed[:, 1].min() > 760 - 24 - 184, "only the number differs"
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0

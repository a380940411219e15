from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pictures
from PIL import ImageDraw

from unvisor.headset.compositor.panels.content import PLATES
from unvisor.headset.compositor.panels.text import (
    AWAY_M,
    LONGEST,
    PX_PER_M,
    SMALL_RAD,
    cap_px,
    em_px,
    fitted,
    font,
    legible,
    shortened,
    width_px,
)

SIZES = (60, 40, 30)


def drawn(words: str) -> np.ndarray:
    picture = Pictures.new("L", (400, 100))
    ImageDraw.Draw(picture).text((10, 20), words, 255, font(60))
    return np.asarray(picture)


def test_capitals_are_as_high_as_they_are_drawn():
    rows = np.flatnonzero(drawn("H").max(axis=1) > 127)
    assert cap_px(60) == pytest.approx(rows[-1] - rows[0] + 1, abs=1)


def test_the_least_text_is_legible_at_arms_length_anywhere_on_a_panel():
    """0.8 degrees, from a head that has stayed where it began, to the farthest corner, foreshortened."""
    height_m = cap_px(em_px(SMALL_RAD)) / PX_PER_M
    assert math.degrees(2 * math.atan(height_m / 2 / AWAY_M)) >= 0.9 - 1e-3
    farthest_m = max(math.hypot(*plate.size_m) / 2 for plate in PLATES.values() if not plate.locked)
    aside = math.atan(farthest_m / AWAY_M)
    assert math.degrees(height_m * math.cos(aside) ** 2 / AWAY_M) >= 0.8


def test_a_panel_has_a_pixel_for_each_of_a_headsets_of_24_a_degree():
    assert PX_PER_M * AWAY_M * math.radians(1.0) == pytest.approx(24.0, abs=0.5)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Smile", "Smile"),
        ("  two \n lines\t", "two lines"),
        ("L\u00e4cheln, s\u2019il vous pla\u00eet", "Lacheln, s\u2019il vous plait"),
        ("L\u0061\u0308cheln", "Lacheln"),  # its accent a character of its own
        ("gro\u00df \u2013 \u00c6", "gross - AE"),
        ("\uff21\u2460", "A1"),  # wide, and in a circle
        ("\u7b11\u3063\u3066", "???"),
        ("ok \U0001f600", "ok ?"),
        ("a\x00b\x1b[", "a?b?["),
        ("a\u202eb\u200bc", "abc"),  # what turns the line round, or is nothing
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_seen_to_be_lacking(written: str, shown: str):
    assert legible(written) == shown


@given(st.text(max_size=3 * LONGEST))
def test_whatever_is_written_is_drawn_without_boxes(written: str):
    box = drawn("\uffff")
    shown = legible(written)
    assert len(shown) <= 3 * LONGEST
    for letter in set(shown) - {" "}:
        assert not np.array_equal(drawn(letter), box)
        assert drawn(letter).any()


def test_the_largest_size_that_fits_is_taken():
    assert fitted("Smile", 400, sizes=SIZES, lines=2) == (60, ("Smile",))
    size, lines = fitted("Puff both cheeks and hold them", 400, sizes=SIZES, lines=2)
    assert size < 60
    assert len(lines) == 2
    assert " ".join(lines) == "Puff both cheeks and hold them"


def test_a_word_longer_than_a_line_is_broken_with_a_hyphen():
    word = "Donaudampfschifffahrtsgesellschaft"
    size, lines = fitted(word, 300, sizes=SIZES, lines=3)
    assert size == SIZES[-1]
    assert all(line.endswith("-") for line in lines[:-1])
    assert "".join(line.rstrip("-") for line in lines) == word


@given(st.text(alphabet="abc WMi-", max_size=LONGEST), st.integers(60, 700), st.integers(1, 3))
def test_every_text_fits(words: str, width: int, lines: int):
    shown = legible(words)
    size, rows = fitted(shown, width, sizes=SIZES, lines=lines)
    assert size in SIZES
    assert len(rows) <= lines
    assert all(width_px(row, size) <= width for row in rows)
    cut = bool(rows) and rows[-1].endswith("\u2026")
    letters = "".join(rows).replace(" ", "").replace("-", "").rstrip("\u2026")
    whole = shown.replace(" ", "").replace("-", "")
    assert whole.startswith(letters) if cut else letters == whole


def test_a_line_is_cut_only_where_it_must_be():
    assert shortened("openxr", 400, 30) == "openxr"
    cut = shortened("a sensor with a very long name indeed", 200, 30)
    assert cut.endswith("\u2026")
    assert width_px(cut, 30) <= 200
    assert width_px(cut, 30) > 150

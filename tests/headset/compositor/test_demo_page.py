from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.compositor.demo_page import GROUND, INK, PICTURE_SIZE, SIZE, Curve, DemoPage
from unvisor.headset.compositor.palette import ORIGIN_RGB
from unvisor.headset.frame import Origin

TIME_S = np.linspace(0.0, 6.0, 181)
PLOT = np.s_[546:596, 16:424]  # of the first curve


def curve(value: np.ndarray, truth: np.ndarray | None = None) -> Curve:
    return Curve(
        label="browInnerUp", time_s=TIME_S, truth=truth, value=value, origin=Origin.INFERRED
    )


def frame(*curves: Curve, at_s: float = 6.0, caption: str = "") -> np.ndarray:
    panel = DemoPage(titles=("seen", "reconstructed", "truth"), curves=curves, duration_s=6.0)
    pictures = [
        np.full((PICTURE_SIZE[1], PICTURE_SIZE[0], 3), level, np.uint8) for level in (80, 120, 160)
    ]
    return panel.compose(pictures, at_s=at_s, caption=caption)


def where(image: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Return (row, column) of the pixels of a colour."""
    return np.argwhere(np.abs(image.astype(int) - colour).max(axis=2) < 24)


def test_pictures_stand_side_by_side():
    image = frame()
    assert image.shape == (SIZE[1], SIZE[0], 3)
    assert [int(image[260, x, 0]) for x in (200, 640, 1080)] == [80, 120, 160]
    assert tuple(image[260, 430]) == GROUND


def test_a_curve_is_drawn_at_its_height_up_to_now():
    steps = np.where(TIME_S < 3.0, 0.0, 1.0)
    amber = ORIGIN_RGB[Origin.INFERRED]
    plot = frame(curve(steps), at_s=6.0)[PLOT]
    spots = where(plot, amber)
    low, high = spots[spots[:, 1] < 95], spots[spots[:, 1] > 110]  # 3 s ago: 102 px from the left
    assert low[:, 0].min() > 35
    assert high[:, 0].max() < 15
    # A second before the step nothing of it shows.
    assert where(frame(curve(steps), at_s=2.0)[PLOT], amber)[:, 0].min() > 35


def test_a_missing_value_breaks_the_curve():
    value = np.full_like(TIME_S, 0.5)
    value[(TIME_S > 3.0) & (TIME_S < 5.0)] = np.nan
    columns = np.unique(where(frame(curve(value))[PLOT], ORIGIN_RGB[Origin.INFERRED])[:, 1])
    assert np.diff(columns).max() == pytest.approx(2.0 * 102, abs=8)


def test_a_caption_changes_its_own_line_alone():
    changed = np.argwhere((frame(caption="a caption") != frame()).any(axis=2))
    assert len(changed) > 50
    assert changed[:, 0].min() > 486
    assert changed[:, 0].max() < 528


def test_there_is_writing_over_each_picture():
    for left in (16, 436, 856):
        assert len(where(frame()[10:40, left : left + 200], INK)) > 20


def test_truth_and_interval_are_drawn_too():
    value = np.full_like(TIME_S, 0.5)
    plain = frame(curve(value))[PLOT]
    band = Curve(
        label="browInnerUp", time_s=TIME_S, truth=value + 0.4, value=value,
        low=value - 0.2, high=value + 0.2, origin=Origin.INFERRED,
    )  # fmt: skip
    image = frame(band)[PLOT]
    assert len(where(image, (214, 218, 226))) > len(where(plain, (214, 218, 226))) + 300
    assert len(where(image, (84, 70, 51))) > 1000  # a quarter of amber over the card

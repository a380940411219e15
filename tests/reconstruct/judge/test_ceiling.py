from __future__ import annotations

import numpy as np
import pytest

from unvisor.reconstruct.judge.card import card
from unvisor.reconstruct.judge.ceiling import OTHER_TRACKER, second_tracker

from ..faces import capture
from .tracks import as_track, take


def test_another_tracker_of_the_same_frames_is_a_ceiling() -> None:
    recording = capture(seed=1, seconds=20.0)
    truth = recording.truth
    assert truth is not None
    resting = as_track(truth.time_ns, np.zeros_like(truth.arkit))
    given = take("person-1", truth, {"neutral": resting})
    found = second_tracker(given, [capture(seed=2, seconds=20.0), recording])
    assert found is not None
    same = card([found]).row(OTHER_TRACKER, "hidden-14").scores
    assert same["mae"].value == pytest.approx(0.0)
    assert same["r"].value == pytest.approx(1.0)


def test_a_stranger_is_no_ceiling_nor_is_what_was_captured_at_another_time() -> None:
    truth = capture(seed=1, seconds=20.0).truth
    assert truth is not None
    resting = as_track(truth.time_ns, np.zeros_like(truth.arkit))
    given = take("person-1", truth, {"neutral": resting})
    assert second_tracker(given, [capture(seed=2, seconds=20.0)]) is None
    assert second_tracker(given, [capture(seed=1, seconds=5.0)]) is None  # over before it is judged

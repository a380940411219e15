from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.frame import SensorFrame
from unvisor.headset.names import ARKIT_INDEX, HIDDEN_14, UNIFIED, UNIFIED_INDEX
from unvisor.reconstruct.features import Features
from unvisor.reconstruct.guess import MEDIAN, SENT, Constant, Rules

from .test_features import eyes, face

HIDDEN = [ARKIT_INDEX[name] for name in HIDDEN_14]


def rules(smile: float, openness: float | None) -> np.ndarray:
    weights = np.full(len(UNIFIED), np.nan)
    for name in ("MouthCornerPullLeft", "MouthCornerSlantLeft"):
        weights[UNIFIED_INDEX[name]] = smile
    sample = None if openness is None else eyes(0.0, 0.0, openness)
    frame = SensorFrame(time_ns=0, faces=(face(weights),), eyes=sample)
    return Rules().predict(Features(None).observe(frame), 0.0).faces[MEDIAN]


def at(face52: np.ndarray, name: str) -> float:
    return float(face52[ARKIT_INDEX[name]])


def test_a_resting_face_stays_at_rest_under_the_rules() -> None:
    assert not rules(0.0, 1.0)[HIDDEN].any()


def test_the_rules_copy_a_smile_to_its_own_side() -> None:
    face52 = rules(0.8, 1.0)
    assert at(face52, "cheekSquintLeft") == pytest.approx(0.8)
    assert at(face52, "eyeSquintLeft") == pytest.approx(0.2)
    assert at(face52, "cheekSquintRight") == 0.0


def test_wide_lids_raise_the_brows_and_shut_lids_lower_them() -> None:
    wide, shut = rules(0.0, 1.4), rules(0.0, 0.0)
    assert at(wide, "browInnerUp") == at(wide, "browOuterUpLeft") == at(wide, "eyeWideLeft") == 1.0
    assert at(wide, "browDownLeft") == 0.0
    assert at(shut, "browDownLeft") == at(shut, "eyeSquintRight") == 1.0
    assert at(shut, "browInnerUp") == 0.0


def test_without_eyes_the_rules_know_the_smile_alone() -> None:
    face52 = rules(0.5, None)
    assert {name for name in HIDDEN_14 if at(face52, name)} == {"cheekSquintLeft", "eyeSquintLeft"}


def test_neutral_is_the_wearers_rest_and_mean_the_face_it_was_given() -> None:
    seen = Features(None).observe(SensorFrame(time_ns=0))
    assert not Constant().predict(seen, 0.0).faces[[MEDIAN, SENT]].any()
    mean = np.linspace(0.0, 0.1, 52)
    np.testing.assert_array_equal(Constant(mean).predict(seen, 0.0).faces[SENT], mean)

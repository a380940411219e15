from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from unvisor.calibration.fitting.gaze import (
    BOTH_EYES,
    Affine,
    affine,
    away,
    both,
    inverse,
    judged,
)
from unvisor.calibration.routine.captures import eyes_target_rad
from unvisor.calibration.routine.poses import POSES

Floats = NDArray[np.float64]
TARGETS = np.array([pose.target_rad for pose in POSES if pose.target_rad is not None])
MATRIX = np.array([[1.05, 0.02], [-0.01, 0.96]])
OFFSET = np.radians([1.2, -1.6])


def eye(seed: int, *, residual_deg: float = 0.3, matrix: Floats = MATRIX) -> Floats:
    """Return what a tracker reports of an eye on each target: with its errors the map is not one."""
    noise = np.random.default_rng(seed).normal(0.0, np.radians(residual_deg), TARGETS.shape)
    return (TARGETS - OFFSET) @ inverse(matrix).T + noise


def test_a_tracker_that_is_off_is_put_right() -> None:
    fitted = judged(eye(0), TARGETS)
    assert fitted.accepted
    assert fitted.after_rad < 0.4 * fitted.before_rad
    left = np.degrees(away(fitted.affine(eye(1, residual_deg=0.0)), TARGETS))
    assert left.max() < 0.6


def test_a_tracker_that_is_right_is_left_alone_or_nearly() -> None:
    """Mean over wearers whose tracker has each look's error alone: nothing is there to be gained."""
    rng = np.random.default_rng(3)
    ends: list[tuple[float, float]] = []
    for _ in range(40):
        seen = TARGETS + rng.normal(0.0, np.radians(0.7), TARGETS.shape)
        fitted = judged(seen, TARGETS)
        ends.append((0.0, float(away(fitted.affine(TARGETS), TARGETS).mean())))
    assert np.degrees(np.mean(ends, axis=0)[1]) < 0.15


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_targets_are_refused(count: int) -> None:
    fitted = judged(eye(0)[:count], TARGETS[:count])
    assert not fitted.accepted
    assert ("not seen" if count == 0 else f"{count} target") in fitted.reason
    np.testing.assert_array_equal(fitted.affine(TARGETS), TARGETS)


def test_one_target_looked_at_often_is_one_target() -> None:
    fitted = judged(np.repeat(eye(0)[:1], 9, axis=0), np.repeat(TARGETS[:1], 9, axis=0))
    assert "1 target:" in fitted.reason


@pytest.mark.parametrize("seed", range(20))
def test_shuffled_targets_are_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(TARGETS))
    while (order == np.arange(len(TARGETS))).sum() > 2:  # most looks at the wrong one
        order = rng.permutation(len(TARGETS))
    fitted = judged(eye(seed)[order], TARGETS)
    assert not fitted.accepted
    assert fitted.after_rad == fitted.before_rad


def test_two_targets_taken_for_each_other_do_no_harm() -> None:
    """Half a shuffle passes for a bad tracker: what the gate lets through must not make it worse."""
    seen = eye(0)
    swapped = seen.copy()
    swapped[[1, 3]] = swapped[[3, 1]]
    fitted = judged(swapped, TARGETS)
    assert away(fitted.affine(seen), TARGETS).mean() <= away(seen, TARGETS).mean()


def test_missing_looks_are_left_out() -> None:
    seen = eye(0)
    seen[[2, 5]] = np.nan
    assert judged(seen, TARGETS).accepted
    assert judged(np.full_like(seen, np.nan), TARGETS).reason == (
        "the eyes were not seen on any target"
    )


def test_each_eye_has_its_own_gate_and_one_can_be_missing() -> None:
    true = np.array([eyes_target_rad(one) for one in TARGETS])
    seen = true + np.radians([[2.0, -1.5], [0.0, 0.0]])
    seen[:, 1] = np.nan
    (left, right), told = both(seen, true)
    assert told.accepted
    assert told.words.startswith("gaze 2.5° → 0.")
    assert "right eye: the eyes were not seen" in told.reason
    assert away(left(seen[:, 0]), true[:, 0]).max() < np.radians(1.0)
    np.testing.assert_array_equal(right.matrix, np.eye(2))


def test_swapped_eyes_are_refused() -> None:
    true = np.array([eyes_target_rad(one) for one in TARGETS])
    rng = np.random.default_rng(0)
    seen = true + rng.normal(0.0, np.radians(0.5), true.shape)
    assert both(seen, true)[1].reason != both(seen[:, ::-1], true)[1].reason
    maps, told = both(seen[:, ::-1], true)
    assert not told.accepted
    assert "swapped" in told.reason
    assert all((one.matrix == np.eye(2)).all() for one in maps)


@pytest.mark.parametrize("count", [1, 3, 5, 9])
def test_in_the_mean_it_is_never_worse(count: int) -> None:
    """Wearers as the study found them: errors of offset, gain and each look; the gate must not cost."""
    rng = np.random.default_rng(count)
    scores: list[tuple[float, float]] = []
    for _ in range(60):
        offset = np.radians(rng.normal(0.0, BOTH_EYES.offset))
        gain = 1.0 + rng.normal(0.0, BOTH_EYES.gain)
        few = TARGETS[rng.permutation(len(TARGETS))[:count]]
        later = rng.uniform(-0.26, 0.26, (50, 2))
        seen, reported = (
            gain * true + offset + np.radians(rng.normal(0.0, BOTH_EYES.residual, true.shape))
            for true in (few, later)
        )
        sent = judged(seen, few, BOTH_EYES).affine(reported)
        scores.append((float(away(reported, later).mean()), float(away(sent, later).mean())))
    before, after = np.mean(scores, axis=0)
    assert after <= before + 1e-12
    if count == 9:
        assert after < 0.95 * before


@given(
    st.lists(st.floats(-0.4, 0.4), min_size=4, max_size=4),
    st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=2),
)
def test_whatever_is_seen_the_map_is_finite_and_not_far_from_none(
    matrix: list[float], offset: list[float]
) -> None:
    seen = TARGETS @ (np.eye(2) + np.reshape(matrix, (2, 2))).T + np.array(offset)
    fitted = affine(seen, TARGETS)
    assert np.isfinite(fitted.matrix).all()
    assert np.isfinite(fitted.offset_rad).all()
    assert np.abs(fitted.matrix - np.eye(2)).max() < 0.5


def test_no_map_changes_nothing() -> None:
    np.testing.assert_array_equal(Affine.none()(TARGETS), TARGETS)

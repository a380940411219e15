from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.calibration.correction import Correction
from unvisor.calibration.fitting.refit import MOST_REST, refit, refit_gaze
from unvisor.calibration.fitting.use import Use
from unvisor.calibration.profile import Donning, Profile, of_nobody
from unvisor.calibration.routine.captures import eyes_target_rad
from unvisor.calibration.routine.poses import POSES
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX

Floats = NDArray[np.float64]
JAW, SMILE = UNIFIED_INDEX["JawOpen"], UNIFIED_INDEX["MouthCornerPullLeft"]
RATE_HZ = 30


def use(
    seconds: float,
    *,
    rest: float = 0.1,
    openness: float = 0.8,
    gaze_off_rad: Floats | None = None,
    talks: bool = False,
    seed: int = 0,
) -> Use:
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    weights = np.full((count, len(UNIFIED)), np.nan)
    weights[:, [JAW, SMILE]] = rest + rng.normal(0.0, 0.01, (count, 2))
    if talks:
        weights[:, JAW] += 0.5 * (rng.random(count) < 0.5)
    fixations = np.repeat(rng.normal(0.0, 0.15, (count // 9 + 1, 1, 2)), 9, axis=0)[:count]
    gaze = fixations + rng.normal(0.0, 0.01, (count, 2, 2))
    lids = openness + rng.normal(0.0, 0.01, (count, 2))
    lids[::40] = 0.1  # blinks
    times = (np.arange(count) * 1e9 / RATE_HZ).astype(np.int64)
    return Use(
        face_ns=times,
        weights=weights,
        eyes_ns=times,
        openness=lids,
        gaze_rad=gaze + (0.0 if gaze_off_rad is None else gaze_off_rad),
    )


@pytest.fixture
def known() -> Profile:
    rest = np.full(len(UNIFIED), np.nan)
    rest[[JAW, SMILE]] = 0.1
    return replace(
        of_nobody(),
        rest=rest,
        openness_rest=np.array([0.8, 0.8]),
        gaze_rest_rad=np.zeros((2, 2)),
        gaze_rest_sd_rad=np.radians([[1.0, 1.0], [0.1, 0.1]]),
    )


def test_a_rest_that_moved_is_followed(known: Profile) -> None:
    found = refit(known, use(10.0, rest=0.16), utc="2026-11-25T20:00:00Z")
    assert found.donning.rest_offset[JAW] == pytest.approx(0.06 * 10 / 13, abs=0.01)
    assert found.outcomes[0].accepted
    weights = np.full(len(UNIFIED), np.nan)
    weights[JAW] = 0.16
    Correction(replace(known, donnings=(found.donning,))).weights(weights, weights)
    assert abs(weights[JAW]) < 0.02


def test_a_mouth_that_talks_says_nothing_of_its_rest(known: Profile) -> None:
    found = refit(known, use(10.0, rest=0.16, talks=True))
    assert found.donning.rest_offset[JAW] == 0.0
    assert found.donning.rest_offset[SMILE] > 0.03


def test_a_smile_kept_up_is_no_rest(known: Profile) -> None:
    found = refit(known, use(10.0, rest=0.1 + 2 * MOST_REST))
    assert not found.donning.rest_offset.any()
    assert not found.outcomes[0].accepted


def test_a_rest_that_is_another_each_time_is_refused(known: Profile) -> None:
    seen = use(10.0)
    seen.weights[:150] += 0.03
    seen.weights[150:] -= 0.03
    assert not refit(known, seen).outcomes[0].accepted


def test_lids_that_rest_lower_are_followed(known: Profile) -> None:
    found = refit(known, use(10.0, openness=0.64))
    correction = Correction(replace(known, donnings=(found.donning,)))
    assert correction.openness(np.array([0.64, 0.64])) == pytest.approx((1.0, 1.0), abs=0.07)
    assert refit(known, use(10.0, openness=0.2)).outcomes[1].reason == "the eyes were shut"


def test_what_sets_the_eyes_apart_is_taken_back_and_where_both_look_is_not(known: Profile) -> None:
    apart = np.radians([[0.0, 0.8], [0.0, -0.8]])
    found = refit(known, use(20.0, gaze_off_rad=apart)).donning.gaze_offset_rad
    np.testing.assert_allclose(np.degrees(found[:, 1]), [-0.8, 0.8], atol=0.15)
    together = np.radians([[0.0, 1.0], [0.0, 1.0]])
    found = refit(known, use(20.0, gaze_off_rad=together)).donning.gaze_offset_rad
    assert np.abs(np.degrees(found)).max() < 0.2


def test_eyes_that_cannot_be_right_are_refused(known: Profile) -> None:
    found = refit(known, use(20.0, gaze_off_rad=np.radians([[0.0, 6.0], [0.0, -6.0]])))
    assert "farther apart" in found.outcomes[2].reason
    assert not found.donning.gaze_offset_rad.any()


@pytest.mark.parametrize("seconds", [0.0, 1.0, 2.5])
def test_moments_tell_nothing(known: Profile, seconds: float) -> None:
    found = refit(known, use(seconds, rest=0.2))
    assert not found.donning.rest_offset.any()
    assert not found.outcomes[0].accepted


def test_sensors_that_are_not_there_are_said(known: Profile) -> None:
    seen = use(10.0)
    blank = replace(
        seen,
        weights=np.full_like(seen.weights, np.nan),
        openness=np.full_like(seen.openness, np.nan),
        gaze_rad=np.full_like(seen.gaze_rad, np.nan),
    )
    found = refit(known, blank)
    assert not any(one.accepted for one in found.outcomes)
    assert np.isfinite(found.donning.rest_offset).all()
    assert refit(of_nobody(), seen).donning.rest_offset.any() == np.False_


def test_targets_restore_what_a_donning_moved(known: Profile) -> None:
    true = np.array([eyes_target_rad(np.array(p.target_rad)) for p in POSES if p.target_rad])
    person = replace(
        known,
        gaze_offset_rad=np.radians([[1.0, -1.0], [-1.0, 0.5]]),
        gaze_matrix=np.stack([np.diag([0.95, 1.03])] * 2),
    )
    # What the tracker of the profile's own donning says of the targets, and what it says now.
    first = np.stack(
        [
            (true[:, side] - person.gaze_offset_rad[side]) / np.diag(person.gaze_matrix[side])
            for side in (0, 1)
        ],
        axis=1,
    )
    now = 1.03 * first + np.radians([[0.8, -0.6], [0.5, 0.9]])
    donning, told = refit_gaze(person, Donning(), now, true)
    assert told.accepted
    assert told.after < 0.5 * told.before
    back = now @ donning.gaze_matrix.swapaxes(1, 2)[0] + donning.gaze_offset_rad
    assert np.degrees(np.abs(back - first).max()) < 0.6


def test_an_eye_that_targets_do_not_help_keeps_what_use_has_told(known: Profile) -> None:
    true = np.array([eyes_target_rad(np.array(p.target_rad)) for p in POSES if p.target_rad])
    now = true + np.radians([[1.5, -1.2], [0.0, 0.0]])
    now[:, 1] = np.nan
    before = Donning(gaze_offset_rad=np.radians([[0.3, 0.0], [0.4, -0.2]]))
    donning, told = refit_gaze(known, before, now, true)
    assert told.accepted
    np.testing.assert_array_equal(donning.gaze_offset_rad[1], before.gaze_offset_rad[1])
    assert np.degrees(donning.gaze_offset_rad[0, 0]) < -0.5


def test_each_sensor_is_believed_by_how_long_it_was_seen_itself(known: Profile) -> None:
    seen = use(20.0, rest=0.16, openness=0.64)
    short = replace(seen, face_ns=seen.face_ns[:30], weights=seen.weights[:30])
    found = refit(known, short).donning
    assert found.rest_offset[JAW] == pytest.approx(0.06 * 1 / 4, abs=0.01)
    assert found.openness_ratio[0] == pytest.approx(0.8 + 0.2 * 3 / 23, abs=0.02)


def test_a_tracker_that_came_late_says_nothing_of_what_held_throughout(known: Profile) -> None:
    seen = use(10.0, rest=0.16)
    seen.weights[:150, JAW] = np.nan
    found = refit(known, seen)
    assert found.donning.rest_offset[JAW] == 0.0
    assert found.donning.rest_offset[SMILE] > 0.03
    seen.weights[:150] = np.nan
    assert refit(known, seen).outcomes[0].reason == "no shape was seen throughout"

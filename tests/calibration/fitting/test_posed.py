from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unvisor.calibration import profile
from unvisor.calibration.correction import Correction
from unvisor.calibration.fitting.outcome import Outcome
from unvisor.calibration.fitting.posed import Fitted, fit_captures
from unvisor.calibration.fitting.refit import refit
from unvisor.calibration.fitting.use import Use
from unvisor.calibration.profile import of_nobody
from unvisor.calibration.routine.captures import eyes_target_rad
from unvisor.calibration.routine.poses import POSES
from unvisor.headset.expressions import angles_from_gaze, gaze_from_angles
from unvisor.headset.names import UNIFIED_INDEX

from .posing import LEAK, POSED, TARGETS, Poser

WHOLE = [pose.name for pose in POSES] + ["puff_left", "puff_right"]
JAW = UNIFIED_INDEX["JawOpen"]
CHEEKS = [UNIFIED_INDEX["CheekPuffLeft"], UNIFIED_INDEX["CheekPuffRight"]]


def step(fitted: Fitted, name: str) -> Outcome:
    return next(one for one in fitted.outcomes if one.step == name)


@pytest.fixture(scope="module")
def whole() -> Fitted:
    return fit_captures(Poser().all(*WHOLE))


def test_a_whole_routine_is_accepted_and_said_in_one_line(whole: Fitted) -> None:
    assert whole.profile.quality == 1.0
    for name in ("rest", "mouth", "cheeks", "brows", "lids", "gaze"):
        assert step(whole, name).accepted, name
    assert "gaze 1.8° → " in whole.summary or "gaze 1." in whole.summary
    assert "brows accepted" in whole.summary
    assert "winks unchanged" in whole.summary


def test_rest_range_and_lids_are_the_wearers(whole: Fitted) -> None:
    found = whole.profile
    assert found.rest[JAW] == pytest.approx(0.1, abs=0.02)
    assert found.reach[JAW] == pytest.approx(0.8, abs=0.03)
    assert np.isnan(found.reach[UNIFIED_INDEX["MouthPressLeft"]])  # never posed: not known
    assert found.openness_rest == pytest.approx([0.8, 0.8], abs=0.05)
    correction = Correction(found)
    assert correction.openness(np.array([0.15, 0.15])) == pytest.approx((0.0, 0.0), abs=0.05)
    assert correction.openness(np.array([0.8, 0.8])) == pytest.approx((1.0, 1.0), abs=0.06)


def test_one_cheek_is_one_cheek(whole: Fitted) -> None:
    weights = np.full(88, np.nan)
    weights[CHEEKS] = 0.1 + 0.7 * LEAK[:, 0]
    Correction(whole.profile).weights(weights, weights)
    left, right = weights[CHEEKS]
    assert left > 0.5
    assert abs(right) < 0.05


def test_gaze_lands_on_the_targets(whole: Fitted) -> None:
    poser, correction = Poser(), Correction(whole.profile)
    off: list[float] = []
    for name in TARGETS:
        target = POSED[name].target_rad
        assert target is not None
        true = eyes_target_rad(np.array(target))
        gaze = gaze_from_angles(*np.moveaxis(poser.seen(true), -1, 0))
        gaze = correction.gaze(gaze)
        off.append(float(np.abs(np.stack(angles_from_gaze(gaze), axis=-1) - true).max()))
    assert np.degrees(max(off)) < 1.0


def test_it_is_kept_in_a_file(whole: Fitted, tmp_path: Path) -> None:
    path = tmp_path / "me.json"
    profile.save(path, whole.profile)
    back = profile.load(path)
    np.testing.assert_allclose(back.gaze_matrix, whole.profile.gaze_matrix, atol=1e-5)
    np.testing.assert_allclose(back.cheeks_unmix, whole.profile.cheeks_unmix, atol=1e-5)


def test_a_mouth_alone_is_a_whole_routine_of_a_mouth() -> None:
    fitted = fit_captures(Poser().all("neutral", "jaw_open", "smile", "pucker", "puff", "tongue"))
    assert fitted.profile.quality == 1.0
    assert fitted.summary == "rest accepted, mouth accepted, cheeks accepted"


def test_half_a_routine_counts_for_half() -> None:
    names = [pose.name for pose in POSES]
    half = names[: len(names) // 2]
    fitted = fit_captures(Poser().all(*half), missed=dict.fromkeys(names[len(half) :], "stopped"))
    assert step(fitted, "mouth").accepted
    assert 0.5 < fitted.profile.quality < 0.8
    assert any("stopped" in note for note in fitted.profile.notes)
    np.testing.assert_array_equal(fitted.profile.gaze_matrix, [np.eye(2)] * 2)


def test_half_the_targets_help_or_are_refused() -> None:
    for seed in range(10):
        poser = Poser(seed=seed)
        fitted = fit_captures(poser.all("neutral", *TARGETS[:4]))
        told = step(fitted, "gaze")
        assert told.after <= told.before


def test_one_target_is_refused() -> None:
    fitted = fit_captures(Poser().all("neutral", TARGETS[1]))
    assert "1 target" in step(fitted, "gaze").reason
    assert not fitted.profile.gaze_offset_rad.any()


def test_a_wrong_pose_is_refused() -> None:
    poser = Poser()
    captures = [poser.hold("neutral"), poser.hold("jaw_open", really="smile")]
    fitted = fit_captures(captures)
    assert step(fitted, "mouth").reason == "not seen: jaw_open"
    assert np.isnan(fitted.profile.reach[JAW])
    assert fitted.profile.quality == 0.5


@pytest.mark.parametrize("really", ["jaw_open", "puff", "lids_closed"])
def test_what_is_no_rest_is_not_taken_for_it(really: str) -> None:
    poser = Poser()
    fitted = fit_captures([poser.hold("neutral", really=really)])
    assert not step(fitted, "rest").accepted
    assert np.isnan(fitted.profile.rest).all()
    assert fitted.profile.quality == 0.0


def test_a_face_that_moves_is_no_rest() -> None:
    neutral = Poser().hold("neutral")
    neutral.weights[::2, JAW] += 0.4
    assert "JawOpen moved" in step(fit_captures([neutral]), "rest").reason


def test_open_eyes_are_not_taken_for_shut_ones() -> None:
    poser = Poser()
    fitted = fit_captures([poser.hold("neutral"), poser.hold("lids_closed", really="neutral")])
    assert step(fitted, "lids").reason == "they were not seen to close"
    assert not fitted.profile.openness_shut.any()


def test_eyes_shut_on_targets_tell_nothing_of_gaze() -> None:
    poser = Poser()
    captures = poser.all("neutral", *TARGETS)
    shut = [
        one if one.target_rad is None else replace(one, openness=np.full_like(one.openness, 0.1))
        for one in captures
    ]
    fitted = fit_captures(shut)
    assert "not seen" in step(fitted, "gaze").reason


def test_shuffled_targets_are_refused() -> None:
    poser = Poser()
    captures = poser.all("neutral", *TARGETS)
    targets = [one.target_rad for one in captures[1:]]
    shuffled = [
        replace(one, target_rad=targets[(index + 4) % len(targets)])
        for index, one in enumerate(captures[1:])
    ]
    fitted = fit_captures([captures[0], *shuffled])
    assert "not on the targets" in step(fitted, "gaze").reason
    np.testing.assert_array_equal(fitted.profile.gaze_matrix, [np.eye(2)] * 2)


def test_swapped_eyes_are_refused() -> None:
    poser = Poser(gaze_off_rad=np.zeros((2, 2)), look_noise_rad=0.002)
    captures = [
        replace(one, gaze=one.gaze[:, ::-1], openness=one.openness[:, ::-1])
        for one in poser.all("neutral", "lids_closed", "wink_left", "wink_right", *TARGETS)
    ]
    fitted = fit_captures(captures)
    assert "swapped" in step(fitted, "gaze").reason
    assert "own side" in step(fitted, "winks").reason or "swapped" in step(fitted, "winks").reason


def test_a_leak_between_lids_is_undone() -> None:
    poser = Poser(lids_leak=0.25)
    names = ("neutral", "lids_closed", "wink_left", "wink_right")
    fitted = fit_captures(poser.all(*names))
    assert step(fitted, "winks").accepted
    correction = Correction(fitted.profile)
    opening = 0.8 - 0.15
    wink = np.array([0.8 - 0.75 * opening, 0.8 - 0.25 * opening])
    assert correction.openness(wink) == pytest.approx((0.0, 1.0), abs=0.1)
    assert correction.openness(np.array([0.15, 0.15])) == pytest.approx((0.0, 0.0), abs=0.05)


@pytest.mark.parametrize("what", ["weights", "openness", "gaze", "all"])
def test_captures_without_a_number_change_nothing(what: str) -> None:
    captures = Poser().all(*WHOLE)
    names = ("weights", "openness", "gaze") if what == "all" else (what,)
    empty = [
        replace(one, **{name: np.full_like(getattr(one, name), np.nan) for name in names})
        for one in captures
    ]
    found = fit_captures(empty).profile
    blank = of_nobody()
    gone = {
        "weights": ("rest", "reach", "cheeks_unmix"),
        "openness": ("openness_rest", "openness_shut", "lids_unmix"),
        "gaze": ("gaze_rest_rad", "gaze_offset_rad", "gaze_matrix"),
    }
    for name in names:
        for field in gone[name]:
            np.testing.assert_array_equal(getattr(found, field), getattr(blank, field))


def test_gaps_are_left_out() -> None:
    rng = np.random.default_rng(0)
    captures = Poser().all(*WHOLE)
    for one in captures:
        for rows in (one.weights, one.openness, one.gaze):
            rows[rng.random(len(rows)) < 0.4] = np.nan
    assert fit_captures(captures).profile.quality == 1.0


def test_nothing_captured_is_a_profile_of_no_quality() -> None:
    fitted = fit_captures([])
    assert fitted.profile.quality == 0.0
    assert "no face at rest" in fitted.profile.notes[0]


def test_what_is_refused_stays_as_the_base_has_it(whole: Fitted) -> None:
    poser = Poser()
    again = fit_captures(
        [poser.hold("neutral", really="jaw_open"), *poser.all(TARGETS[0])], base=whole.profile
    )
    np.testing.assert_array_equal(again.profile.rest, whole.profile.rest)
    np.testing.assert_array_equal(again.profile.gaze_matrix, whole.profile.gaze_matrix)


def test_an_eye_that_is_refused_keeps_the_former_correction(whole: Fitted) -> None:
    captures = Poser(gaze_gain=1.0, gaze_off_rad=np.radians([[4.0, 2.0]] * 2)).all(*TARGETS)
    blind = [replace(one, gaze=one.gaze.copy()) for one in captures]
    for one in blind:
        one.gaze[:, 1] = np.nan
    again = fit_captures(blind, base=whole.profile).profile
    np.testing.assert_array_equal(again.gaze_matrix[1], whole.profile.gaze_matrix[1])
    assert (again.gaze_matrix[0] != whole.profile.gaze_matrix[0]).any()


def test_who_did_the_routine_again_has_its_range_and_no_former_trackers(whole: Fitted) -> None:
    again = fit_captures(Poser(amount=0.4).all("neutral", "jaw_open"), base=whole.profile).profile
    assert again.reach[JAW] == pytest.approx(0.5, abs=0.03)
    smile = UNIFIED_INDEX["MouthCornerPullLeft"]
    assert again.reach[smile] == whole.profile.reach[smile]


@pytest.mark.parametrize("targets", [False, True])
def test_after_a_routine_ordinary_use_tells_how_a_donning_set_the_eyes_apart(
    targets: bool,
) -> None:
    """Who looked ahead as told is known by it: a later donning is put right without another routine."""
    poser = Poser(gaze_gain=1.0, gaze_off_rad=np.zeros((2, 2)))
    known = fit_captures(poser.all("neutral", *(TARGETS if targets else ()))).profile
    rng = np.random.default_rng(0)
    looks = np.repeat(rng.normal(0.0, 0.15, (70, 1, 2)), 9, axis=0)
    turned = np.array([[1.0, 0.0], [-1.0, 0.0]]) * np.ptp(known.gaze_rest_rad[:, 0]) / 2.0
    moved = np.radians([[0.0, 0.8], [0.0, -0.8]])
    seen = looks + turned + moved + rng.normal(0.0, 0.01, (630, 2, 2))
    times = (np.arange(630) * 1e9 / 30.0).astype(np.int64)
    use = Use(
        face_ns=times[:0],
        weights=np.zeros((0, 88)),
        eyes_ns=times,
        openness=np.full((630, 2), 0.8),
        gaze_rad=seen,
    )
    found = refit(known, use)
    assert found.outcomes[2].accepted
    pitch = np.degrees(found.donning.gaze_offset_rad[:, 1])
    assert pitch[0] < -0.2
    assert pitch[1] > 0.2

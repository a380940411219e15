from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.datasets.streams import Truth
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.errors import RecordingError
from unvisor.headset.names import ARKIT, ARKIT_INDEX, LOOK_8
from unvisor.reconstruct.judge.ground_truth import HOLD, HOLD_FRAMES, ground, rest

from .tracks import CALIBRATED_NS, as_track, moving, relative, take

JAW = ARKIT_INDEX["jawOpen"]
BROW = ARKIT_INDEX["browInnerUp"]
LOOKS = [ARKIT_INDEX[name] for name in LOOK_8]
OTHERS = [i for i in range(len(ARKIT)) if i not in LOOKS]


def test_truth_is_relative_to_rest_and_judged_after_calibration() -> None:
    truth = moving(1)
    on = ground([take("a", truth, {"same": as_track(truth.time_ns, relative(truth))})])
    judged = np.isfinite(on.truth).all(axis=1)
    after = truth.time_ns > CALIBRATED_NS
    assert judged.sum() == after.sum()
    np.testing.assert_allclose(on.truth[judged][:, OTHERS], relative(truth)[after][:, OTHERS])
    np.testing.assert_allclose(
        on.answer("same").sent[judged][:, OTHERS], on.truth[judged][:, OTHERS]
    )
    assert on.seconds == pytest.approx(30.0, abs=0.1)
    assert on.parts[0][1] == pytest.approx(30.0)


def test_sensed_gaze_is_a_direction_and_not_relative_to_rest() -> None:
    truth = moving(1)
    track = {"same": as_track(truth.time_ns, truth.arkit)}
    assert (rest(take("a", truth, track))[LOOKS] == 0.0).all()
    assert (rest(take("a", truth, track, rig="mouth"))[LOOKS] != 0.0).all()


def test_a_track_of_another_rate_is_read_between_its_frames() -> None:
    truth = moving(1)
    fast_ns = np.arange(0, int(truth.time_ns[-1]), NS_PER_S // 90)
    ramp = np.repeat((fast_ns / NS_PER_S)[:, None], len(ARKIT), axis=1)
    on = ground([take("a", truth, {"ramp": as_track(fast_ns, ramp)})])
    judged = np.isfinite(on.truth).all(axis=1)
    expected = truth.time_ns[(truth.time_ns > CALIBRATED_NS) & (truth.time_ns <= fast_ns[-1])]
    np.testing.assert_allclose(on.answer("ramp").sent[judged][:, JAW], expected / NS_PER_S)


def test_every_track_stands_on_the_same_frames() -> None:
    truth = moving(1)
    whole = as_track(truth.time_ns, relative(truth))
    kept = (truth.time_ns < 20 * NS_PER_S) | (truth.time_ns > 25 * NS_PER_S)
    holed = as_track(truth.time_ns[kept], relative(truth)[kept])
    on = ground([take("a", truth, {"whole": whole, "holed": holed})])
    assert on.seconds == pytest.approx(25.0, abs=0.2)  # the hole is bridged for nobody
    for track in ("whole", "holed"):
        np.testing.assert_array_equal(np.isfinite(on.answer(track).sent), np.isfinite(on.truth))


def test_a_running_track_that_gives_nothing_is_judged_as_rest() -> None:
    truth = moving(1)
    arkit = relative(truth)
    arkit[:, BROW] = np.nan
    on = ground([take("a", truth, {"silent": as_track(truth.time_ns, arkit)})])
    answer, judged = on.answer("silent"), np.isfinite(on.truth[:, BROW])
    assert (answer.sent[judged, BROW] == 0.0).all()
    assert (answer.absent[judged, BROW] == 1.0).all()
    assert (answer.absent[judged, JAW] == 0.0).all()


def test_a_hole_in_truth_stays_a_hole() -> None:
    truth = moving(1)
    kept = (truth.time_ns < 20 * NS_PER_S) | (truth.time_ns > 24 * NS_PER_S)
    holed = Truth(time_ns=truth.time_ns[kept], arkit=truth.arkit[kept])
    on = ground([take("a", holed, {"same": as_track(truth.time_ns, relative(truth))})])
    missing = np.isnan(on.truth[: on.parts[0][0].stop - 1]).all(axis=1)
    assert missing.sum() == pytest.approx(4 * 30, abs=2)
    assert (np.diff(on.time_ns[:-1]) < 1.5 * NS_PER_S / 30).all()
    assert on.seconds == pytest.approx(26.0, abs=0.2)


def test_takes_of_a_person_stand_in_a_row_each_with_its_rest() -> None:
    first, second = moving(1), moving(2, rate_hz=60.0, seconds=30.0)
    on = ground([take("a", t, {"same": as_track(t.time_ns, relative(t))}) for t in (first, second)])
    assert [round(hz) for _, hz in on.parts] == [30, 60]
    assert (np.diff(on.time_ns) > 0).all()
    assert on.seconds == pytest.approx(30.0 + 20.0, abs=0.2)
    judged = np.isfinite(on.truth[:, BROW])
    np.testing.assert_allclose(on.answer("same").sent[judged, BROW], on.truth[judged, BROW])
    assert np.isnan(on.truth[on.parts[0][0].stop - 1]).all()


def test_channels_a_capture_never_saw_are_not_judged() -> None:
    truth = moving(1)
    arkit = truth.arkit.copy()
    arkit[:, BROW] = np.nan
    on = ground([take("a", replace(truth, arkit=arkit), {"x": as_track(truth.time_ns, arkit)})])
    assert np.isnan(on.truth[:, BROW]).all()
    assert np.isfinite(on.truth[:, JAW]).any()


def test_hold_is_the_true_face_of_each_windows_start() -> None:
    truth = moving(1)
    on = ground([take("a", truth, {"same": as_track(truth.time_ns, relative(truth))})])
    held = on.answer(HOLD).sent
    for start in (0, HOLD_FRAMES, 2 * HOLD_FRAMES):
        window = held[start : start + HOLD_FRAMES, JAW]
        assert (window == on.truth[start, JAW]).all()


def test_takes_that_cannot_be_judged_are_refused() -> None:
    truth = moving(1)
    track = as_track(truth.time_ns, relative(truth))
    good = take("a", truth, {"m": track})
    late = as_track(truth.time_ns + 100 * NS_PER_S, relative(truth))
    for bad, says in [
        (replace(good, person=""), "--person"),
        (replace(good, calibrated_until_ns=-1), "no rest"),
        (replace(good, calibrated_until_ns=int(truth.time_ns[-1])), "no frame to judge"),
        (replace(good, trained_on={}), "m: not said whom"),
        (take("a", truth, {"m": late}), "no frame to judge"),
        (take("a", truth, {HOLD: track}), "leave that track out"),
    ]:
        with pytest.raises(RecordingError, match=says):
            ground([bad])
    with pytest.raises(RecordingError, match="give every take the same"):
        ground([good, take("a", truth, {"other": track})])

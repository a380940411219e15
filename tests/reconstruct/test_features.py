from __future__ import annotations

import numpy as np
import pytest

from unvisor.calibration.fit import fit
from unvisor.headset.expressions import gaze_from_angles, unified_from_arkit
from unvisor.headset.frame import EyeSample, FaceSample, Origin, SensorFrame
from unvisor.headset.names import ARKIT, ARKIT_INDEX, HIDDEN_14, MOUTH_28, UNIFIED, UNIFIED_INDEX
from unvisor.reconstruct.features import Features

from .faces import sensed

MOUTH = [ARKIT_INDEX[name] for name in MOUTH_28]
LIDS = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
FACE = [k for k, name in enumerate(ARKIT) if not name.startswith(("eyeBlink", "eyeLook"))]


def face(weights: np.ndarray, time_ns: int = 0, source: str = "mouth") -> FaceSample:
    seen = np.isfinite(weights)
    return FaceSample(
        time_ns=time_ns,
        received_ns=time_ns,
        source=source,
        weights=weights,
        confidence=np.where(seen, 1.0, 0.0),
        origin=np.where(seen, Origin.MEASURED, Origin.ABSENT).astype(np.uint8),
    )


def eyes(yaw_rad: float, pitch_rad: float, openness: float, time_ns: int = 0) -> EyeSample:
    gaze = gaze_from_angles(np.full(2, yaw_rad), np.full(2, pitch_rad))
    return EyeSample(
        time_ns=time_ns,
        received_ns=time_ns,
        gaze=gaze,
        openness=np.full(2, openness),
        pupil_mm=np.full(2, np.nan),
        confidence=np.ones(2),
    )


def test_exact_sensors_give_back_the_visible_truth() -> None:
    recording = sensed()
    truth = recording.truth
    assert truth is not None
    features = Features(None)
    hidden = [ARKIT_INDEX[name] for name in HIDDEN_14]
    visible = [i for i in range(len(ARKIT)) if i not in hidden]
    for row, frame in zip(truth.arkit, recording.frames(), strict=True):
        seen = features.observe(frame)
        np.testing.assert_allclose(seen.observed[visible], row[visible], atol=1e-6)
        assert seen.mask[visible].all()
        assert not seen.mask[hidden].any()
        assert not seen.observed[hidden].any()


def test_a_face_at_its_own_rest_is_zero() -> None:
    profile = fit(sensed().first(20).frames())
    weights = np.where(np.isfinite(profile.rest), profile.rest, np.nan)
    sample = EyeSample(
        time_ns=0,
        received_ns=0,
        gaze=gaze_from_angles(profile.gaze_rest_rad[:, 0], profile.gaze_rest_rad[:, 1]),
        openness=profile.openness_rest,
        pupil_mm=np.full(2, np.nan),
        confidence=np.ones(2),
    )
    seen = Features(profile).observe(SensorFrame(time_ns=0, faces=(face(weights),), eyes=sample))
    np.testing.assert_allclose(seen.observed, 0.0, atol=1e-9)


def test_a_second_source_fills_what_the_first_does_not_see() -> None:
    first, second = np.full((2, len(UNIFIED)), np.nan)
    first[UNIFIED_INDEX["JawOpen"]] = 0.3
    second[UNIFIED_INDEX["JawOpen"]] = 0.9
    second[UNIFIED_INDEX["CheekPuffLeft"]] = 0.5
    frame = SensorFrame(time_ns=0, faces=(face(first), face(second, source="other")))
    seen = Features(None).observe(frame)
    assert seen.observed[ARKIT_INDEX["jawOpen"]] == pytest.approx(0.3)
    assert seen.observed[ARKIT_INDEX["cheekPuff"]] == pytest.approx(0.5)
    assert seen.mask.sum() == 2


def test_nothing_latches_when_a_sensor_goes() -> None:
    features = Features(None)
    weights = unified_from_arkit(np.full(len(ARKIT), 0.4))
    features.observe(SensorFrame(time_ns=0, faces=(face(weights),), eyes=eyes(0.1, 0.1, 0.5)))
    seen = features.observe(SensorFrame(time_ns=1))
    assert not seen.mask.any()
    assert not seen.observed.any()
    for row in (seen.weights, seen.gaze, seen.openness):
        assert np.isnan(row).all()


def test_tables_of_what_is_seen_follow_every_change() -> None:
    """Whatever was seen before, a frame's features are those of features that saw nothing before."""
    whole, part = np.full((2, len(UNIFIED)), np.nan)
    whole[:] = unified_from_arkit(np.linspace(0.1, 0.6, len(ARKIT)))
    part[UNIFIED_INDEX["JawOpen"]] = 0.3
    lost = eyes(0.2, -0.1, 0.8)
    lost.gaze[0], lost.openness[1] = np.nan, np.inf
    frames = [
        SensorFrame(time_ns=20_000_000, faces=faces, eyes=sample)
        for faces in ((face(whole),), (face(part),), (face(part), face(whole, 10_000_000)), ())
        for sample in (eyes(0.1, 0.1, 0.5), lost, None)
    ]
    used = Features(None)
    for frame in [*frames, *frames[::-1], *frames[::5]]:
        seen, fresh = used.observe(frame), Features(None).observe(frame)
        for name in seen.__slots__:
            np.testing.assert_array_equal(getattr(seen, name), getattr(fresh, name), err_msg=name)
        np.testing.assert_array_equal(seen.sensed, np.isfinite(seen.measured))
        assert seen.oldest_s == seen.age_s.max()
        assert seen.face_age_s == seen.age_s[FACE].max()
        assert seen.lids_age_s == seen.age_s[LIDS].max()
        assert np.isfinite(seen.rows).all()


def test_age_is_the_oldest_samples_and_never_negative() -> None:
    weights = unified_from_arkit(np.zeros(len(ARKIT)))
    frame = SensorFrame(
        time_ns=30_000_000, faces=(face(weights),), eyes=eyes(0.0, 0.0, 1.0, 40_000_000)
    )
    seen = Features(None).observe(frame)
    assert seen.age_s[ARKIT_INDEX["jawOpen"]] == pytest.approx(0.03)
    assert seen.age_s[ARKIT_INDEX["eyeBlinkLeft"]] == 0.0


def test_one_lost_eye_is_missing_not_shut() -> None:
    sample = eyes(0.2, 0.0, 0.8)
    sample.gaze[1] = np.nan
    sample.openness[1] = np.nan
    seen = Features(None).observe(SensorFrame(time_ns=0, eyes=sample))
    assert seen.mask[ARKIT_INDEX["eyeBlinkLeft"]] == 1.0
    assert seen.mask[ARKIT_INDEX["eyeBlinkRight"]] == 0.0
    assert seen.mask[ARKIT_INDEX["eyeLookOutRight"]] == 0.0
    assert seen.observed[ARKIT_INDEX["eyeLookInLeft"]] > 0.0  # to the wearer's right

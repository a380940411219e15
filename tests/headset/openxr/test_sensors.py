"""All sensors of a session together: what is missing, refused, lost, or played from a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unvisor.headset.frame import FaceSample, HeadSample, WornSample
from unvisor.headset.vendor_maps import from_fb2

from .conftest import RunXr
from .sensing import sensing

pytestmark = pytest.mark.openxr


def worn_and_not() -> dict[str, Any]:
    with sensing("presence") as (layer, sensors, step):
        said: list[bool | None] = []
        for worn in (True, False, False, True):
            layer.reported.worn = worn
            sample = step().get("WornSample")
            assert sample is None or isinstance(sample, WornSample)
            said.append(None if sample is None else sample.worn)
        return {"said": said, "senses": sensors.senses}


def test_put_on_and_taken_off(run_xr: RunXr) -> None:
    told = run_xr(worn_and_not)
    assert told == {"said": [True, False, None, True], "senses": "head worn"}


def surprised() -> list[str]:
    import struct

    import xr

    with sensing() as (layer, _, step):
        changed = xr.StructureType.EVENT_DATA_SESSION_STATE_CHANGED.value
        layer.reported.events += [
            struct.pack("iPPiq", kind, 0, 0, state, 0)
            for kind, state in ((0x7FFFFFF0, 0), (changed, 4242))
        ]
        return sorted(step())


def test_events_and_states_newer_than_we_are_change_nothing(run_xr: RunXr) -> None:
    assert run_xr(surprised) == ["HeadSample"]


def nothing_supported() -> dict[str, Any]:
    with sensing() as (layer, sensors, step):
        return {"notes": sensors.notes, "kinds": sorted(step()), "complaints": layer.complaints}


def test_what_is_listed_but_unsupported_is_left_alone_and_named(run_xr: RunXr) -> None:
    told = run_xr(nothing_supported)
    assert told["complaints"] == []
    assert told["kinds"] == ["HeadSample"]
    listed = "the runtime lists it, but"
    assert told["notes"] == [
        f"XR_EXT_eye_gaze_interaction: {listed} supportsEyeGazeInteraction is false",
        f"XR_EXT_user_presence: {listed} supportsUserPresence is false",
        f"XR_FB_eye_tracking_social: {listed} supportsEyeTracking is false",
        f"XR_FB_face_tracking2: {listed} supportsVisualFaceTracking is false",
        f"XR_FB_face_tracking2: {listed} supportsAudioFaceTracking is false",
        f"XR_HTC_facial_tracking: {listed} supportEyeFacialTracking is false",
        f"XR_HTC_facial_tracking: {listed} supportLipFacialTracking is false",
        f"XR_META_face_tracking_visemes: {listed} supportsVisemes is false",
    ]


def failing(fail: dict[str, str]) -> dict[str, Any]:
    with sensing("face", "eyes", fail=fail) as (layer, sensors, step):
        first = sorted(step())
        trouble = sensors.trouble
        layer.fail = {}
        layer.reported.face[:] = 0.5
        return {
            "first": first,
            "then": sorted(step()),
            "notes": list(sensors.notes),
            "trouble": [trouble, sensors.trouble],
            "dropped": sensors.dropped,
        }


def test_a_tracker_that_is_refused_costs_no_other(run_xr: RunXr) -> None:
    told = run_xr(failing, fail={"xrCreateFaceTracker2FB": "ERROR_FEATURE_UNSUPPORTED"})
    assert told["first"] == ["EyeSample", "HeadSample"]
    assert "XR_FB_face_tracking2: supported, but OpenXR: xrCreateFaceTracker2FB says" in str(
        told["notes"]
    )


def test_a_reading_that_fails_is_missing_until_it_succeeds(run_xr: RunXr) -> None:
    told = run_xr(failing, fail={"xrGetEyeGazesFB": "ERROR_RUNTIME_FAILURE"})
    assert told["trouble"][0].startswith("OpenXR: xrGetEyeGazesFB says ERROR_RUNTIME_FAILURE")
    assert told["trouble"][1] == ""
    assert told["dropped"] == 1
    assert told["then"] == ["EyeSample", "FaceSample", "HeadSample"]


def lost_while_read() -> bool:
    import xr

    from unvisor.headset.sensors.openxr.loader import OpenXrError

    with sensing("face") as (layer, _, step):
        layer.fail = {"xrGetFaceExpressionWeights2FB": xr.Result.ERROR_SESSION_LOST}
        try:
            step()
        except OpenXrError as error:
            return error.gone
    return False


def test_a_lost_session_is_not_a_readings_failure(run_xr: RunXr) -> None:
    assert run_xr(lost_while_read)


def recorded(seconds: float) -> dict[str, Any]:
    import time

    from .layer_reported import Recording

    counts: dict[str, int] = {}
    with sensing("face", "eyes", "visemes") as (layer, sensors, step):
        recording = Recording.moving(seconds=seconds)
        layer.reported.recording = recording
        times_ns: list[int] = []
        wrong = 0
        while layer.reported.started_ns is None or "face" in layer.reported.tracked:
            for name, sample in step().items():
                counts[name] = counts.get(name, 0) + 1
                if isinstance(sample, FaceSample):
                    times_ns.append(sample.time_ns)
                    row = from_fb2(layer.reported.face.astype(np.float32).astype(np.float64))
                    known = np.where(sample.confidence > 0.0, row.weights, np.nan)
                    wrong += not np.allclose(known, sample.weights, equal_nan=True)
                assert not isinstance(sample, HeadSample) or np.isfinite(sample.position_m).all()
            time.sleep(0.003)
        return {
            "counts": counts,
            "rows": len(recording.time_ns),
            "wrong": wrong,
            "steps_ns": np.diff(times_ns).tolist(),
            "complaints": layer.complaints,
            "dropped": sensors.dropped,
        }


def test_a_recording_is_read_once_a_row_on_its_own_times(run_xr: RunXr) -> None:
    told = run_xr(recorded, seconds=1.5)
    assert told["complaints"] == []
    assert told["wrong"] == told["dropped"] == 0
    # Asked far more often than there are rows: a row seen twice is given once.
    assert 20 < told["counts"]["FaceSample"] <= told["rows"]
    assert told["counts"]["SpeechSample"] == told["counts"]["FaceSample"]
    assert told["counts"]["HeadSample"] > told["counts"]["FaceSample"]
    period_ns = 1e9 / 72
    for step_ns in told["steps_ns"]:
        assert abs(step_ns / period_ns - round(step_ns / period_ns)) < 0.01

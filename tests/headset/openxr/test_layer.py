# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""The layer that stands in for a headset: it says what it is told to, and refuses a wrong reader."""

from __future__ import annotations

from ctypes import POINTER, byref, c_float, c_void_p, cast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import RunXr
from .layer_client import EYES, FACE, GAZE, HTC, PRESENCE, VISEMES, Client
from .layer_reported import Recording, Reported

pytestmark = pytest.mark.openxr


def listed(parts: list[str]) -> list[str]:
    import xr

    from .layer import PARTS, Layer

    with Layer(Reported(), [part for part in PARTS if part.extension in parts]):
        found = xr.enumerate_instance_extension_properties()
        return [extension.extension_name.decode() for extension in found]


@pytest.mark.parametrize("parts", [[FACE, VISEMES, EYES, HTC, PRESENCE], [HTC]])
def test_the_layers_extensions_are_listed_by_the_loader(run_xr: RunXr, parts: list[str]) -> None:
    found = run_xr(listed, parts=parts)
    assert {FACE, VISEMES, EYES, HTC, PRESENCE} & set(found) == set(parts)
    assert "XR_MND_headless" in found


def faces(path: str) -> dict[str, Any]:
    from .layer import Layer

    reported = Reported(recording=Recording.load(Path(path)))
    with Layer(reported) as layer:
        client = Client(FACE, VISEMES)
        made, tracker = client.create("FaceTracker2FB")
        start = layer.now()
        recorded = [client.face(tracker, time=start + after) for after in (0, 15_000_000)]
        gone = client.face(tracker, time=start + 10**10)
        reported.recording = None
        reported.tracked.add("face")
        reported.face = np.zeros(70)
        reported.face[client.xr.FaceExpression2FB.JAW_DROP] = 0.75
        reported.audio_only = True
        set_by_hand = client.face(tracker, time=start)
        client.close()
        return {
            "made": made,
            "start": start,
            "recorded": recorded,
            "gone": gone,
            "by hand": set_by_hand,
            "jaw": client.xr.FaceExpression2FB.JAW_DROP.value,
            "complaints": layer.complaints,
        }


def test_a_face_is_played_from_a_recording_and_set_by_hand(run_xr: RunXr, tmp_path: Path) -> None:
    recording = Recording.moving(seconds=1.0, rate_hz=100.0)
    recording.save(tmp_path / "moving.npz")
    seen = run_xr(faces, path=str(tmp_path / "moving.npz"))
    assert seen["made"] == "SUCCESS"
    assert seen["complaints"] == []
    for row, one in enumerate(seen["recorded"]):
        assert one["result"] == "SUCCESS"
        assert one["valid"]
        assert not one["audio"]
        assert one["time"] == seen["start"] + recording.time_ns[row]
        for name in ("weights", "confidences", "visemes"):
            played = recording.rows[
                {"weights": "face", "confidences": "face_confidence"}.get(name, name)
            ]
            np.testing.assert_allclose(one[name], played[row], atol=1e-6)
    assert (seen["gone"]["result"], seen["gone"]["valid"]) == ("SUCCESS", False)
    by_hand = seen["by hand"]
    assert by_hand["audio"]
    assert {i: weight for i, weight in enumerate(by_hand["weights"]) if weight} == {
        seen["jaw"]: 0.75
    }


def wears() -> list[bool]:
    from .layer import Layer

    reported = Reported(worn=False)
    with Layer(reported):
        client = Client(PRESENCE)
        for worn in (True, False):
            client.poll()
            reported.worn = worn
        client.poll()
        client.close()
        return client.present


def test_putting_the_headset_on_and_off_is_an_event_each(run_xr: RunXr) -> None:
    assert run_xr(wears) == [False, True, False]


def htc(*, room: int) -> dict[str, Any]:
    import xr

    from .layer import Layer

    reported = Reported()
    reported.htc_lip = np.arange(37) / 64
    with Layer(reported) as layer:
        client = Client(HTC, begin=False)
        lip = xr.FacialTrackingTypeHTC.LIP_DEFAULT
        made, tracker = client.create("FacialTrackerHTC", facial_tracking_type=lip)
        while not client.begun:
            client.poll()
        late, _ = client.create("FacialTrackerHTC", facial_tracking_type=lip)
        weights = (c_float * 37)()
        out = xr.FacialExpressionsHTC()
        out.expression_count = room
        out._expression_weightings = cast(weights, POINTER(c_float))
        read = client.function("xrGetFacialExpressionsHTC")
        result = xr.Result(read(tracker, byref(out))).name
        destroyed = xr.Result(client.function("xrDestroyFacialTrackerHTC")(tracker)).name
        client.close()
        return {
            "made": [made, late],
            "destroyed": destroyed,
            "result": result,
            "weights": list(weights),
            "active": bool(out.is_active),
            "complaints": layer.complaints,
        }


def test_htc_trackers_are_made_before_the_session_begins_and_end_with_it(run_xr: RunXr) -> None:
    seen = run_xr(htc, room=37)
    assert seen["made"] == ["SUCCESS", "ERROR_CALL_ORDER_INVALID"]
    assert (seen["result"], seen["active"]) == ("SUCCESS", True)
    assert seen["weights"] == [i / 64 for i in range(37)]
    assert seen["destroyed"] == "ERROR_RUNTIME_FAILURE"
    assert seen["complaints"] == [
        "xrCreateFacialTrackerHTC: created after the session began",
        "xrDestroyFacialTrackerHTC: destroyed, which crashes HTC's runtime",
    ]


def test_htc_expressions_need_room(run_xr: RunXr) -> None:
    seen = run_xr(htc, room=36)
    assert seen["result"] == "ERROR_SIZE_INSUFFICIENT"
    assert seen["weights"] == [0.0] * 37


def refusals() -> dict[str, str]:
    import xr

    from .layer import Layer

    reported = Reported()
    with Layer(reported) as layer:
        client = Client(FACE)
        _, tracker = client.create("FaceTracker2FB")
        told = {"too little room": client.face(tracker, time=layer.now(), room=69)["result"]}
        told["visemes not enabled"] = client.face(tracker, time=layer.now())["result"]
        told["no time"] = client.face(tracker, time=0)["result"]
        nowhere = cast(c_void_p(0x77), xr.FaceTracker2FB)
        told["no such tracker"] = client.face(nowhere, time=layer.now())["result"]
        audio = xr.FaceTrackingDataSource2FB.AUDIO
        twice = client.create("FaceTracker2FB", requested_data_sources=[audio, audio])
        told["a source twice"] = twice[0]
        untyped = client.create("FaceTracker2FB", type=xr.StructureType.UNKNOWN)
        told["no type"] = untyped[0]
        reported.supports.discard("audio face")
        without = client.create("FaceTracker2FB", requested_data_sources=[audio])
        told["a source it lacks"] = without[0]
        try:
            client.function("xrCreateEyeTrackerFB")
        except xr.exception.FunctionUnsupportedError:
            told["an extension not enabled"] = "ERROR_FUNCTION_UNSUPPORTED"
        xr.destroy_session(client.session)
        told["after its session"] = client.face(tracker, time=1)["result"]
        xr.destroy_instance(client.instance)
        told["complaints"] = str(len(layer.complaints))
        return told


def test_what_the_standard_forbids_is_refused(run_xr: RunXr) -> None:
    assert run_xr(refusals) == {
        "too little room": "ERROR_VALIDATION_FAILURE",
        "visemes not enabled": "ERROR_VALIDATION_FAILURE",
        "no time": "ERROR_TIME_INVALID",
        "no such tracker": "ERROR_HANDLE_INVALID",
        "a source twice": "ERROR_VALIDATION_FAILURE",
        "no type": "ERROR_VALIDATION_FAILURE",
        "a source it lacks": "ERROR_FEATURE_UNSUPPORTED",
        "an extension not enabled": "ERROR_FUNCTION_UNSUPPORTED",
        "after its session": "ERROR_HANDLE_INVALID",
        "complaints": "9",
    }


def system() -> dict[str, bool]:
    import xr
    from xr import raw_functions

    from .layer import Layer

    reported = Reported(supports={"audio face", "htc lip"})
    with Layer(reported):
        client = Client(FACE, EYES, HTC, GAZE, PRESENCE, VISEMES)
        presence = xr.SystemUserPresencePropertiesEXT()
        visemes = xr.SystemFaceTrackingVisemesPropertiesMETA(next=presence)
        gaze = xr.SystemEyeGazeInteractionPropertiesEXT(next=visemes)
        lips = xr.SystemFacialTrackingPropertiesHTC(next=gaze)
        eyes = xr.SystemEyeTrackingPropertiesFB(next=lips)
        face = xr.SystemFaceTrackingProperties2FB(next=eyes)
        properties = xr.SystemProperties(next=face)
        raw_functions.xrGetSystemProperties(client.instance, client.system, byref(properties))
        client.close()
        return {
            "face": bool(face.supports_visual_face_tracking),
            "audio face": bool(face.supports_audio_face_tracking),
            "visemes": bool(visemes.supports_visemes),
            "eyes": bool(eyes.supports_eye_tracking),
            "gaze": bool(gaze.supports_eye_gaze_interaction),
            "htc eye": bool(lips.support_eye_facial_tracking),
            "htc lip": bool(lips.support_lip_facial_tracking),
            "presence": bool(presence.supports_user_presence),
        }


def test_the_system_says_what_it_has(run_xr: RunXr) -> None:
    said = run_xr(system)
    assert {name for name, has in said.items() if has} == {"audio face", "htc lip"}

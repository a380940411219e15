"""A session without graphics on a real runtime, through the real loader."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import RunXr

pytestmark = pytest.mark.openxr


def sampled(count: int) -> dict[str, Any]:
    import time

    import numpy as np

    from unvisor.headset.clock import now_ns
    from unvisor.headset.frame import HeadSample
    from unvisor.headset.sensors.openxr.instance import Instance
    from unvisor.headset.sensors.openxr.sensors import SENSOR_EXTENSIONS, Sensors
    from unvisor.headset.sensors.openxr.session import REQUIRED, Session

    with Instance(SENSOR_EXTENSIONS, required=REQUIRED) as instance, Session(instance) as session:
        sensors = Sensors(session)
        states, heads, late_ns = [session.poll().name], list[HeadSample](), list[int]()
        while len(heads) < count:
            if (state := session.poll().name) != states[-1]:
                states.append(state)
            if session.running:
                before_ns = now_ns()
                for sample in sensors.sample(session.now()):
                    assert isinstance(sample, HeadSample)
                    heads.append(sample)
                    late_ns.append(sample.time_ns - before_ns)
            time.sleep(0.002)
        quaternions = np.array([head.orientation_xyzw for head in heads])
        return {
            "runtime": instance.runtime,
            "extensions": sorted(instance.extensions),
            "supports": sorted(instance.supports),
            "notes": sensors.notes,
            "senses": sensors.senses,
            "state": states[-1],
            "offset_ns": session.offset.offset_ns,
            "error_ns": session.offset.error_ns,
            "dropped": sensors.dropped,
            "times_ns": [head.time_ns for head in heads],
            "late_ns": late_ns,
            "length": np.linalg.norm(quaternions, axis=1).tolist(),
            "positions_m": len({tuple(head.position_m) for head in heads}),
        }


def test_a_headless_session_gives_the_head(run_xr: RunXr) -> None:
    seen = run_xr(sampled, count=320)
    assert seen["state"] == "FOCUSED"
    assert seen["senses"] == "head"
    assert seen["dropped"] == 0
    assert len(seen["times_ns"]) >= 320
    assert seen["times_ns"] == sorted(seen["times_ns"])
    assert seen["length"] == pytest.approx(len(seen["length"]) * [1.0], abs=1e-3)
    assert seen["positions_m"] > 100  # the simulated headset wobbles
    # The clocks differ by far more than they are wrong by: XrTime begins elsewhere.
    assert abs(seen["offset_ns"]) > 1000 * seen["error_ns"]
    assert min(seen["late_ns"]) >= -seen["error_ns"]
    # It enables what is listed, and says which property said no.
    assert seen["extensions"] == [
        "XR_EXT_eye_gaze_interaction",
        "XR_KHR_convert_timespec_time",
        "XR_MND_headless",
    ]
    assert seen["supports"] == []
    assert seen["notes"] == [
        "XR_EXT_eye_gaze_interaction: the runtime lists it, but supportsEyeGazeInteraction is false"
    ]


def asked_to_leave() -> dict[str, Any]:
    import time

    from unvisor.headset.sensors.openxr.instance import Instance
    from unvisor.headset.sensors.openxr.session import REQUIRED, Session, State

    with Instance((), required=REQUIRED) as instance, Session(instance) as session:
        while session.poll() is not State.FOCUSED:
            time.sleep(0.005)
        ran = session.running
        instance.call("xrRequestExitSession", session.handle)
        while session.poll() is not State.EXITING:
            time.sleep(0.005)
        return {"ran": ran, "runs": session.running}


def test_a_session_that_is_closed_ends_in_order(run_xr: RunXr) -> None:
    assert run_xr(asked_to_leave) == {"ran": True, "runs": False}


def converted_both_ways() -> list[int]:
    import ctypes

    from unvisor.headset.clock import now_ns
    from unvisor.headset.sensors.openxr.instance import Instance
    from unvisor.headset.sensors.openxr.session import REQUIRED, Session

    with Instance((), required=REQUIRED) as instance, Session(instance) as session:
        back = instance.xr.timespec()
        at_ns = now_ns()
        convert = "xrConvertTimeToTimespecTimeKHR"
        instance.call(convert, instance.handle, session.offset.theirs(at_ns), ctypes.byref(back))
        return [at_ns, back.tv_sec * 10**9 + back.tv_nsec, session.offset.error_ns]


def test_the_offset_agrees_with_the_runtime_the_other_way_round(run_xr: RunXr) -> None:
    at_ns, back_ns, error_ns = run_xr(converted_both_ways)  # our clock is CLOCK_MONOTONIC here
    assert abs(back_ns - at_ns) <= 2 * error_ns


def refused(required: list[str]) -> str:
    from unvisor.headset.errors import HeadsetError
    from unvisor.headset.sensors.openxr.instance import Instance

    try:
        Instance((), required=required)
    except HeadsetError as error:
        return str(error)
    return ""


def test_what_is_not_there_is_said_before_anything_is_opened(run_xr: RunXr) -> None:
    said = run_xr(refused, required=["XR_VENDOR_mind_reading", "XR_MND_headless"])
    assert said == "OpenXR: the runtime has no XR_VENDOR_mind_reading: use another runtime"


def test_no_runtime_is_one_line(run_xr: RunXr) -> None:
    said = run_xr(refused, required=[], environment={"XR_RUNTIME_JSON": "/nowhere.json"})
    assert said.startswith("OpenXR: xrEnumerateInstanceExtensionProperties says ERROR_")


def opengl_beside() -> list[str]:
    import sys

    from unvisor.headset.sensors.openxr.loader import openxr

    xr = openxr()
    loaded = [name for name in sys.modules if name.split(".")[0] == "OpenGL"]
    assert openxr() is xr
    return [*loaded, xr.SpaceLocation.__name__]


def test_pyopenxr_is_imported_without_touching_pyopengl(run_xr: RunXr) -> None:
    assert run_xr(opengl_beside, alone=True) == ["SpaceLocation"]


def opengl_before() -> bool:
    import os

    os.environ["PYOPENGL_PLATFORM"] = "egl"
    import OpenGL.platform

    before = OpenGL.platform.PLATFORM
    from unvisor.headset.sensors.openxr.loader import openxr

    openxr()
    import OpenGL.platform as after

    return after.PLATFORM is before and type(before).__name__ == "EGLPlatform"


def test_a_context_by_egl_keeps_its_platform(run_xr: RunXr) -> None:
    assert run_xr(opengl_before, alone=True)

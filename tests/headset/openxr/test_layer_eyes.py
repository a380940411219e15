# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""The gazes of the layer that stands in for a headset."""

from __future__ import annotations

import time
from ctypes import byref
from typing import Any

import numpy as np
import pytest

from .conftest import RunXr
from .layer_client import EYES, GAZE, Client
from .layer_reported import Reported

pytestmark = pytest.mark.openxr


def gazes() -> dict[str, Any]:
    import xr

    from .layer import Layer

    half = np.sqrt(0.5)
    reported = Reported()
    reported.gaze_xyzw = np.array([[0, half, 0, half], [0, -half, 0, half]])
    reported.combined_xyzw = np.array([half, 0, 0, half])
    with Layer(reported) as layer:
        client = Client(EYES, GAZE, begin=False)
        actions = xr.create_action_set(
            client.instance,
            xr.ActionSetCreateInfo(action_set_name="gaze", localized_action_set_name="gaze"),
        )
        action = xr.create_action(
            actions,
            xr.ActionCreateInfo(
                action_name="eyes",
                action_type=xr.ActionType.POSE_INPUT,
                localized_action_name="eyes",
            ),
        )
        profile = xr.string_to_path(
            client.instance, "/interaction_profiles/ext/eye_gaze_interaction"
        )
        pose = xr.string_to_path(client.instance, "/user/eyes_ext/input/gaze_ext/pose")
        xr.suggest_interaction_profile_bindings(
            client.instance,
            xr.InteractionProfileSuggestedBinding(
                profile, suggested_bindings=[xr.ActionSuggestedBinding(action, pose)]
            ),
        )
        xr.attach_session_action_sets(
            client.session, xr.SessionActionSetsAttachInfo(action_sets=[actions])
        )
        space = xr.create_action_space(client.session, xr.ActionSpaceCreateInfo(action))
        view = xr.create_reference_space(
            client.session, xr.ReferenceSpaceCreateInfo(xr.ReferenceSpaceType.VIEW)
        )
        _, tracker = client.create("EyeTrackerFB")
        while not client.begun:
            client.poll()

        def active() -> bool:
            state = xr.get_action_state_pose(client.session, xr.ActionStateGetInfo(action))
            return bool(state.is_active)

        before = active()
        sync = xr.ActionsSyncInfo(active_action_sets=[xr.ActiveActionSet(actions)])
        for _ in range(100):  # it is not focused at once
            client.poll()
            xr.sync_actions(client.session, sync)
            if active():
                break
            time.sleep(0.01)
        after = active()
        located = xr.locate_space(space, view, layer.now()).pose.orientation
        out = xr.EyeGazesFB()
        asked = xr.EyeGazesInfoFB(base_space=view, time=layer.now())
        read = client.function("xrGetEyeGazesFB")
        result = xr.Result(read(tracker, byref(asked), byref(out))).name
        reported.tracked.clear()
        lost = active()
        client.close()
        return {
            "result": result,
            "active": [before, after, lost],
            "combined": [located.x, located.y, located.z, located.w],
            "eyes": [list(gaze.gaze_pose.orientation) for gaze in out.gaze],
            "places": [list(gaze.gaze_pose.position) for gaze in out.gaze],
            "complaints": layer.complaints,
        }


def test_a_gaze_is_read_both_ways(run_xr: RunXr) -> None:
    half = np.sqrt(0.5)
    seen = run_xr(gazes)
    assert seen["complaints"] == []
    assert seen["result"] == "SUCCESS"
    assert seen["active"] == [False, True, False]
    np.testing.assert_allclose(seen["combined"], [half, 0, 0, half], atol=1e-5)
    np.testing.assert_allclose(seen["eyes"], [[0, half, 0, half], [0, -half, 0, half]], atol=1e-5)
    np.testing.assert_allclose(seen["places"], [[-0.032, 0, 0], [0.032, 0, 0]], atol=1e-5)

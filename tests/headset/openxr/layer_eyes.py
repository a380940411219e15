# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""The two ways to read a gaze, of the test layer."""

from __future__ import annotations

from ctypes import byref, c_uint32, c_uint64, create_string_buffer
from typing import Any

import xr

from .layer_ground import Ground
from .layer_part import Function, Part, chain, require, require_type, value
from .layer_reported import Reported

KIND = xr.StructureType
VALID = 3  # XR_SPACE_LOCATION_ORIENTATION_VALID_BIT | …POSITION_VALID_BIT
TRACKED = 12  # …_TRACKED_BIT of both
EYE_X_M = (-0.032, 0.032)
Numbers = tuple[float, ...]


def times(left: Numbers, right: Numbers) -> Numbers:
    """Return the product of two quaternions, xyzw."""
    ax, ay, az, aw = left
    bx, by, bz, bw = right
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def turn_in_head(pose: Any, turn_xyzw: Any, right_m: float = 0.0) -> None:
    """Change a head's pose into one of something in it: so far to its right, then turned."""
    q, p = pose.orientation, pose.position
    head = (q.x, q.y, q.z, q.w)
    shift = times(times(head, (right_m, 0.0, 0.0, 0.0)), (-q.x, -q.y, -q.z, q.w))
    q.x, q.y, q.z, q.w = times(head, tuple(map(float, turn_xyzw)))
    p.x, p.y, p.z = p.x + shift[0], p.y + shift[1], p.z + shift[2]


class EyesPart(Part):
    """XR_FB_eye_tracking_social: a pose of each eye, in whatever space is asked for.

    Source:
        OpenXR 1.1, XR_FB_eye_tracking_social.
    """

    extension = "XR_FB_eye_tracking_social"
    entries = ("xrCreateEyeTrackerFB", "xrDestroyEyeTrackerFB", "xrGetEyeGazesFB")

    def functions(self) -> dict[str, Function]:
        """Return what it answers."""
        made = (self._create, self.remove, self._gazes)
        return dict(zip(self.entries, made, strict=True))

    def system_property(self, kind: int, address: int) -> None:
        """Say whether eyes are tracked."""
        if kind == KIND.SYSTEM_EYE_TRACKING_PROPERTIES_FB.value:
            said = xr.SystemEyeTrackingPropertiesFB.from_address(address)
            said.supports_eye_tracking = "eyes" in self.reported.supports

    def _create(self, session: Any, create: Any, out: Any) -> int:
        require_type(create.contents, KIND.EYE_TRACKER_CREATE_INFO_FB)
        require(
            "eyes" in self.reported.supports,
            "created although the system tracks no eyes",
            xr.Result.ERROR_FEATURE_UNSUPPORTED,
        )
        return self.ground.add(self.extension, session, out)

    def _gazes(self, tracker: Any, asked: Any, out: Any) -> int:
        session, _ = self.ground.tracker(self.extension, tracker)
        at, to = asked.contents, out.contents
        require_type(at, KIND.EYE_GAZES_INFO_FB)
        require_type(to, KIND.EYE_GAZES_FB)
        require(at.time > 0, "no time to tell the gaze of", xr.Result.ERROR_TIME_INVALID)
        require(bool(at.base_space), "gaze in no space", xr.Result.ERROR_HANDLE_INVALID)
        to.time = self.reported.at(at.time)
        for eye in range(2):
            located = xr.SpaceLocation()
            view = self.ground.view(session)
            result = self.ground.below("xrLocateSpace")(
                view, at.base_space, at.time, byref(located)
            )
            if result < 0:
                return result
            gaze = to.gaze[eye]
            known = located._location_flags & VALID == VALID
            gaze.is_valid = known and "gaze_xyzw" in self.reported.tracked
            gaze.gaze_confidence = float(self.reported.gaze_confidence[eye])
            if gaze.is_valid:
                gaze.gaze_pose = located.pose
                turn_in_head(gaze.gaze_pose, self.reported.gaze_xyzw[eye], EYE_X_M[eye])
        return 0


class GazePart(Part):
    """XR_EXT_eye_gaze_interaction: one gaze as an action's pose, on Monado, which has no tracker.

    As in the standard, the action is active only after a successful xrSyncActions.

    Source:
        OpenXR 1.1, XR_EXT_eye_gaze_interaction.
    """

    extension = "XR_EXT_eye_gaze_interaction"
    built_in = True
    profile = b"/interaction_profiles/ext/eye_gaze_interaction"

    def __init__(self, reported: Reported) -> None:
        super().__init__(reported)
        self._actions: set[int] = set()
        self._spaces: dict[int, int] = {}  # action space -> session
        self._synced: set[int] = set()  # sessions

    def functions(self) -> dict[str, Function]:
        """Return what it answers."""
        return {
            "xrSuggestInteractionProfileBindings": self._suggest,
            "xrCreateActionSpace": self._create_space,
            "xrDestroySpace": self._destroy_space,
            "xrSyncActions": self._sync,
            "xrGetActionStatePose": self._state,
            "xrLocateSpace": self._locate,
        }

    def system_property(self, kind: int, address: int) -> None:
        """Say whether a gaze is tracked."""
        if kind == KIND.SYSTEM_EYE_GAZE_INTERACTION_PROPERTIES_EXT.value:
            said = xr.SystemEyeGazeInteractionPropertiesEXT.from_address(address)
            said.supports_eye_gaze_interaction = "gaze" in self.reported.supports

    def session_gone(self, session: int) -> None:
        """Forget it and its spaces."""
        self._synced.discard(session)
        self._spaces = {space: of for space, of in self._spaces.items() if of != session}

    def instance_made(self, ground: Ground) -> None:
        """Start anew, forgetting everything of the instance before."""
        super().instance_made(ground)
        self._actions.clear()
        self._spaces.clear()
        self._synced.clear()

    def _suggest(self, instance: Any, suggested: Any) -> int:
        bindings = suggested.contents
        count, text = c_uint32(), create_string_buffer(256)
        self.ground.below("xrPathToString")(
            instance, bindings.interaction_profile, 256, byref(count), text
        )
        result = self.ground.below("xrSuggestInteractionProfileBindings")(instance, suggested)
        if result >= 0 and text.value == self.profile:
            require(self.extension in self.ground.enabled, "a profile that is not enabled")
            self._actions |= {
                value(bindings._suggested_bindings[i].action)
                for i in range(bindings.count_suggested_bindings)
            }
        return result

    def _create_space(self, session: Any, create: Any, out: Any) -> int:
        result = self.ground.below("xrCreateActionSpace")(session, create, out)
        if result >= 0 and value(create.contents.action) in self._actions:
            self._spaces[c_uint64.from_address(value(out)).value] = value(session)
        return result

    def _destroy_space(self, space: Any) -> int:
        self._spaces.pop(value(space), None)
        return self.ground.below("xrDestroySpace")(space)

    def _sync(self, session: Any, asked: Any) -> int:
        result = self.ground.below("xrSyncActions")(session, asked)
        if result == xr.Result.SUCCESS.value:
            self._synced.add(value(session))
        else:
            self._synced.discard(value(session))
        return result

    def _is_active(self, session: int) -> bool:
        return (
            session in self._synced
            and "gaze" in self.reported.supports
            and "combined_xyzw" in self.reported.tracked
        )

    def _state(self, session: Any, asked: Any, out: Any) -> int:
        result = self.ground.below("xrGetActionStatePose")(session, asked, out)
        if result >= 0 and value(asked.contents.action) in self._actions:
            self.reported.at(self.ground.now())
            out.contents.is_active = self._is_active(value(session))
        return result

    def _locate(self, space: Any, base: Any, time: int, out: Any) -> int:
        session = self._spaces.get(value(space))
        if session is None:
            return self.ground.below("xrLocateSpace")(space, base, time, out)
        result = self.ground.below("xrLocateSpace")(self.ground.view(session), base, time, out)
        if result < 0:
            return result
        sampled = self.reported.at(time)
        if not self._is_active(session):
            out.contents._location_flags = 0
            return result
        turn_in_head(out.contents.pose, self.reported.combined_xyzw)
        out.contents._location_flags = VALID | TRACKED
        for kind, address in chain(out):
            if kind == KIND.EYE_GAZE_SAMPLE_TIME_EXT.value:
                xr.EyeGazeSampleTimeEXT.from_address(address).time = sampled
        return result

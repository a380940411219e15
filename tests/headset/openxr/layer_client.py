# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""A small OpenXR program for the testbed's own tests: it knows nothing of our readers."""

from __future__ import annotations

from ctypes import POINTER, byref, c_float, cast
from typing import Any

FACE = "XR_FB_face_tracking2"
VISEMES = "XR_META_face_tracking_visemes"
EYES = "XR_FB_eye_tracking_social"
GAZE = "XR_EXT_eye_gaze_interaction"
HTC = "XR_HTC_facial_tracking"
PRESENCE = "XR_EXT_user_presence"
CLOCK = "XR_KHR_convert_timespec_time"


class Client:
    """A headless session, by functions as the loader hands them out and nothing else."""

    def __init__(self, *extensions: str, begin: bool = True) -> None:
        import xr

        self.xr = xr
        self.instance = xr.create_instance(
            xr.InstanceCreateInfo(enabled_extension_names=["XR_MND_headless", CLOCK, *extensions])
        )
        asked = xr.SystemGetInfo(form_factor=xr.FormFactor.HEAD_MOUNTED_DISPLAY)
        self.system = xr.get_system(self.instance, asked)
        self.session = xr.create_session(self.instance, xr.SessionCreateInfo(system_id=self.system))
        self.present: list[bool] = []
        self.begun = False
        while begin and not self.begun:
            self.poll()

    def function(self, name: str) -> Any:
        found = self.xr.get_instance_proc_addr(self.instance, name)
        return cast(found, getattr(self.xr, f"PFN_{name}"))

    def poll(self) -> None:
        """Take what events there are, and begin the session when it is ready."""
        xr = self.xr
        while True:
            try:
                event = xr.poll_event(self.instance)
            except xr.EventUnavailable:
                return
            if event.type == xr.StructureType.EVENT_DATA_SESSION_STATE_CHANGED:
                changed = cast(byref(event), POINTER(xr.EventDataSessionStateChanged)).contents
                if changed.state == xr.SessionState.READY:
                    xr.begin_session(self.session, xr.SessionBeginInfo())
                    self.begun = True
            elif event.type == xr.StructureType.EVENT_DATA_USER_PRESENCE_CHANGED_EXT:
                worn = cast(byref(event), POINTER(xr.EventDataUserPresenceChangedEXT)).contents
                self.present.append(bool(worn.is_user_present))

    def create(self, kind: str, **fields: Any) -> tuple[str, Any]:
        """Make a tracker; return the result's name, and its handle."""
        xr = self.xr
        described = {
            "FaceTracker2FB": xr.FaceTrackerCreateInfo2FB,
            "EyeTrackerFB": xr.EyeTrackerCreateInfoFB,
            "FacialTrackerHTC": xr.FacialTrackerCreateInfoHTC,
        }[kind](**fields)
        tracker = getattr(xr, kind)()
        create = self.function(f"xrCreate{kind}")
        return xr.Result(create(self.session, byref(described), byref(tracker))).name, tracker

    def face(self, tracker: Any, *, time: Any, room: int = 70) -> dict[str, Any]:
        """Read the face of an instant, and its visemes."""
        xr = self.xr
        weights, confidences = (c_float * room)(), (c_float * 2)()
        visemes = xr.FaceTrackingVisemesMETA()
        out = xr.FaceExpressionWeights2FB(next=visemes)
        out.weight_count, out._weights = room, cast(weights, POINTER(c_float))
        out.confidence_count, out._confidences = 2, cast(confidences, POINTER(c_float))
        asked = xr.FaceExpressionInfo2FB(time=time)
        read = self.function("xrGetFaceExpressionWeights2FB")
        return {
            "result": xr.Result(read(tracker, byref(asked), byref(out))).name,
            "weights": list(weights),
            "confidences": list(confidences),
            "visemes": list(visemes.visemes) if visemes.is_valid else None,
            "valid": bool(out.is_valid),
            "audio": out._data_source == xr.FaceTrackingDataSource2FB.AUDIO,
            "time": out.time,
        }

    def close(self) -> None:
        self.xr.destroy_session(self.session)
        self.xr.destroy_instance(self.instance)

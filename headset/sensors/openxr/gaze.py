"""XR_EXT_eye_gaze_interaction: one gaze for both eyes, by an action."""

from __future__ import annotations

import ctypes
from typing import Final, Self

import numpy as np

from ..vendor_samples import gaze_from_rotations
from .loader import checked
from .readings import Gaze
from .session import Place, Session

EXTENSION: Final = "XR_EXT_eye_gaze_interaction"

_PROFILE: Final = "/interaction_profiles/ext/eye_gaze_interaction"
_POSE: Final = "/user/eyes_ext/input/gaze_ext/pose"
_SENSED: Final = Place.ORIENTED | Place.ORIENTATION_TRACKED


class GazeAction:
    """The gaze relative to the head, both eyes looking in parallel.

    Attributes:
        latest: What it last said; None while it says nothing.
    """

    def __init__(self, session: Session) -> None:
        """Make the action and attach it; a session takes actions once.

        Raises:
            OpenXrError: The runtime refuses.
        """
        xr, instance = session.instance.xr, session.instance
        self.latest: Gaze | None = None
        self._session = session
        actions, action = xr.ActionSet(), xr.Action()
        create_set = xr.ActionSetCreateInfo(
            action_set_name="eyes", localized_action_set_name="Eyes"
        )
        made = ctypes.byref(create_set), ctypes.byref(actions)
        instance.call("xrCreateActionSet", instance.handle, *made)
        create_action = xr.ActionCreateInfo(
            action_type=xr.ActionType.POSE_INPUT, action_name="gaze", localized_action_name="Gaze"
        )
        instance.call("xrCreateAction", actions, ctypes.byref(create_action), ctypes.byref(action))
        suggested = xr.InteractionProfileSuggestedBinding(
            interaction_profile=instance.path(_PROFILE),
            suggested_bindings=[xr.ActionSuggestedBinding(action, instance.path(_POSE))],
        )
        instance.call(
            "xrSuggestInteractionProfileBindings", instance.handle, ctypes.byref(suggested)
        )
        attached = xr.SessionActionSetsAttachInfo(action_sets=[actions])
        instance.call("xrAttachSessionActionSets", session.handle, ctypes.byref(attached))
        space, create_space = xr.Space(), xr.ActionSpaceCreateInfo(action=action)
        made = ctypes.byref(create_space), ctypes.byref(space)
        instance.call("xrCreateActionSpace", session.handle, *made)
        self._sync = instance.function("xrSyncActions")
        self._synced = xr.ActionsSyncInfo(active_action_sets=[xr.ActiveActionSet(actions)])
        self._ask_state = instance.function("xrGetActionStatePose")
        self._asked, self._state = xr.ActionStateGetInfo(action=action), xr.ActionStatePose()
        self._time = xr.EyeGazeSampleTimeEXT()
        self._place = Place(session, space, session.view, chained=self._time)

    @classmethod
    def opened(cls, session: Session) -> Self | None:
        """Return it where the headset supports it.

        Raises:
            OpenXrError: The headset does, but the runtime refuses.
        """
        return (
            cls(session) if "supports_eye_gaze_interaction" in session.instance.supports else None
        )

    def read(self, xr_time: int, received_ns: int) -> bool:
        """Ask for the gaze at a time, and say whether it is a new one.

        Raises:
            OpenXrError: The runtime refuses, or the session is lost.
            SensorError: What it says is no gaze.
        """
        before, self.latest = self.latest, None
        handle = self._session.handle
        checked("xrSyncActions", self._sync(handle, ctypes.byref(self._synced)))
        asked = ctypes.byref(self._asked), ctypes.byref(self._state)
        checked("xrGetActionStatePose", self._ask_state(handle, *asked))
        if not self._state.is_active:
            return False
        self._time.time = 0
        if self._place.locate(xr_time) & _SENSED != _SENSED:
            return False
        gaze = gaze_from_rotations(np.array(self._place.numbers()[:4]))
        if np.isnan(gaze).any():
            return False
        told = self._time.time
        if before is not None and told and told == before.told:
            self.latest = before
            return False
        self.latest = Gaze(
            told=told,
            time_ns=self._session.ours(told, otherwise_ns=received_ns),
            received_ns=received_ns,
            gaze=np.stack([gaze, gaze]),
            confidence=np.ones(2),
        )
        return True

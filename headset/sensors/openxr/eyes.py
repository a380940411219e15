"""XR_FB_eye_tracking_social: a gaze for each eye (Quest Pro, and streaming apps in its name)."""

from __future__ import annotations

import ctypes
from typing import Final, Self

import numpy as np

from ...errors import SensorError
from ..vendor_samples import gaze_from_rotations
from .loader import checked
from .readings import Gaze
from .session import Session

EXTENSION: Final = "XR_FB_eye_tracking_social"

_EYE: Final = np.dtype([("valid", "u4"), ("xyzw", "f4", 4), ("at_m", "f4", 3), ("sure", "f4")])
"""XrEyeGazeFB."""


class SocialEyes:
    """Both eyes relative to the head.

    Attributes:
        latest: What it last said; None while it says nothing.
    """

    def __init__(self, session: Session) -> None:
        """Make the tracker.

        Raises:
            OpenXrError: The runtime refuses: the wearer has not allowed eye tracking, for one.
        """
        xr, instance = session.instance.xr, session.instance
        self.latest: Gaze | None = None
        self._session = session
        self._tracker = xr.EyeTrackerFB()
        create = xr.EyeTrackerCreateInfoFB()
        made = ctypes.byref(create), ctypes.byref(self._tracker)
        instance.call("xrCreateEyeTrackerFB", session.handle, *made)
        self._ask = instance.function("xrGetEyeGazesFB")
        self._asked = xr.EyeGazesInfoFB(base_space=session.view)
        self._told = xr.EyeGazesFB()
        self._eyes = np.frombuffer(self._told, _EYE, 2, xr.EyeGazesFB.gaze.offset)

    @classmethod
    def opened(cls, session: Session) -> Self | None:
        """Return it where the headset supports it.

        Raises:
            OpenXrError: The headset does, but the runtime refuses.
        """
        return cls(session) if "supports_eye_tracking" in session.instance.supports else None

    def read(self, xr_time: int, received_ns: int) -> bool:
        """Ask for both eyes at a time, and say whether they are new.

        Raises:
            OpenXrError: The runtime refuses, or the session is lost.
            SensorError: What it says is no gaze.
        """
        before, self.latest = self.latest, None
        self._asked.time = xr_time
        asked = ctypes.byref(self._asked), ctypes.byref(self._told)
        checked("xrGetEyeGazesFB", self._ask(self._tracker, *asked))
        valid = self._eyes["valid"] != 0
        if not valid.any():
            return False
        told = self._told.time
        if before is not None and told and told == before.told:
            self.latest = before
            return False
        sure = self._eyes["sure"].astype(np.float64)
        if not ((sure >= 0.0) & (sure <= 1.0))[valid].all():
            raise SensorError("a confidence in a gaze beyond 0 to 1")
        # An eye that is not tracked has any rotation, a NaN or none; zero stands for none.
        gaze = gaze_from_rotations(np.where(valid[:, None], self._eyes["xyzw"], np.float32(0.0)))
        valid &= (sure > 0.0) & ~np.isnan(gaze).any(axis=1)
        if not valid.any():
            return False
        self.latest = Gaze(
            told=told,
            time_ns=self._session.ours(told, otherwise_ns=received_ns),
            received_ns=received_ns,
            gaze=np.where(valid[:, None], gaze, np.nan),
            confidence=np.where(valid, sure, 0.0),
        )
        return True

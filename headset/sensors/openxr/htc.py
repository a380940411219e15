"""XR_HTC_facial_tracking: 14 expressions of the eyes and 37 of the lips, each by a tracker of its own.

Both are made before the session begins, as HTC's runtime wants it, and live as long as it does.

Source: XR_HTC_facial_tracking; PROTOCOLS 3.11 for the order, 3.14.2 for the numbering.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final, Self

import numpy as np

from ...frame import Floats, Origin
from ...names import UNIFIED
from ...vendor_maps import Reading, from_htc_eye, from_htc_lip
from ...vendors import HTC_EYE, HTC_LIP
from ..vendor_samples import NOTHING, face_weights, filled
from .loader import checked
from .readings import Expressions
from .session import Session

EXTENSION: Final = "XR_HTC_facial_tracking"

_EYE, _LIP = 1, 2  # XrFacialTrackingTypeHTC


class _Part:
    """One of the two trackers."""

    def __init__(
        self, session: Session, kind: int, count: int, meaning: Callable[[Floats], Reading]
    ) -> None:
        xr, instance = session.instance.xr, session.instance
        self._meaning = meaning
        self._tracker = xr.FacialTrackerHTC()
        create = xr.FacialTrackerCreateInfoHTC(facial_tracking_type=xr.FacialTrackingTypeHTC(kind))
        made = ctypes.byref(create), ctypes.byref(self._tracker)
        instance.call("xrCreateFacialTrackerHTC", session.handle, *made)
        self._ask = instance.function("xrGetFacialExpressionsHTC")
        self._weights = (ctypes.c_float * count)()
        self._told = xr.FacialExpressionsHTC()
        self._told.expression_count = count
        self._told._expression_weightings = ctypes.cast(  # its property allocates
            self._weights, ctypes.POINTER(ctypes.c_float)
        )
        self._before = b""
        self.time = 0
        self.reading: Reading | None = None

    def read(self) -> bool:
        """Ask for the expressions now, and say whether they are new."""
        checked("xrGetFacialExpressionsHTC", self._ask(self._tracker, ctypes.byref(self._told)))
        if not self._told.is_active:
            self.reading = None
            return False
        before, self._before = self._before, bytes(self._told) + bytes(self._weights)
        if self.reading is not None and before == self._before:
            return False
        self.reading = None  # if what follows fails
        weights = face_weights(np.ctypeslib.as_array(self._weights))
        self.time, self.reading = self._told.sample_time, self._meaning(weights)
        return True


class FacialHtc:
    """The face as HTC numbers it, from whichever of the two trackers is active.

    Attributes:
        latest: What it last said; None while it says nothing.
    """

    def __init__(self, session: Session, *, eye: bool, lip: bool) -> None:
        """Make the trackers.

        Raises:
            OpenXrError: The runtime refuses.
        """
        self.latest: Expressions | None = None
        self._session = session
        self._parts: list[_Part] = []
        if eye:
            self._parts.append(_Part(session, _EYE, len(HTC_EYE), from_htc_eye))
        if lip:
            self._parts.append(_Part(session, _LIP, len(HTC_LIP), from_htc_lip))

    @classmethod
    def opened(cls, session: Session) -> Self | None:
        """Return it where the headset supports either; before the session begins.

        Raises:
            OpenXrError: The headset does, but the runtime refuses.
        """
        supports = session.instance.supports
        eye, lip = ("support_eye_facial_tracking", "support_lip_facial_tracking")
        if not supports & {eye, lip}:
            return None
        return cls(session, eye=eye in supports, lip=lip in supports)

    def read(self, xr_time: int, received_ns: int) -> bool:  # noqa: ARG002 - it takes no time
        """Ask for the face now, and say whether it is a new one.

        Raises:
            OpenXrError: The runtime refuses, or the session is lost.
            SensorError: What it says is no face.
        """
        held, self.latest = self.latest, None
        news = [part.read() for part in self._parts]
        active = [part for part in self._parts if part.reading is not None]
        if not active:
            return False
        if held is not None and not any(news):
            self.latest = held
            return False
        reading = NOTHING
        for part in active:
            assert part.reading is not None
            reading = filled(reading, part.reading)
        self.latest = Expressions(
            # The two have their own times; the older is the one that both can answer for.
            time_ns=min(self._session.ours(part.time, otherwise_ns=received_ns) for part in active),
            received_ns=received_ns,
            reading=reading,
            confidence=np.ones(len(UNIFIED)),
            eye_confidence=np.ones(2),
            origin=Origin.MEASURED,
        )
        return True

"""XR_FB_face_tracking2: 70 weights, two confidences, and whether they were seen or heard.

A runtime that sees no face may guess it from the microphone. Such a face is marked as inferred, and
speaks only for the regions that the wearer's setting lets it; of eyes and lids it knows nothing.

Source: XR_FB_face_tracking2, XR_META_face_tracking_visemes; PROTOCOLS 3.14.2 for the numbering.
"""

from __future__ import annotations

import ctypes
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import SensorError
from ...frame import VISEMES, Floats, Origin
from ...vendor_maps import UPPER_FACE, Reading, from_fb2
from ...vendors import FB2
from ..vendor_samples import NOTHING, face_weights
from .loader import checked
from .readings import Expressions
from .session import Session

EXTENSION: Final = "XR_FB_face_tracking2"
VISEMES_EXTENSION: Final = "XR_META_face_tracking_visemes"

Audio = Literal["none", "mouth", "all"]
"""Which regions a face guessed from sound may speak for."""

_LOWER, _UPPER = 0, 1  # XrFaceConfidence2FB
_VISUAL, _AUDIO = 0, 1  # XrFaceTrackingDataSource2FB
_HEARD: Final[dict[Audio, NDArray[np.bool_]]] = {
    "none": np.zeros_like(UPPER_FACE),
    "mouth": ~UPPER_FACE,
    "all": np.ones_like(UPPER_FACE),
}
"""Shape (88,) each: the weights that a face guessed from sound gives."""


class FacialFb:
    """The face as Meta numbers it.

    Attributes:
        latest: What it last said; None while it says nothing.
    """

    def __init__(self, session: Session, sources: list[int], audio: Audio) -> None:
        """Make the tracker.

        Args:
            session: Whose face.
            sources: XrFaceTrackingDataSource2FB, the best first.
            audio: What a face guessed from sound may speak for.

        Raises:
            OpenXrError: The runtime refuses: the wearer has not allowed face tracking, for one.
        """
        xr, instance = session.instance.xr, session.instance
        self.latest: Expressions | None = None
        self._session = session
        self._audio: Audio = audio
        self._tracker = xr.FaceTracker2FB()
        create = xr.FaceTrackerCreateInfo2FB(
            requested_data_sources=[xr.FaceTrackingDataSource2FB(source) for source in sources]
        )
        made = ctypes.byref(create), ctypes.byref(self._tracker)
        instance.call("xrCreateFaceTracker2FB", session.handle, *made)
        self._ask = instance.function("xrGetFaceExpressionWeights2FB")
        self._asked = xr.FaceExpressionInfo2FB()
        speaks = "supports_visemes" in instance.supports
        self._visemes = xr.FaceTrackingVisemesMETA() if speaks else None
        self._weights, self._sure = (ctypes.c_float * len(FB2))(), (ctypes.c_float * 2)()
        self._told = xr.FaceExpressionWeights2FB(next=self._visemes)
        self._told.weight_count, self._told.confidence_count = len(FB2), len(self._sure)
        pointer = ctypes.POINTER(ctypes.c_float)
        # pyopenxr's own properties for these fields allocate anew, or nothing.
        self._told._weights = ctypes.cast(self._weights, pointer)
        self._told._confidences = ctypes.cast(self._sure, pointer)
        self._before = b""

    @classmethod
    def opened(cls, session: Session, audio: Audio) -> Self | None:
        """Return it where the headset supports a source that the setting allows.

        Raises:
            OpenXrError: The headset does, but the runtime refuses.
        """
        supports = session.instance.supports
        sources: list[int] = []
        if "supports_visual_face_tracking" in supports:
            sources.append(_VISUAL)
        if "supports_audio_face_tracking" in supports and audio != "none":
            sources.append(_AUDIO)
        return cls(session, sources, audio) if sources else None

    def read(self, xr_time: int, received_ns: int) -> bool:
        """Ask for the face at a time, and say whether it is a new one.

        Raises:
            OpenXrError: The runtime refuses, or the session is lost.
            SensorError: What it says is no face.
        """
        held, self.latest = self.latest, None
        self._asked.time = xr_time
        asked = ctypes.byref(self._asked), ctypes.byref(self._told)
        checked("xrGetFaceExpressionWeights2FB", self._ask(self._tracker, *asked))
        if not self._told.is_valid:
            return False
        before, self._before = self._before, bytes(self._told) + bytes(self._weights)
        if held is not None and before == self._before:  # neither its time nor its weights moved
            self.latest = held
            return False
        weights = face_weights(np.ctypeslib.as_array(self._weights))
        lips_sure, lids_sure = float(self._sure[_LOWER]), float(self._sure[_UPPER])
        if not (0.0 <= lips_sure <= 1.0 and 0.0 <= lids_sure <= 1.0):
            raise SensorError("a confidence in a face beyond 0 to 1")
        heard = self._told._data_source == _AUDIO  # its property makes an enum
        if heard and self._audio == "none":
            return False
        self.latest = Expressions(
            time_ns=self._session.ours(self._told.time, otherwise_ns=received_ns),
            received_ns=received_ns,
            reading=self._reading(weights, heard=heard),
            confidence=np.where(UPPER_FACE, np.float64(lids_sure), np.float64(lips_sure)),
            eye_confidence=np.full(2, lids_sure),
            origin=Origin.INFERRED if heard else Origin.MEASURED,
            visemes=self._said(),
        )
        return True

    def _reading(self, weights: Floats, *, heard: bool) -> Reading:
        reading = from_fb2(weights)
        if heard:
            allowed = np.where(_HEARD[self._audio], reading.weights, np.nan)
            return Reading(allowed, NOTHING.gaze, NOTHING.openness)
        if not self._told.is_eye_following_blendshapes_valid:
            return Reading(reading.weights, NOTHING.gaze, reading.openness)
        return reading

    def _said(self) -> Floats | None:
        if self._visemes is None or not self._visemes.is_valid:
            return None
        visemes = np.frombuffer(self._visemes.visemes, np.float32, len(VISEMES)).astype(np.float64)
        if not ((visemes >= 0.0) & (visemes <= 1.0)).all():
            raise SensorError("a viseme's probability beyond 0 to 1")
        return visemes

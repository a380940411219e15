"""All that an OpenXR session senses of its wearer, as samples."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

import numpy as np

from ...clock import NS_PER_MS, now_ns
from ...errors import SensorError
from ...frame import EyeSample, FaceSample, HeadSample, Origin, Sample, SpeechSample, WornSample
from . import eyes as openxr_eyes
from . import face as openxr_face
from . import gaze as openxr_gaze
from . import htc as openxr_htc
from .eyes import SocialEyes
from .face import Audio, FacialFb
from .gaze import GazeAction
from .htc import FacialHtc
from .loader import OpenXrError
from .readings import Expressions, Gaze, Tracker
from .session import Place, Session

_LOG: Final = logging.getLogger("unvisor")

SENSOR_EXTENSIONS: Final = (
    openxr_gaze.EXTENSION,
    openxr_eyes.EXTENSION,
    openxr_face.EXTENSION,
    openxr_face.VISEMES_EXTENSION,
    openxr_htc.EXTENSION,
    "XR_EXT_user_presence",
)
"""What to enable of an instance, as far as its runtime has it."""

SOURCE: Final = "openxr"

_TOGETHER_NS: Final = 100 * NS_PER_MS
"""Lids and gaze come by different trackers at different rates (72 and 120 Hz, say); what is older
than this is not put together with what is new."""

_WORN_EVERY_NS: Final = 100 * NS_PER_MS
"""A runtime tells of a change alone; it is said again before a frame takes it for outdated."""

_UNSENSED: Final = np.full(2, np.nan)
_NOWHERE: Final = np.full(3, np.nan)
for _constant in (_UNSENSED, _NOWHERE):
    _constant.flags.writeable = False
_ROUNDED: Final = 0.01  # single precision, and runtimes that blend poses

T = TypeVar("T")
S = TypeVar("S", Gaze, Expressions)


class Sensors:
    """Head, eyes, face, voice, and whether it is worn: what this session's headset has of them.

    Attributes:
        senses: What is there to be read, for people: `head gaze face`.
        notes: What is listed but not there, and why.
        trouble: What the newest reading failed of; empty while all is well.
        dropped: How many readings failed, or said what cannot be.
    """

    def __init__(self, session: Session, *, audio: Audio = "mouth") -> None:
        """Open what the headset supports; before the session begins, for HTC's trackers must be.

        What the runtime lists and then refuses is noted and left out.

        Args:
            session: Not begun yet.
            audio: Which regions a face that the runtime guessed from sound may speak for.

        Raises:
            OpenXrError: Session or instance are lost.
        """
        self._session = session
        self._head = Place(session, session.view, session.local)
        self.notes = session.instance.refusals
        self.trouble, self.dropped = "", 0
        self._gazes: list[Tracker[Gaze]] = [
            *self._opened(openxr_eyes.EXTENSION, lambda: SocialEyes.opened(session)),
            *self._opened(openxr_gaze.EXTENSION, lambda: GazeAction.opened(session)),
        ]
        self._faces: list[Tracker[Expressions]] = [
            *self._opened(openxr_face.EXTENSION, lambda: FacialFb.opened(session, audio)),
            *self._opened(openxr_htc.EXTENSION, lambda: FacialHtc.opened(session)),
        ]
        told = "supports_user_presence" in session.instance.supports
        words = ("head", "gaze" * bool(self._gazes), "face" * bool(self._faces), "worn" * told)
        self.senses = " ".join(filter(None, words))
        self._said: tuple[bool | None, int] = None, 0

    def sample(self, xr_time: int) -> list[Sample]:
        """Return all that is new, as it is at a time; the session must be running.

        Args:
            xr_time: Now, or when the frame that is drawn will be seen; as XrTime.

        Raises:
            OpenXrError: Session or instance are lost.
        """
        received_ns, trouble = now_ns(), self.trouble
        self.trouble = ""
        samples: list[Sample] = []
        samples.extend(self._worn_samples(received_ns))
        located = self._attempted(lambda: self._head.locate(xr_time))
        if located & Place.ORIENTED:
            samples.extend(self._head_samples(xr_time, received_ns, located))
        gaze, gaze_is_new = self._newest(self._gazes, xr_time, received_ns)
        face, face_is_new = self._newest(self._faces, xr_time, received_ns)
        if face is not None and face_is_new:
            samples.extend(_face_samples(face))
        if gaze_is_new or face_is_new:
            samples.extend(_eye_samples(gaze, face))
        if self.trouble and self.trouble != trouble:
            _LOG.info("%s", self.trouble)
        return samples

    def _opened(self, extension: str, opened: Callable[[], T | None]) -> list[T]:
        """Return a tracker, or none where it is not supported, or is refused."""
        try:
            tracker = opened()
        except OpenXrError as error:
            if error.gone:
                raise
            self.notes = (*self.notes, f"{extension}: supported, but {error}")
            _LOG.info("%s", self.notes[-1])
            return []
        return [] if tracker is None else [tracker]

    def _attempted(self, read: Callable[[], int]) -> int:
        """Return what a reading gives, 0 where it failed: one sensor's trouble is not another's."""
        try:
            return read()
        except OpenXrError as error:
            if error.gone:
                raise
            self.trouble = str(error)
        except SensorError as error:
            self.trouble = f"OpenXR: {error}: it is passed over"
        self.dropped += 1
        return 0

    def _newest(
        self, trackers: Sequence[Tracker[S]], xr_time: int, received_ns: int
    ) -> tuple[S | None, bool]:
        """Return what the first tracker that says anything says, and whether that is new."""
        for tracker in trackers:
            is_new = self._attempted(partial(tracker.read, xr_time, received_ns))
            latest = tracker.latest
            if latest is not None and received_ns - latest.received_ns <= _TOGETHER_NS:
                return latest, bool(is_new)
        return None, False

    def _head_samples(self, xr_time: int, received_ns: int, located: int) -> Iterator[Sample]:
        *xyzw, x_m, y_m, z_m = self._head.numbers()
        if not abs(math.hypot(*xyzw) - 1.0) <= _ROUNDED:  # NaN too
            self.trouble = "OpenXR: a head's pose that is none: it is passed over"
            self.dropped += 1
            return
        placed = located & Place.POSITIONED and math.isfinite(x_m + y_m + z_m)
        yield HeadSample(
            time_ns=self._session.offset.ours(xr_time),
            received_ns=received_ns,
            orientation_xyzw=np.array(xyzw),
            position_m=np.array((x_m, y_m, z_m)) if placed else _NOWHERE,
        )

    def _worn_samples(self, received_ns: int) -> Iterator[Sample]:
        worn = self._session.worn
        if worn is None:
            return
        said, said_ns = self._said
        if worn != said or received_ns - said_ns >= _WORN_EVERY_NS:
            self._said = worn, received_ns
            yield WornSample(time_ns=received_ns, received_ns=received_ns, worn=worn)


def _face_samples(face: Expressions) -> Iterator[Sample]:
    weights = np.where(face.confidence > 0.0, face.reading.weights, np.nan)
    seen = ~np.isnan(weights)
    if seen.any():
        yield FaceSample(
            time_ns=face.time_ns,
            received_ns=face.received_ns,
            source=SOURCE,
            weights=weights,
            confidence=np.where(seen, face.confidence, 0.0),
            origin=np.where(seen, face.origin, Origin.ABSENT).astype(np.uint8),
        )
    if face.visemes is not None:
        yield SpeechSample(
            time_ns=face.time_ns,
            received_ns=face.received_ns,
            source=SOURCE,
            level=float("nan"),
            visemes=face.visemes,
            muted=None,
        )


def _eye_samples(gaze: Gaze | None, face: Expressions | None) -> Iterator[Sample]:
    """Yield the eyes: gaze by its own tracker, or else by the face's; lids by the face's."""
    look, sure = np.full((2, 3), np.nan), np.zeros(2)
    openness, times = _UNSENSED, gaze or face
    if face is not None:
        trusted = face.eye_confidence > 0.0
        look = np.where(trusted[:, None], face.reading.gaze, np.nan)
        openness = np.where(trusted, face.reading.openness, np.nan)
        sure = face.eye_confidence
    if gaze is not None:
        tracked = np.isfinite(gaze.gaze[:, 0])
        look = np.where(tracked[:, None], gaze.gaze, look)
        sure = np.where(tracked, gaze.confidence, sure)
    known = np.isfinite(look[:, 0]) | np.isfinite(openness)
    if times is None or not known.any():
        return
    yield EyeSample(
        time_ns=times.time_ns,
        received_ns=max(one.received_ns for one in (gaze, face) if one is not None),
        gaze=look,
        openness=openness,
        pupil_mm=_UNSENSED,
        confidence=np.where(known, sure, 0.0),
    )

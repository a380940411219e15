"""From a SensorFrame to what a model sees: ARKit channels relative to the wearer's rest.

Every model takes the same row: for each of the 52 ARKit channels its value, whether it is observed
and how old the value is. The measured Unified weights are kept beside it, so that what was measured
passes through to the face untouched by any model.
"""

from __future__ import annotations

from math import atan2, hypot, isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..calibration.correction import Correction
from ..calibration.profile import Profile
from ..headset.clock import NS_PER_S
from ..headset.expressions import LOOK_DOWN_RAD, LOOK_IN_RAD, LOOK_OUT_RAD, LOOK_UP_RAD, TO_ARKIT
from ..headset.frame import EyeSample, FaceSample, Origin, SensorFrame
from ..headset.merge import merge
from ..headset.names import ARKIT, ARKIT_INDEX, MOUTH_28, UNIFIED

Floats = NDArray[np.float64]

_LOOK: Final = tuple(
    tuple(ARKIT_INDEX[f"eyeLook{way}{side}"] for way in ("Out", "In", "Up", "Down"))
    for side in ("Left", "Right")
)
_MOUTH: Final = [ARKIT_INDEX[name] for name in MOUTH_28]
_BLINK: Final = (ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"])
_OUTWARD: Final = (-1.0, 1.0)  # the left eye looks out to the left: towards -x
_SHAPES: Final = len(UNIFIED)
_NO_ORIGIN: Final = np.full(_SHAPES, Origin.ABSENT, dtype=np.uint8)
_NO_GAZE: Final = np.full((2, 3), np.nan)
_NO_PUPIL_MM: Final = np.full(2, np.nan)


def _look(side: int, yaw_rad: float, pitch_rad: float) -> tuple[float, float, float, float]:
    """Return one eye's look weights (out, in, up, down): `gaze_from_arkit`'s law, backwards."""
    outward = yaw_rad * _OUTWARD[side]
    return (
        max(outward, 0.0) / LOOK_OUT_RAD,
        max(-outward, 0.0) / LOOK_IN_RAD,
        max(pitch_rad, 0.0) / LOOK_UP_RAD,
        max(-pitch_rad, 0.0) / LOOK_DOWN_RAD,
    )


class Observation:
    """One instant as a model sees it; valid until `Features.observe` fills it anew.

    Attributes:
        rows: Shape (3, 52): observed, mask and age_s, as a model takes them.
        observed: Shape (52,), ARKit weights relative to rest, 0 where not observed, not clipped; so a
            look weight may be negative: less down than usual.
        mask: Shape (52,), 1 where observed, else 0.
        age_s: Shape (52,), seconds from the sample to the instant asked for, 0 where not observed.
        oldest_s: The largest of these.
        face_age_s: That of what is seen of the face, the oldest tracker's; 0 where nothing is.
        lids_age_s: That of the lids, likewise.
        measured: Shape (90,), the weights and then the openness: what passes through.
        sensed: Shape (90,), whether each of these is a number.
        weights: Shape (88,), measured Unified weights relative to rest, NaN where not measured.
        openness: Shape (2,), relative to the resting lids (1 at rest), NaN where not sensed.
        origin: Shape (88,), `Origin` of each weight: measured, or guessed by the tracker itself.
        gaze: Shape (2, 3), as sensed, put right by the profile.
        gaze_sensed: Whether the (left, right) eye's gaze is; elsewhere `gaze` is NaN.
        pupil_mm: Shape (2,), NaN where not sensed.
        mouth: Whether any channel of the mouth is observed.
        eyes: Whether any channel of an eye is.
    """

    __slots__ = (
        "age_s", "eyes", "face_age_s", "gaze", "gaze_sensed", "lids_age_s", "mask", "measured",
        "mouth", "observed", "oldest_s", "openness", "origin", "pupil_mm", "rows", "sensed",
        "weights",
    )  # fmt: skip

    def __init__(self) -> None:
        self.rows = np.zeros((3, len(ARKIT)))
        self.observed, self.mask, self.age_s = self.rows
        self.oldest_s = self.face_age_s = self.lids_age_s = 0.0
        self.measured = np.full(_SHAPES + 2, np.nan)
        self.sensed = np.zeros(_SHAPES + 2, dtype=bool)
        self.weights = self.measured[:_SHAPES]
        self.openness = self.measured[_SHAPES:]
        self.origin = _NO_ORIGIN
        self.gaze = _NO_GAZE
        self.gaze_sensed: tuple[bool, bool] = (False, False)
        self.pupil_mm = _NO_PUPIL_MM
        self.mouth: bool = False
        self.eyes: bool = False


class Features:
    """Fills an `Observation` from frames, for one wearer.

    At a display's rate the caches are cold at every frame, and then each kind of numpy call costs ten
    times its work. So what changes only when sensors come and go is kept in tables (`_learn`), and a
    frame is few calls; samples are referred to, not copied.
    """

    def __init__(self, profile: Profile | None) -> None:
        """Take the wearer's rest; without a profile the tracker's zero stands for it."""
        self.observation = Observation()
        self.wear(profile)
        self._merged = np.empty(_SHAPES, dtype=np.uint8)  # origins, of several faces
        self._known = (b"", (False, False))
        self._seen_weights = np.zeros(_SHAPES)  # 0 where not seen
        self._seen_shapes = self.observation.sensed[:_SHAPES]
        self._to_arkit = np.zeros((len(ARKIT), _SHAPES))
        self._eye_channels: list[int] = []
        self._face_mask = np.zeros(len(ARKIT))
        self._face_seen = self._lids_seen = False

    def wear(self, profile: Profile | None) -> None:
        """Take another profile from the next frame on: after a donning, or a calibration."""
        self._correction = Correction(profile)
        (left_yaw, left_pitch), (right_yaw, right_pitch) = self._correction.look_rest_rad.tolist()
        self._look_rest = (_look(0, left_yaw, left_pitch), _look(1, right_yaw, right_pitch))

    def observe(self, frame: SensorFrame) -> Observation:
        """Fill and return the observation: valid until the next call."""
        seen = self.observation
        face_s = self._take_faces(frame.faces, frame.time_ns)
        if frame.eyes is None:
            seen.gaze, seen.pupil_mm, seen.gaze_sensed = _NO_GAZE, _NO_PUPIL_MM, (False, False)
            seen.openness.fill(np.nan)
            eye_s, eye_values = 0.0, ()
        else:
            eye_s = max(0, frame.time_ns - frame.eyes.time_ns) / NS_PER_S
            eye_values = self._take_eyes(frame.eyes)
        np.isfinite(seen.measured, out=seen.sensed)
        known = (seen.sensed.tobytes(), seen.gaze_sensed)
        if known != self._known:  # rarely: what a tracker sees changes when it is lost
            self._known = known
            self._learn()
        np.copyto(self._seen_weights, seen.weights, where=self._seen_shapes)
        np.dot(self._to_arkit, self._seen_weights, out=seen.observed)
        np.multiply(self._face_mask, face_s, out=seen.age_s)
        observed, age_s = seen.observed, seen.age_s
        for channel, value in zip(self._eye_channels, eye_values, strict=True):
            observed[channel] = value
            age_s[channel] = eye_s
        seen.oldest_s = max(face_s, eye_s)
        seen.face_age_s = face_s if self._face_seen else 0.0
        seen.lids_age_s = eye_s if self._lids_seen else 0.0
        return seen

    def _take_faces(self, faces: tuple[FaceSample, ...], time_ns: int) -> float:
        """Write what passes through of them; return the oldest's age, seconds, 0 without any."""
        out = self.observation
        if not faces:
            out.weights.fill(np.nan)
            out.origin = _NO_ORIGIN
            return 0.0
        if len(faces) == 1:
            self._correction.weights(faces[0].weights, out.weights)
            out.origin = faces[0].origin
            oldest_ns = faces[0].time_ns
        else:
            merge(faces, out.weights, self._merged)
            self._correction.weights(out.weights, out.weights)
            out.origin = self._merged
            oldest_ns = min([face.time_ns for face in faces])
        return max(0, time_ns - oldest_ns) / NS_PER_S

    def _take_eyes(self, eyes: EyeSample) -> list[float]:
        """Write what passes through of them; return their observed channels' values, lid last."""
        out = self.observation
        out.gaze, out.pupil_mm = self._correction.gaze(eyes.gaze), eyes.pupil_mm
        values: list[float] = []
        looks = [False, False]
        lids = self._correction.openness(eyes.openness)
        for side, (x, y, z) in enumerate(out.gaze.tolist()):
            if x == x and y == y and z == z:  # not NaN
                looks[side] = True
                look = _look(side, atan2(x, -z), atan2(y, hypot(x, z)))
                for weight, rest in zip(look, self._look_rest[side], strict=True):
                    values.append(weight - rest)
            openness = lids[side]
            out.openness[side] = openness
            if isfinite(openness):
                values.append(1.0 - openness)
        out.gaze_sensed = (looks[0], looks[1])
        return values

    def _learn(self) -> None:
        """Fill the tables of what is seen: they hold until something else is.

        An ARKit channel is the average of those of its Unified shapes that are observed.
        """
        seen = self.observation
        share = TO_ARKIT * self._seen_shapes
        total = share.sum(axis=1)
        self._seen_weights.fill(0.0)
        self._to_arkit = share / np.where(total > 0.0, total, 1.0)[:, None]
        lids = seen.sensed[_SHAPES:].tolist()
        self._eye_channels = []
        for side in (0, 1):
            if seen.gaze_sensed[side]:
                self._eye_channels += _LOOK[side]
            if lids[side]:
                self._eye_channels.append(_BLINK[side])
        self._face_mask = (total > 0.0).astype(np.float64)
        self._face_seen, self._lids_seen = bool(self._face_mask.any()), any(lids)
        np.copyto(seen.mask, self._face_mask)
        seen.mask[self._eye_channels] = 1.0
        seen.mouth = bool(total[_MOUTH].any())
        seen.eyes = bool(self._eye_channels)

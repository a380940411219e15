"""From a SensorFrame to what a model sees: ARKit channels relative to the wearer's rest.

Every model takes the same row: for each of the 52 ARKit channels its value, whether it is observed
and how old the value is. The measured Unified weights are kept beside it, so that what was measured
passes through to the face untouched by any model.
"""

from __future__ import annotations

from math import atan2, hypot, isnan
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
_NO_LOOK: Final = (0.0, 0.0, 0.0, 0.0)


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
    """One instant as a model sees it; buffers that `Features.observe` fills anew each frame.

    Attributes:
        rows: Shape (3, 52): observed, mask and age_s, as a model takes them.
        observed: Shape (52,), ARKit weights relative to rest, 0 where not observed, not clipped; so a
            look weight may be negative: less down than usual.
        mask: Shape (52,), 1 where observed, else 0.
        age_s: Shape (52,), seconds from the sample to the instant asked for, 0 where not observed.
        oldest_s: The largest of these.
        measured: Shape (90,), the weights and then the openness: what passes through.
        weights: Shape (88,), measured Unified weights relative to rest, NaN where not measured.
        openness: Shape (2,), relative to the resting lids (1 at rest), NaN where not sensed.
        origin: Shape (88,), `Origin` of each weight: measured, or guessed by the tracker itself.
        gaze: Shape (2, 3), as sensed.
        gaze_sensed: Whether the (left, right) eye's gaze is; elsewhere `gaze` is NaN.
        pupil_mm: Shape (2,), NaN where not sensed.
        mouth: Whether any channel of the mouth is observed.
        eyes: Whether any channel of an eye is.
    """

    __slots__ = (
        "age_s", "eyes", "gaze", "gaze_sensed", "mask", "measured", "mouth", "observed", "oldest_s",
        "openness", "origin", "pupil_mm", "rows", "weights",
    )  # fmt: skip

    def __init__(self) -> None:
        self.rows = np.zeros((3, len(ARKIT)))
        self.observed, self.mask, self.age_s = self.rows
        self.oldest_s = 0.0
        self.measured = np.full(len(UNIFIED) + 2, np.nan)
        self.weights = self.measured[: len(UNIFIED)]
        self.openness = self.measured[len(UNIFIED) :]
        self.origin = np.full(len(UNIFIED), Origin.ABSENT, dtype=np.uint8)
        self.gaze = np.full((2, 3), np.nan)
        self.gaze_sensed: tuple[bool, bool] = (False, False)
        self.pupil_mm = np.full(2, np.nan)
        self.mouth: bool = False
        self.eyes: bool = False


class Features:
    """Fills an `Observation` from frames, for one wearer."""

    def __init__(self, profile: Profile | None) -> None:
        """Take the wearer's rest; without a profile the tracker's zero stands for it."""
        self.observation = Observation()
        self._rest = np.zeros(len(UNIFIED))
        self._openness_rest = (1.0, 1.0)
        self._look_rest = (_NO_LOOK, _NO_LOOK)
        if profile is not None:
            self._rest = np.nan_to_num(profile.rest)
            left, right = np.where(
                np.isfinite(profile.openness_rest), profile.openness_rest, 1.0
            ).tolist()
            # A tracker whose lids rest nearly shut is not believed: it would blow up every blink.
            self._openness_rest = (max(left, 0.3), max(right, 0.3))
            (left_yaw, left_pitch), (right_yaw, right_pitch) = np.nan_to_num(
                profile.gaze_rest_rad
            ).tolist()
            self._look_rest = (_look(0, left_yaw, left_pitch), _look(1, right_yaw, right_pitch))
        self._seen = b""
        self._mouth = False
        self._to_arkit = np.zeros((len(ARKIT), len(UNIFIED)))
        self._face_mask = np.zeros(len(ARKIT))

    def observe(self, frame: SensorFrame) -> Observation:
        """Fill and return the observation: valid until the next call."""
        seen = self.observation
        if frame.faces:
            self._take_faces(frame.faces, frame.time_ns)
        else:
            seen.rows.fill(0.0)
            seen.oldest_s = 0.0
            seen.weights.fill(np.nan)
            seen.origin.fill(Origin.ABSENT)
            seen.mouth = False
        if frame.eyes is not None:
            self._take_eyes(frame.eyes, frame.time_ns)
        else:
            seen.eyes = False
            seen.gaze_sensed = (False, False)
            seen.gaze.fill(np.nan)
            seen.openness.fill(np.nan)
            seen.pupil_mm.fill(np.nan)
        return seen

    def _take_faces(self, faces: tuple[FaceSample, ...], time_ns: int) -> None:
        out = self.observation
        merge(faces, out.weights, out.origin)
        out.weights -= self._rest
        seen = np.isfinite(out.weights)
        if seen.tobytes() != self._seen:  # rarely: what a tracker sees changes when it is lost
            self._learn_what_is_seen(seen)
        out.mouth = self._mouth
        np.dot(self._to_arkit, np.where(seen, out.weights, 0.0), out=out.observed)
        np.copyto(out.mask, self._face_mask)
        oldest_ns = min([face.time_ns for face in faces])
        out.oldest_s = max(0, time_ns - oldest_ns) / NS_PER_S
        np.multiply(self._face_mask, out.oldest_s, out=out.age_s)

    def _learn_what_is_seen(self, seen: NDArray[np.bool_]) -> None:
        """Average, per ARKit channel, those of its Unified shapes that are observed."""
        share = TO_ARKIT * seen
        total = share.sum(axis=1)
        self._seen = seen.tobytes()
        self._mouth = bool(total[_MOUTH].any())
        self._face_mask = (total > 0.0).astype(np.float64)
        self._to_arkit = share / np.where(total > 0.0, total, 1.0)[:, None]

    def _take_eyes(self, eyes: EyeSample, time_ns: int) -> None:
        out = self.observation
        np.copyto(out.gaze, eyes.gaze)
        np.copyto(out.pupil_mm, eyes.pupil_mm)
        age_s = max(0, time_ns - eyes.time_ns) / NS_PER_S
        out.oldest_s = max(out.oldest_s, age_s)
        observed, mask, age = out.observed, out.mask, out.age_s
        lids = eyes.openness.tolist()
        looks: list[bool] = []
        for side in (0, 1):
            x, y, z = out.gaze[side].tolist()
            looks.append(x == x and y == y and z == z)  # not NaN
            if looks[side]:
                look = _look(side, atan2(x, -z), atan2(y, hypot(x, z)))
                for channel, weight, rest in zip(
                    _LOOK[side], look, self._look_rest[side], strict=True
                ):
                    observed[channel] = weight - rest
                    mask[channel] = 1.0
                    age[channel] = age_s
            openness = lids[side] / self._openness_rest[side]
            out.openness[side] = openness
            if openness == openness:
                channel = _BLINK[side]
                observed[channel] = 1.0 - openness
                mask[channel] = 1.0
                age[channel] = age_s
        out.gaze_sensed = (looks[0], looks[1])
        out.eyes = any(looks) or not all(map(isnan, lids))

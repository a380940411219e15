"""Samples of headsets that number the face in a vendor's way, and say where eyes look by a rotation."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import SensorError
from ..frame import NO_WEIGHTS, EyeSample, Floats, Sample
from ..names import UNIFIED
from ..vendor_maps import Reading
from .sample import observed

LARGEST: Final = 4.0
"""Weights reach 1.08; beyond this they are not a face's."""

NOTHING: Final = Reading(NO_WEIGHTS, np.full((2, 3), np.nan), np.full(2, np.nan))
"""What says nothing."""

_UNSENSED: Final = np.full(2, np.nan)
_ROUNDED: Final = 0.05  # how far from 1 a rotation's length may be: single precision, or half


def face_weights(values: NDArray[np.floating]) -> Floats:
    """Return weights, any shape, as they are: NaN, an infinity or what no face has is refused.

    They come as they stood in the packet: to widen a signalling NaN would be a warning of numpy's.

    Raises:
        SensorError: Such a number.
    """
    if not (np.abs(values) <= LARGEST).all():
        raise SensorError("weights that no face has")
    return values.astype(np.float64)


def filled(one: Reading, other: Reading) -> Reading:
    """Return a reading, and where it says nothing, the other."""
    return Reading(
        np.where(np.isnan(one.weights), other.weights, one.weights),
        np.where(np.isnan(one.gaze), other.gaze, one.gaze),
        np.where(np.isnan(one.openness), other.openness, one.openness),
    )


def gaze_from_rotations(xyzw: NDArray[np.floating]) -> Floats:
    """Return where eyes look that are turned from straight ahead.

    Args:
        xyzw: Shape (..., 4), unit quaternions in head space; all zero where an eye is not tracked.

    Returns:
        Shape (..., 3), unit vectors in head space; NaN where not tracked, or where the eye would
        look backwards, as it seems to where a sender forgot to take the head's turning off.

    Raises:
        SensorError: Numbers that are no rotation.
    """
    if not (np.abs(xyzw) <= 1.0 + _ROUNDED).all():  # NaN too
        raise SensorError("an eye's rotation that is none")
    xyzw = xyzw.astype(np.float64)
    length = np.linalg.norm(xyzw, axis=-1, keepdims=True)
    absent = length == 0.0
    if not (absent | (np.abs(length - 1.0) <= _ROUNDED)).all():
        raise SensorError("an eye's rotation that is none")
    x, y, z, w = np.moveaxis(xyzw / np.where(absent, np.nan, length), -1, 0)
    # The quaternion's third axis, turned round: forward is -z.
    gaze = np.stack([-2 * (x * z + w * y), 2 * (w * x - y * z), 2 * (x * x + y * y) - 1], axis=-1)
    return np.where(gaze[..., 2:] < 0.0, gaze, np.nan)


def samples(
    source: str,
    reading: Reading,
    *,
    received_ns: int,
    gaze: Floats | None = None,
    confidence: Floats | None = None,
    eye_confidence: Floats | None = None,
) -> list[Sample]:
    """Return a reading's face and eyes; without what it says nothing of.

    Args:
        source: The reader's name.
        reading: One face.
        received_ns: When it reached us; no vendor's stream says when it was true.
        gaze: Shape (2, 3), better than what the look weights say, NaN where it is not.
        confidence: Shape (88,), of the weights, 0 not observed to 1; sure of all without it.
        eye_confidence: Shape (2,), likewise.
    """
    told: list[Sample] = []
    sure = np.ones(len(UNIFIED)) if confidence is None else confidence
    face = observed(source, np.where(sure == 0.0, np.nan, reading.weights), received_ns=received_ns)
    if face.confidence.any():
        told.append(replace(face, confidence=face.confidence * sure))
    look = reading.gaze if gaze is None else np.where(np.isnan(gaze), reading.gaze, gaze)
    known = ~(np.isnan(look).any(axis=1) & np.isnan(reading.openness))
    if known.any():
        told.append(
            EyeSample(
                time_ns=received_ns,
                received_ns=received_ns,
                gaze=look,
                openness=reading.openness,
                pupil_mm=_UNSENSED,
                confidence=known * (np.ones(2) if eye_confidence is None else eye_confidence),
            )
        )
    return told

"""Fits a profile from the first seconds of ordinary use: rest and range.

The resting face is the median of what was seen: people rest more than they do anything else, and a
median does not care what they did with the rest of the time. With little to go on it leans towards
the tracker's own zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_S
from ..headset.expressions import angles_from_gaze
from ..headset.frame import FaceSample, SensorFrame
from ..headset.merge import merge
from ..headset.names import UNIFIED
from .profile import Profile

Floats = NDArray[np.float64]

ENOUGH_S: Final = 10.0
"""After this long a median of rest hardly moves: full quality. Under it quality is the share."""

_SOON_NS: Final = NS_PER_S // 4
"""A sample says nothing of what came more than this after it."""

TRUSTED_S: Final = 3.0
"""Under this long the rest is mixed with the tracker's zero, by the share of it that was seen."""


def fit(frames: Iterable[SensorFrame]) -> Profile:
    """Return the profile of the wearer seen in some frames.

    Args:
        frames: In order of time; each sample is used once however many frames show it.

    Returns:
        A profile; of quality 0, with a note, where nothing was seen.
    """
    weights: list[Floats] = []
    openness: list[Floats] = []
    gaze: list[Floats] = []
    face_ns: list[int] = []
    eyes_ns: list[int] = []
    for frame in frames:
        if frame.faces and frame.faces[0].time_ns not in face_ns[-1:]:
            face_ns.append(frame.faces[0].time_ns)
            weights.append(_merged(frame.faces))
        eyes = frame.eyes
        if eyes is not None and eyes.time_ns not in eyes_ns[-1:]:
            eyes_ns.append(eyes.time_ns)
            openness.append(eyes.openness)
            gaze.append(eyes.gaze)
    seen_s = max(_covered_s(face_ns), _covered_s(eyes_ns))
    if not weights and not openness:
        return _unknown()
    trust = min(1.0, seen_s / TRUSTED_S)
    yaw_rad, pitch_rad = angles_from_gaze(_stack(gaze, (2, 3)))
    return Profile(
        rest=trust * _quantile(_stack(weights, (len(UNIFIED),)), 0.5),
        reach=_quantile(_stack(weights, (len(UNIFIED),)), 0.99),
        openness_rest=1.0 + trust * (_quantile(_stack(openness, (2,)), 0.5) - 1.0),
        gaze_rest_rad=trust * _quantile(np.stack([yaw_rad, pitch_rad], axis=-1), 0.5),
        seconds=seen_s,
        quality=min(1.0, seen_s / ENOUGH_S),
        notes=_notes(seen_s, bool(weights), bool(openness)),
    )


def _merged(faces: tuple[FaceSample, ...]) -> Floats:
    weights = np.empty(len(UNIFIED))
    merge(faces, weights, np.empty(len(UNIFIED), dtype=np.uint8))
    return weights


def _covered_s(times_ns: list[int]) -> float:
    """Return for how long a sensor was seen: a sample stands for the time to the next, if soon."""
    steps = np.diff(np.array(times_ns, dtype=np.int64))
    return float(np.clip(steps, 0, _SOON_NS).sum()) / NS_PER_S


def _notes(seen_s: float, face: bool, eyes: bool) -> tuple[str, ...]:
    notes: list[str] = []
    if seen_s < ENOUGH_S:
        notes.append(f"only {seen_s:.1f} s were seen: give {ENOUGH_S:.0f} s or more")
    if not face:
        notes.append("no face tracker was seen: the mouth is uncalibrated")
    if not eyes:
        notes.append("no eye tracker was seen: lids and gaze are uncalibrated")
    return tuple(notes)


def _unknown() -> Profile:
    return Profile(
        rest=np.full(len(UNIFIED), np.nan),
        reach=np.full(len(UNIFIED), np.nan),
        openness_rest=np.full(2, np.nan),
        gaze_rest_rad=np.full((2, 2), np.nan),
        seconds=0.0,
        quality=0.0,
        notes=("nothing was seen: check the sensors (`unvisor doctor`) and calibrate again",),
    )


def _stack(rows: list[Floats], shape: tuple[int, ...]) -> Floats:
    return np.stack(rows) if rows else np.full((1, *shape), np.nan)


def _quantile(rows: Floats, q: float) -> Floats:
    """Return the quantile along axis 0 over what is finite; NaN where nothing is."""
    flat = rows.reshape(len(rows), -1)
    out = np.full(flat.shape[1], np.nan)
    for column, values in enumerate(flat.T):
        finite = values[np.isfinite(values)]
        if finite.size:
            out[column] = np.quantile(finite, q)
    return out.reshape(rows.shape[1:])

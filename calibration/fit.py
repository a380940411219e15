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
from ..headset.frame import SensorFrame
from ..headset.names import UNIFIED
from .profile import Profile

Floats = NDArray[np.float64]

ENOUGH_S: Final = 10.0
"""After this long a median of rest hardly moves: full quality. Under it quality is the share."""

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
    face_ns: dict[str, int] = {}
    eyes_ns = -1
    first_ns, last_ns = None, None
    for frame in frames:
        for face in frame.faces:
            if face_ns.get(face.source) != face.time_ns:
                face_ns[face.source] = face.time_ns
                weights.append(face.weights)
        eyes = frame.eyes
        if eyes is not None and eyes.time_ns != eyes_ns:
            eyes_ns = eyes.time_ns
            openness.append(eyes.openness)
            gaze.append(eyes.gaze)
        first_ns = frame.time_ns if first_ns is None else first_ns
        last_ns = frame.time_ns
    seen_s = 0.0 if first_ns is None or last_ns is None else (last_ns - first_ns) / NS_PER_S
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

"""Prediction for the display time: the face carried on by its rate, against the newest sample held.

A frame is seen some 30 ms after it is made. What is drawn is `Face.weights` and `Face.rate` times the
way to that instant (`headset.link_layout`); the rival is what was sensed last, shown as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ...datasets.recording import Recording, interpolate
from ...datasets.streams import Floats
from ...headset.clock import NS_PER_S
from ...headset.errors import RecordingError
from ...headset.expressions import arkit_from_unified
from ...headset.frame import Face
from ...headset.names import ARKIT, ARKIT_INDEX, BLINK_2, LOOK_8
from ...headset.rig import RIGS
from ..models import reconstructor
from ..motion import AHEAD_NS
from ..pipeline import Continuity
from .replay import calibrated

_BRIDGE_NS: Final = NS_PER_S // 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How well the visible face is foreseen.

    Attributes:
        model: What made the face.
        name: The recording.
        rig: What was sensed.
        mae: Of the predicted visible channels against truth `AHEAD_NS` later, gaze apart.
        hold_mae: Of the newest face held.
        ratio: Of the two; below 1 prediction helps.
        lids_ratio: The same of the lids alone; NaN where they are not sensed.
    """

    model: str
    name: str
    rig: str
    mae: float
    hold_mae: float
    ratio: float
    lids_ratio: float


def ahead(
    name: str, recording: Recording, model: str, *, calibration_s: float, label: str = ""
) -> Ahead:
    """Predict every frame of a recording after its calibration; see `Ahead`.

    Args:
        name: Of the recording.
        recording: With truth and a rig that senses something.
        model: As `models.predictor` takes it.
        calibration_s: How much of its start the wearer is calibrated from.
        label: What the model is called; its own name or file where empty.

    Raises:
        RecordingError: No truth, or nothing is sensed.
    """
    truth, rig = recording.truth, RIGS.get(recording.about.rig)
    if truth is None or rig is None or not rig.observed:
        raise RecordingError(
            f"{name}: no truth, or nothing sensed to foresee: simulate its sensors"
        )
    blind = recording.without_truth()
    infers = reconstructor(model, calibrated(blind, calibration_s))
    until_ns = recording.span_ns[0] + round(calibration_s * NS_PER_S)
    times: list[int] = []
    now: list[Floats] = []
    then: list[Floats] = []
    continuity = Continuity()
    for frame in blind.frames():
        if continuity.broken_by(frame):
            infers.reset()
        face = infers.reconstruct(frame)
        if frame.time_ns > until_ns:
            held, carried = _both(face)
            times.append(frame.time_ns + AHEAD_NS)
            now.append(held)
            then.append(carried)
    if not times:
        raise RecordingError(f"{name}: nothing left after calibration: record longer")
    at_ns = np.array(times, dtype=np.int64)
    channels = [ARKIT_INDEX[channel] for channel in rig.observed if channel not in LOOK_8]
    real = interpolate(truth.time_ns, truth.arkit, at_ns, gap_ns=_BRIDGE_NS) - truth.rest(until_ns)
    errors = [np.abs(np.array(given) - real)[:, channels] for given in (then, now)]
    both = np.isfinite(errors[0]) & np.isfinite(errors[1])  # on the same frames
    mae, hold = (_mean(error[both]) for error in errors)
    lids = [place for place, channel in enumerate(channels) if ARKIT[channel] in BLINK_2]
    on = both[:, lids]
    lids_mae, lids_hold = (_mean(error[:, lids][on]) for error in errors)
    return Ahead(
        model=label or model,
        name=name,
        rig=rig.name,
        mae=mae,
        hold_mae=hold,
        ratio=mae / hold if hold > 0.0 else float("nan"),
        lids_ratio=lids_mae / lids_hold if lids_hold > 0.0 else float("nan"),
    )


def _both(face: Face) -> tuple[Floats, Floats]:
    """Return a face's ARKit weights (52,) as they are, and carried on by `AHEAD_NS`."""
    ahead_s = AHEAD_NS / NS_PER_S
    weights = np.stack([face.weights, face.weights + ahead_s * np.nan_to_num(face.rate)])
    openness = np.stack(
        [face.openness, face.openness + ahead_s * np.nan_to_num(face.openness_rate)]
    )
    gaze = np.broadcast_to(face.gaze, (2, *face.gaze.shape))
    held, carried = arkit_from_unified(weights, gaze, openness)
    return held, carried


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")

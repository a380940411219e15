"""What happens when one sensor falls silent mid-stream, and when it comes back."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...datasets.recording import Recording, interpolate
from ...datasets.streams import FaceTrack
from ...headset.clock import NS_PER_S, seconds
from ...headset.errors import RecordingError
from ...headset.names import ARKIT_INDEX, BLINK_2, LOOK_8
from ...headset.rig import RIGS
from .metrics import mean_over
from .replay import reconstruct

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorLoss:
    """What happens when one sensor falls silent for a while and comes back.

    Attributes:
        model: What inferred the face.
        name: The recording.
        rig: What was sensed.
        source: The sensor that was lost.
        ratio: Error on hidden channels while it is lost, to that of the rig which never had it.
        step: The largest change from frame to frame, over the largest without the loss: what the
            switch adds; 0 where it adds nothing.
        recovery_s: Time after its return until the face is within 0.05 of the undisturbed one.
    """

    model: str
    name: str
    rig: str
    source: str
    ratio: float
    step: float
    recovery_s: float


LOST: Final = (0.6, 0.75)
"""Start and end of the silence, as shares of the recording."""

_ALL_OF_IT: Final = (-1.0, 2.0)  # and what was received before the first frame or after the last
_RECOVERED: Final = 0.05


def sensor_losses(
    name: str,
    recording: Recording,
    model: str,
    *,
    calibration_s: float,
    label: str = "",
    whole: FaceTrack | None = None,
) -> list[SensorLoss]:
    """Silence mouth, eyes and microphone in turn, those that there are; see `SensorLoss`.

    Args:
        name: Of the recording.
        recording: With truth and sensors.
        model: As `models.predictor` takes it.
        calibration_s: How much of it the wearer is calibrated from.
        label: What the model is called; its own name or file where empty.
        whole: What the model makes of the undisturbed recording, where that is known already.

    Returns:
        One for each sensor; none where the silence would begin before calibration is over.

    Raises:
        RecordingError: The recording has no truth or no known rig.
    """
    truth, rig = recording.truth, RIGS.get(recording.about.rig)
    if truth is None or rig is None:
        raise RecordingError(f"{name}: no truth or no known rig to judge by: simulate its sensors")
    start_ns, end_ns = recording.span_ns
    lost_ns, back_ns = (start_ns + round(share * (end_ns - start_ns)) for share in LOST)
    until_ns = start_ns + round(calibration_s * NS_PER_S)
    if lost_ns < until_ns:
        return []
    if whole is None:
        whole = reconstruct(recording, model, calibration_s=calibration_s)
    hidden = [ARKIT_INDEX[channel] for channel in rig.hidden]
    rest = truth.rest(until_ns)[hidden]
    silent = (truth.time_ns >= lost_ns) & (truth.time_ns < back_ns)
    real = truth.arkit[silent][:, hidden] - rest
    found: list[SensorLoss] = []
    for source in ("mouth", "eyes", "audio"):
        if source not in recording.streams:
            continue
        cut = without_sensor(recording, source, lost=LOST)
        less = without_sensor(recording, source, lost=_ALL_OF_IT)
        switched = reconstruct(cut, model, calibration_s=calibration_s)
        never = reconstruct(less, model, calibration_s=calibration_s)
        lost_error, never_error = (
            float(mean_over(np.abs(_at(t, truth.time_ns[silent])[:, hidden] - real).ravel()))
            for t in (switched, never)
        )
        found.append(
            SensorLoss(
                model=label or model,
                name=name,
                rig=rig.name,
                source=source,
                ratio=lost_error / never_error if never_error > 0.0 else float("nan"),
                step=max(0.0, _largest_step(switched) - _largest_step(whole)),
                recovery_s=_recovery_s(switched, whole, back_ns),
            )
        )
    return found


def _at(track: FaceTrack, time_ns: NDArray[np.int64]) -> Floats:
    return interpolate(track.time_ns, track.arkit_median, time_ns, gap_ns=NS_PER_S)


def _largest_step(track: FaceTrack) -> float:
    """Return the largest change of any channel that is sent, lids and gaze apart; absent is 0."""
    quick = [ARKIT_INDEX[channel] for channel in (*LOOK_8, *BLINK_2)]
    sent = np.nan_to_num(np.delete(track.arkit, quick, axis=1))
    return float(np.abs(np.diff(sent, axis=0)).max(initial=0.0))


def _recovery_s(switched: FaceTrack, whole: FaceTrack, back_ns: int) -> float:
    after = switched.time_ns[switched.time_ns >= back_ns]
    apart = np.abs(_at(switched, after) - _at(whole, after)).max(axis=1)
    away = np.flatnonzero(~(apart <= _RECOVERED))
    last_ns = int(after[away[-1]]) if away.size else back_ns
    return seconds(max(0, last_ns - back_ns))


def without_sensor(recording: Recording, source: str, *, lost: tuple[float, float]) -> Recording:
    """Return a recording whose sensor falls silent for a part of it, and comes back.

    Args:
        recording: With the stream `source`.
        source: Name of the stream.
        lost: Start and end of the silence, as shares of the span.
    """
    start_ns, end_ns = recording.span_ns
    from_ns, to_ns = (start_ns + round(share * (end_ns - start_ns)) for share in lost)
    stream = recording.streams[source]
    kept = (stream.received_ns < from_ns) | (stream.received_ns >= to_ns)
    columns = {field.name: getattr(stream, field.name) for field in fields(stream)}
    silenced = replace(
        stream,
        **{name: rows[kept] for name, rows in columns.items() if isinstance(rows, np.ndarray)},
    )
    return Recording(
        about=recording.about,
        streams={**recording.streams, source: silenced},
        truth=recording.truth,
        events=recording.events,
        span_ns=recording.span_ns,
    )

"""Does an eye that nothing senses behave like one? Blinks and glances against what people do.

Where gaze and lids are unsensed they are made up, and comparing them with truth frame by frame would
say nothing: what can be judged is whether they move as eyes do. So this reads a track alone, on its
own times, and states each figure beside the human one.

Source: SCIENCE 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.clock import NS_PER_MS, NS_PER_S
from ...headset.expressions import angles_from_gaze, gaze_from_arkit
from ...headset.names import ARKIT_INDEX, BLINK_2
from ..events import up
from ..life.saccade import main_sequence_deg_s
from . import metrics

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Human:
    """What people do: between `low` and `high`, in the unit of the figure's name."""

    low: float
    high: float
    means: str


HUMAN: Final[dict[str, Human]] = {
    "blink_rate_per_min": Human(low=8.0, high=32.5, means="looking ahead to talking, 95 % of people"),
    "blink_duration_ms": Human(low=233.0, high=380.0, means="shutting 90, shut 10-50, opening 240"),
    "blink_closing_over_opening": Human(low=1.40, high=1.47, means="peak lid speeds, mean of people"),
    "fixation_ms": Human(low=200.0, high=300.0, means="median length"),
    "saccade_speed_over_main_sequence": Human(low=0.86, high=1.14, means="one deviation of people"),
    "lid_behind_gaze_ms": Human(low=0.0, high=17.0, means="5 ms; within a 60 Hz frame"),
}  # fmt: skip
"""Each figure of `behaviour`, and where people lie."""

LONGEST_BLINK_NS: Final = 700 * NS_PER_MS
"""Lids shut for longer are closed eyes, not a blink: twice a slow blink."""

_BLINK_FOOT: Final = 0.1  # of its height: where a blink begins and ends
_BLINK_REACH_NS: Final = 500 * NS_PER_MS  # how far from its peak its feet are looked for
_SACCADE_RAD_S: Final = np.radians(40.0)  # faster than pursuit, slower than a saccade of 1 degree
_LEAST_SACCADE_DEG: Final = 3.0  # below it one frame's noise is a good part of the amplitude
_LEAST_RATE_HZ: Final = 50.0  # a blink closes in 66 to 90 ms: four frames
_LEAST_SACCADE_RATE_HZ: Final = (
    80.0  # a saccade of 5 degrees lasts 37 ms: at 60 Hz its peak is lost
)


def behaviour(time_ns: Times, arkit: Floats) -> dict[str, float]:
    """Return the figures of `HUMAN`, NaN where the track is too slow, too short or has none.

    Args:
        time_ns: Shape (T,), increasing.
        arkit: Shape (T, 52), what is sent.
    """
    figures = dict.fromkeys(HUMAN, float("nan"))
    if len(time_ns) < 2:
        return figures
    rate_hz = NS_PER_S / float(np.median(np.diff(time_ns)))
    closure = arkit[:, [ARKIT_INDEX[name] for name in BLINK_2]].mean(axis=1)
    figures |= _blinks(time_ns, closure, rate_hz)
    yaw_rad, pitch_rad = (angle.mean(axis=1) for angle in angles_from_gaze(gaze_from_arkit(arkit)))
    if rate_hz >= _LEAST_RATE_HZ:
        opened = np.where(up(closure), np.nan, closure)  # between blinks the lid follows the eye
        lag_ms = metrics.delay_ms(-pitch_rad[:, None], opened[:, None], rate_hz)
        figures["lid_behind_gaze_ms"] = float(lag_ms[0])
    return figures | _glances(time_ns, yaw_rad, pitch_rad, rate_hz)


def _blinks(time_ns: Times, closure: Floats, rate_hz: float) -> dict[str, float]:
    minutes = np.count_nonzero(np.isfinite(closure)) / rate_hz / 60.0
    durations_ms: list[float] = []
    skews: list[float] = []
    count = 0
    for start, end in _runs(up(closure)):
        if time_ns[end] - time_ns[start] > LONGEST_BLINK_NS:
            continue
        count += 1
        peak = start + int(np.argmax(closure[start : end + 1]))
        foot = _foot(closure[peak::-1], abs(time_ns[peak::-1] - time_ns[peak]))
        toe = _foot(closure[peak:], time_ns[peak:] - time_ns[peak])
        if foot is None or toe is None:
            continue
        whole = slice(peak - foot, peak + toe + 1)
        speed = np.diff(closure[whole]) / np.diff(time_ns[whole])
        durations_ms.append(float(time_ns[peak + toe] - time_ns[peak - foot]) / NS_PER_MS)
        skews.append(float(speed.max() / -speed.min()))
    timed = rate_hz >= _LEAST_RATE_HZ and bool(durations_ms)
    return {
        "blink_rate_per_min": count / minutes if minutes else float("nan"),
        "blink_duration_ms": float(np.median(durations_ms)) if timed else float("nan"),
        "blink_closing_over_opening": float(np.median(skews)) if timed else float("nan"),
    }


def _foot(closure: Floats, away_ns: Times) -> int | None:
    """Return how many frames from a blink's peak its foot is, walking away from the peak."""
    near = closure[: int(np.searchsorted(away_ns, _BLINK_REACH_NS, side="right"))]
    if len(near) < 2 or np.isnan(near).any():
        return None
    foot = near.min() + _BLINK_FOOT * (near[0] - near.min())
    return int(np.argmax(near <= foot)) or None


def _glances(
    time_ns: Times, yaw_rad: Floats, pitch_rad: Floats, rate_hz: float
) -> dict[str, float]:
    steps_s = np.diff(time_ns) / NS_PER_S
    speed_rad_s = np.hypot(np.diff(yaw_rad), np.diff(pitch_rad)) / steps_s
    known = np.isfinite(speed_rad_s)
    fast = known & (np.where(known, speed_rad_s, 0.0) > _SACCADE_RAD_S)
    saccades = _runs(fast)
    found = {"fixation_ms": float("nan"), "saccade_speed_over_main_sequence": float("nan")}
    rests = [(start, end) for start, end in _runs(known & ~fast) if start and end < len(fast) - 1]
    if rests and rate_hz >= _LEAST_RATE_HZ:
        lengths_ms = [(time_ns[end + 1] - time_ns[start]) / NS_PER_MS for start, end in rests]
        found["fixation_ms"] = float(np.median(lengths_ms))
    ratios: list[float] = []
    for start, end in saccades:
        across = np.degrees(yaw_rad[end + 1] - yaw_rad[start])
        along = np.degrees(pitch_rad[end + 1] - pitch_rad[start])
        amplitude = float(np.hypot(across, along))
        if amplitude >= _LEAST_SACCADE_DEG:
            peak = float(np.degrees(speed_rad_s[start : end + 1].max()))
            ratios.append(peak / main_sequence_deg_s(amplitude, abs(float(across)) / amplitude))
    if ratios and rate_hz >= _LEAST_SACCADE_RATE_HZ:
        found["saccade_speed_over_main_sequence"] = float(np.median(ratios))
    return found


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last index of each run of true."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0) - 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))

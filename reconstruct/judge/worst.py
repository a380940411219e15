"""Where a model fails most: the ten seconds with the largest error on hidden channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...headset.clock import NS_PER_S
from ...headset.names import ARKIT_INDEX, HIDDEN_14
from .ground_truth import Floats, Take, Times, ground

STRETCH_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """A stretch of one take.

    Attributes:
        rig: What was sensed.
        track: Whose error.
        person: Whose face.
        take: The recording's name.
        start_s: From the recording's first true frame.
        length_s: `STRETCH_S`, or all that is judged where that is less.
        mae: Over hidden-14 (what of them the rig hides) in that stretch.
        rest_mae: Of the resting face, in the same stretch.
        usual_mae: Of the track over the whole take.
    """

    rig: str
    track: str
    person: str
    take: str
    start_s: float
    length_s: float
    mae: float
    rest_mae: float
    usual_mae: float


def worst(takes: Sequence[Take], track: str, *, stretch_s: float = STRETCH_S) -> Worst | None:
    """Return the worst stretch of any take of people the track has not seen; None without any.

    Takes whose truth lacks all of these channels are passed over.
    """
    unseen = (take for take in takes if take.person not in take.trained_on[track])
    found = [each for take in unseen if (each := _of_take(take, track, stretch_s)) is not None]
    return max(found, key=lambda each: each.mae, default=None)


def _of_take(take: Take, track: str, stretch_s: float) -> Worst | None:
    on = ground([take])
    channels = [ARKIT_INDEX[name] for name in HIDDEN_14 if name in take.rig.hidden]
    truth = on.truth[:, channels]
    error = _by_frame(np.abs(on.answer(track).median[:, channels] - truth))
    if not np.isfinite(error).any():
        return None  # its truth knows nothing of these channels
    first_ns = int(take.truth.time_ns[take.truth.time_ns > take.calibrated_until_ns][0])
    start, end = _largest(on.time_ns, error, round(stretch_s * NS_PER_S))
    return Worst(
        rig=take.rig.name,
        track=track,
        person=take.person,
        take=take.name,
        start_s=(first_ns + int(on.time_ns[start]) - int(take.truth.time_ns[0])) / NS_PER_S,
        length_s=int(on.time_ns[end - 1] - on.time_ns[start]) / NS_PER_S,
        mae=float(np.nanmean(error[start:end])),
        rest_mae=float(np.nanmean(_by_frame(np.abs(truth))[start:end])),
        usual_mae=float(np.nanmean(error)),
    )


def _by_frame(error: Floats) -> Floats:
    """Return the mean over channels (T,), NaN on frames that are not judged."""
    judged = np.isfinite(error)
    total = np.where(judged, error, 0.0).sum(axis=1)
    count = judged.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _largest(time_ns: Times, error: Floats, length_ns: int) -> tuple[int, int]:
    """Return the rows [start, end) of the stretch with the most error; a hole counts as none."""
    judged = np.flatnonzero(np.isfinite(error))
    last = int(judged[-1])
    total = np.append(0.0, np.cumsum(np.nan_to_num(error)))
    starts = np.flatnonzero(time_ns <= max(int(time_ns[last]) - length_ns, int(time_ns[0])))
    ends = np.minimum(np.searchsorted(time_ns, time_ns[starts] + length_ns), last + 1)
    best = int(np.argmax(total[ends] - total[starts]))
    return int(starts[best]), int(ends[best])

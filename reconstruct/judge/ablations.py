"""What each part of the chain is worth: the same model with one part taken away.

- *sent as guessed*: no gain, the median itself is sent. Costs dynamics and CCC, may gain jitter.
- *interval of one width*: the interval's mean width on every frame. Costs coverage of the people who
  move most, and what confidence says of error.
- *rest not known*: the tracker's zero stands for the wearer's rest. Costs error.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ...calibration.profile import Profile
from ...datasets.recording import Recording
from ...datasets.streams import FaceTrack, Floats
from ...headset.names import ARKIT_INDEX, UNIFIED
from ...headset.rig import Rig
from ..models import reconstructor
from ..offline import track
from .ground_truth import Take
from .metrics import mean_over

SENT_AS_GUESSED: Final = "sent as guessed"
ONE_WIDTH: Final = "interval of one width"
REST_NOT_KNOWN: Final = "rest not known"


def stripped(take: Take, recording: Recording, *, name: str, model: str) -> Take:
    """Return a take whose tracks are a model, the same without each part, and rest.

    Args:
        take: With the tracks `neutral` and `name`.
        recording: What it was made from.
        name: Of the model's track.
        model: As `models.predictor` takes it.
    """
    whole = take.tracks[name]
    tracks = {
        "neutral": take.tracks["neutral"],
        name: whole,
        f"{name}: {SENT_AS_GUESSED}": _without_gain(whole, take.rig),
        f"{name}: {ONE_WIDTH}": _one_width(whole, take.calibrated_until_ns),
        f"{name}: {REST_NOT_KNOWN}": _rest_not_known(recording, model),
    }
    seen = take.trained_on[name]
    trained_on = dict.fromkeys(tracks, seen) | {"neutral": frozenset[str]()}
    return replace(take, tracks=tracks, trained_on=trained_on)


def _without_gain(whole: FaceTrack, rig: Rig) -> FaceTrack:
    hidden = [ARKIT_INDEX[channel] for channel in rig.hidden]
    arkit = whole.arkit.copy()
    arkit[:, hidden] = whole.arkit_median[:, hidden]
    return replace(whole, arkit=arkit)


def _one_width(whole: FaceTrack, until_ns: int) -> FaceTrack:
    """Keep each channel's mean distance of both ends from the median, over what is judged."""
    judged = whole.time_ns > until_ns

    def flat(end: Floats) -> Floats:
        away = end - whole.arkit_median
        return whole.arkit_median + mean_over(away[judged])

    return replace(whole, arkit_low=flat(whole.arkit_low), arkit_high=flat(whole.arkit_high))


def _rest_not_known(recording: Recording, model: str) -> FaceTrack:
    """Reconstruct for a wearer whose rest is taken to be what the tracker calls zero."""
    shapes = len(UNIFIED)
    anybody = Profile(
        rest=np.zeros(shapes),
        reach=np.full(shapes, np.nan),
        openness_rest=np.ones(2),
        gaze_rest_rad=np.zeros((2, 2)),
        seconds=0.0,
        quality=1.0,
    )
    return track(recording.without_truth().frames(), reconstructor(model, anybody))

"""From faces as columns to a `FaceTrack`: the one place where both vocabularies are put side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.expressions import arkit_from_unified
from ..headset.names import ARKIT
from .streams import FaceTrack, Floats, Times

BLOCK: Final = 8192
"""Faces worked on at once: enough for numpy, little beside an evening's track."""


def face_track(
    *,
    time_ns: Times,
    weights: Floats,
    median: Floats,
    low: Floats,
    high: Floats,
    gaze: Floats,
    openness: Floats,
    openness_median: Floats,
    openness_low: Floats,
    openness_high: Floats,
    origin: NDArray[np.uint8],
    events: Floats,
) -> FaceTrack:
    """Return T faces, none is fine, as a track. Arguments are columns of `headset.frame.Face`.

    ARKit channels are those of the face that is sent: gaze comes from `gaze`, blink from `openness`.
    The interval's ends of gaze channels are the gaze itself.

    Args:
        time_ns: Shape (T,).
        weights: Shape (T, 88), as sent; `median`, `low`, `high`, `origin` are of the same shape.
        median: The best single guess.
        low: Lower end of a 90 % interval.
        high: Upper end of it.
        gaze: Shape (T, 2, 3), unit vectors in head space.
        openness: Shape (T, 2), as sent; the other three are of the same shape.
        openness_median: The best single guess.
        openness_low: Lower end of a 90 % interval.
        openness_high: Upper end of it.
        origin: `headset.frame.Origin` as uint8.
        events: Shape (T, 6), probabilities.
    """
    return FaceTrack(
        time_ns=time_ns,
        arkit=_arkit(weights, gaze, openness),
        arkit_median=_arkit(median, gaze, openness_median),
        # A lid that is less open blinks more: the ends of the interval change places.
        arkit_low=_arkit(low, gaze, openness_high),
        arkit_high=_arkit(high, gaze, openness_low),
        unified=weights,
        origin=origin,
        events=events,
    )


def _arkit(weights: Floats, gaze: Floats, openness: Floats) -> Floats:
    arkit = np.empty((len(weights), len(ARKIT)))
    for start in range(0, len(weights), BLOCK):
        rows = slice(start, start + BLOCK)
        arkit[rows] = arkit_from_unified(weights[rows], gaze[rows], openness[rows])
    return arkit

"""Takes of the tests' own: people whose faces move at random, and tracks of known merit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from unvisor.datasets.streams import FaceTrack, Truth
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.frame import EVENTS
from unvisor.headset.names import ARKIT, UNIFIED
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.judge.ground_truth import Take

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
CALIBRATED_NS = 10 * NS_PER_S


def moving(seed: int, *, seconds: float = 40.0, rate_hz: float = 30.0) -> Truth:
    """A face at its own rest (not zero) half of the time, each channel on its own."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate_hz)
    noise = rng.normal(size=(count + 30, len(ARKIT)))
    window = np.hanning(31)[:, None] / np.hanning(31).sum()
    smooth = np.stack([np.convolve(c, window[:, 0], mode="valid") for c in noise.T], axis=1)
    rest = rng.uniform(0.0, 0.2, len(ARKIT))
    time_ns = np.rint(np.arange(count) * NS_PER_S / rate_hz).astype(np.int64)
    return Truth(time_ns=time_ns, arkit=rest + 3.0 * np.maximum(smooth, 0.0))


def relative(truth: Truth) -> Floats:
    """Truth relative to rest, as it is to be judged."""
    return truth.arkit - np.median(truth.arkit[truth.time_ns <= CALIBRATED_NS], axis=0)


def as_track(
    time_ns: Times,
    arkit: Floats,
    *,
    half_width: float | Floats = np.nan,
    median: Floats | None = None,
) -> FaceTrack:
    """A track that sends `arkit`, with an interval of a width about its median."""
    median = arkit if median is None else median
    count = len(time_ns)
    return FaceTrack(
        time_ns=time_ns,
        arkit=arkit,
        arkit_median=median,
        arkit_low=median - half_width,
        arkit_high=median + half_width,
        unified=np.full((count, len(UNIFIED)), np.nan),
        origin=np.zeros((count, len(UNIFIED)), dtype=np.uint8),
        events=np.full((count, len(EVENTS)), np.nan),
    )


def take(
    person: str,
    truth: Truth,
    tracks: Mapping[str, FaceTrack],
    *,
    rig: str = "mouth+eyes",
    trained_on: Mapping[str, frozenset[str]] | None = None,
) -> Take:
    """A take judged after `CALIBRATED_NS`."""
    return Take(
        person=person,
        name=f"take of {person}",
        rig=RIGS[rig],
        truth=truth,
        tracks=tracks,
        calibrated_until_ns=CALIBRATED_NS,
        trained_on=dict.fromkeys(tracks, frozenset[str]()) | dict(trained_on or {}),
        tracker="a test's own",
    )

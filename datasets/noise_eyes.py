"""What an eye tracker does to gaze and lids: parameters drawn once, then applied.

Errors come in layers: some are the wearer's (drawn for a person), some the donning's (drawn each
time the headset goes on), some last a fixation, some a sample. The first two are the dataclasses
here, small enough to be written into a file; the rest is drawn when they are applied.

Numbers marked *assumed* have no measurement behind them that we know of.

Source:
    Gaze: SCIENCE 5.2, fitted on 18 wearers x 10 sessions of an HTC Vive Pro Eye (Schuetz & Fiehler
    2022). Lids: assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from ..headset.clock import NS_PER_S
from .noise import Indices, Mask, ar1, bouts
from .streams import Floats, Times

RATE_HZ: Final = 90.0
DELAY_S: Final = (0.015, 0.052)
"""Tracker and transport."""

SPREAD: Final = {
    "wearer_bias_deg": ((0.06, 0.17), (-0.17, 0.36)),
    "wearer_gain": ((0.978, 0.040), (0.999, 0.043)),
    "donning_bias_deg": ((0.0, 0.28), (0.0, 0.38)),
    "donning_gain": ((0.0, 0.034), (0.0, 0.027)),
    "donning_cross_gain": ((0.0, 0.017), (0.0, 0.017)),
}
"""(mean, SD) of x and y for each layer of the error of both eyes together."""

FIXATION_SD_DEG: Final = (0.65, 0.59)
FIXATION_SD_GLASSES_DEG: Final = (0.80, 0.72)
GLASSES_SHARE: Final = 1.0 / 3.0
"""The study's three groups of six: contact lenses, glasses, uncorrected."""

ERROR_AT_CENTRE_DEG: Final = 0.53
ERROR_PER_DEG: Final = 0.044
MEAN_ERROR_DEG: Final = 1.08
"""Mean error = .53 + .044 x eccentricity; the SDs above are those at the mean error."""

VERGENCE_DEG: Final = (1.0, 1.7)
"""(mean, SD) of left minus right yaw error: the eyes seem to converge too near."""
DISPARITY_SD_DEG: Final = 1.4
"""Of left minus right pitch error."""
EYES_CORRELATION: Final = (0.08, 0.31)
"""Between the eyes' errors, x and y. Half a difference added to one eye and taken from the other
gives it for the slow errors (x: variance .80 shared, .72 opposed); the fast noise is mixed to it."""

JITTER_LOG_DEG: Final = (math.log(0.23), 0.80)
"""(mean, SD) of the logarithm of a fixation's SD over its samples."""
JITTER_TAU_S: Final = 0.115
REPEATS: Final = 0.02
REPEATS_BAD: Final = 0.65
BAD_FIXATIONS: Final = 0.17
"""Share of samples that repeat the one before; in some fixations most do."""

EYE_LOST: Final = 0.01
EYE_LOST_S: Final = (0.05, 0.5)  # assumed
OUTLIERS: Final = (0.02, 0.03)
OUTLIER_S: Final = (0.02, 0.1)  # assumed
OUTLIER_LEAST_DEG: Final = 5.0
OUTLIER_MORE_DEG: Final = 3.0
"""The study left out errors of 5 degrees and more: 2 to 3 % are added, 5 + Exp(3) degrees (assumed)."""

SHUT: Final = 0.3
"""Openness below which a lid covers the pupil (assumed)."""
BEFORE_SHUT_S: Final = 0.040
AFTER_SHUT_S: Final = 0.060

LID_TAU_S: Final = 0.05  # assumed

SACCADE_DEG_S: Final = 50.0
"""Gaze faster than this is a saccade, and what follows another fixation (usual I-VT range 30-100)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GazeNoise:
    """One donning of an eye tracker. Pairs are (x, y): yaw to the right, pitch up.

    Attributes:
        delay_s: From the eye to us.
        bias_deg: Of both eyes together.
        gain: Of both eyes together.
        cross_gain: How much of the other axis leaks into each.
        glasses: Whether the wearer wears any.
        difference_deg: Left minus right error that lasts the donning.
        outliers: Share of samples that are far off.
    """

    delay_s: float
    bias_deg: tuple[float, float]
    gain: tuple[float, float]
    cross_gain: tuple[float, float]
    glasses: bool
    difference_deg: tuple[float, float]
    outliers: float

    @classmethod
    def draw(cls, wearer: Generator, donning: Generator) -> GazeNoise:
        """Draw one; `wearer` and `donning` keep what is whose apart."""

        def pair(rng: Generator, layer: str) -> Floats:
            mean, spread = np.transpose(SPREAD[layer])
            return mean + spread * rng.standard_normal(2)

        bias = pair(wearer, "wearer_bias_deg") + pair(donning, "donning_bias_deg")
        gain = pair(wearer, "wearer_gain") + pair(donning, "donning_gain")
        # The difference's variance: half lasts the donning, half a fixation (assumed).
        opposed = np.sqrt(0.5) * donning.standard_normal(2) * (VERGENCE_DEG[1], DISPARITY_SD_DEG)
        return cls(
            delay_s=float(donning.uniform(*DELAY_S)),
            bias_deg=_pair(bias),
            gain=_pair(gain),
            cross_gain=_pair(pair(donning, "donning_cross_gain")),
            glasses=bool(wearer.random() < GLASSES_SHARE),
            difference_deg=_pair(opposed + np.array([VERGENCE_DEG[0], 0.0])),
            outliers=float(donning.uniform(*OUTLIERS)),
        )

    def apply(self, angles_rad: Floats, fixation: Indices, rng: Generator) -> Floats:
        """Return what the tracker makes of true gaze.

        Args:
            angles_rad: Shape (T, 2, 2), per eye (yaw right, pitch up), at `RATE_HZ`.
            fixation: Shape (T,), never decreasing, which fixation a sample belongs to.
            rng: For what lasts a fixation or less.

        Returns:
            Shape (T, 2, 2), as `angles_rad`.
        """
        per_fixation, per_sample, per_outlier = rng.spawn(3)
        count = int(fixation[-1]) + 1 if fixation.size else 0
        drawn = per_fixation.standard_normal((count, 5))  # residual 2, difference 2, jitter's SD
        true_deg = np.degrees(angles_rad)
        eccentricity = np.linalg.norm(true_deg, axis=-1, keepdims=True)  # (T, 2, 1)
        spread = np.array(FIXATION_SD_GLASSES_DEG if self.glasses else FIXATION_SD_DEG)
        residual = (drawn[:, 0:2] * spread)[fixation, None, :]
        residual = residual * (ERROR_AT_CENTRE_DEG + ERROR_PER_DEG * eccentricity) / MEAN_ERROR_DEG
        opposed = np.sqrt(0.5) * drawn[:, 2:4] * (VERGENCE_DEG[1], DISPARITY_SD_DEG)
        opposed = opposed[fixation] + self.difference_deg
        mean_log, spread_log = JITTER_LOG_DEG
        jitter_sd = np.exp(mean_log + spread_log * drawn[fixation, 4])
        seen = true_deg * self.gain + true_deg[..., ::-1] * self.cross_gain + self.bias_deg
        seen += residual
        seen += 0.5 * opposed[:, None, :] * np.array([1.0, -1.0])[:, None]
        seen += jitter_sd[:, None, None] * _correlated(len(seen), per_sample)
        seen += _outliers(len(seen), self.outliers, per_outlier)
        return np.radians(seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class LidNoise:
    """How a tracker tells openness (assumed throughout; axis of 2 is left, right).

    Attributes:
        gain: What it calls fully open.
        floor: What it still reports of a shut eye.
        sd: Of its noise, correlated over `LID_TAU_S`.
    """

    gain: tuple[float, float]
    floor: tuple[float, float]
    sd: float

    @classmethod
    def draw(cls, rng: Generator) -> LidNoise:
        """Draw one for a wearer."""
        return cls(
            gain=_pair(rng.uniform(0.90, 1.05, 2)),
            floor=_pair(rng.uniform(0.0, 0.06, 2)),
            sd=float(rng.uniform(0.01, 0.03)),
        )

    def apply(self, openness: Floats, rng: Generator) -> Floats:
        """Return what the tracker makes of true openness (T, 2): 0 to 1, saturating."""
        floor = np.array(self.floor)
        seen = floor + (np.array(self.gain) - floor) * openness
        seen += self.sd * ar1(openness.shape, LID_TAU_S, RATE_HZ, rng)
        return np.clip(seen, 0.0, 1.0)


def fixations(time_ns: Times, angles_rad: Floats) -> Indices:
    """Return which fixation each sample belongs to, from 0, never decreasing.

    A saccade belongs to the fixation it leads to.

    Args:
        time_ns: Shape (T,).
        angles_rad: Shape (T, 2, 2), per eye (yaw, pitch).
    """
    moved_deg = np.degrees(np.linalg.norm(np.diff(angles_rad.mean(axis=1), axis=0), axis=-1))
    fast = np.zeros(time_ns.size, np.bool_)
    fast[1:] = moved_deg > SACCADE_DEG_S * np.diff(time_ns) / NS_PER_S  # NaN is not fast
    begins = fast.copy()
    begins[1:] &= ~fast[:-1]
    return np.cumsum(begins, dtype=np.intp)


def repeats(fixation: Indices, rng: Generator) -> Mask:
    """Return which samples repeat the one before: few, but most of some fixations."""
    per_fixation, per_sample = rng.spawn(2)
    count = int(fixation[-1]) + 1 if fixation.size else 0
    bad = per_fixation.random(count) < BAD_FIXATIONS
    return per_sample.random(fixation.size) < np.where(bad, REPEATS_BAD, REPEATS)[fixation]


def near_shut(time_ns: Times, openness: Floats) -> Mask:
    """Return (T, 2): where a blink takes the pupil from the tracker, with the margins around it."""
    first = np.searchsorted(time_ns, time_ns - round(AFTER_SHUT_S * NS_PER_S), side="left")
    last = np.searchsorted(time_ns, time_ns + round(BEFORE_SHUT_S * NS_PER_S), side="right")
    shut = np.cumsum(openness < SHUT, axis=0)
    so_far = np.concatenate([np.zeros((1, 2), shut.dtype), shut])
    return so_far[last] > so_far[first]


def _pair(values: Floats) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _correlated(count: int, rng: Generator) -> Floats:
    """Return (T, 2, 2) noise of SD 1, per eye and axis, correlated in time and between the eyes."""
    noise = ar1((count, 2, 2), JITTER_TAU_S, RATE_HZ, rng)
    shared = np.array(EYES_CORRELATION)
    noise[:, 1] = shared * noise[:, 0] + np.sqrt(1.0 - shared**2) * noise[:, 1]
    return noise


def _outliers(count: int, share: float, rng: Generator) -> Floats:
    """Return (T, 2, 2) degrees: zero, but for short bouts, of each eye alone, far off one way."""
    added = np.zeros((count, 2, 2))
    for eye, own in enumerate(rng.spawn(2)):
        where, size = own.spawn(2)
        off = bouts(count, RATE_HZ, share, OUTLIER_S, where)
        begins = np.flatnonzero(off & ~np.concatenate([[False], off[:-1]]))
        bout = np.searchsorted(begins, np.flatnonzero(off), side="right") - 1
        drawn = size.random((begins.size, 2))
        length = OUTLIER_LEAST_DEG - OUTLIER_MORE_DEG * np.log1p(-drawn[:, 0])
        turn = 2.0 * np.pi * drawn[:, 1]
        added[off, eye] = (length[:, None] * np.stack([np.cos(turn), np.sin(turn)], -1))[bout]
    return added

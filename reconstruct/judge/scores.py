"""One person's scores under one track: every metric of every channel, and their sums over groups.

Error and interval are judged on the median, motion on what is sent, r on both (FIDELITY).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.names import ARKIT, ARKIT_INDEX, BROW_5, COUPLED_9, HIDDEN_14
from ...headset.rig import Rig
from ..events import under_way
from . import metrics, onsets
from .event_scores import EventScores, event_scores
from .ground_truth import Answer, Ground

Floats = NDArray[np.float64]

SHARES: Final = np.array([0.25, 0.5, 0.75])
"""Of the surest frames, whose error is set against that of all."""

MEANS: Final[dict[str, str]] = {
    "mae": "mean absolute error of the median",
    "ratio": "mae ÷ that of the reference, per person; of hidden channels alone",
    "r": "Pearson, sent; 0 where the track is constant and truth is not",
    "r_median": "Pearson, median",
    "ccc": "concordance, sent",
    "dynamics": "std(sent) ÷ std(truth)",
    "fdd_abs": "|std(truth) - std(sent)|",
    "fdd": "std(truth) - std(sent): positive lacks motion",
    "jitter": "mean |sent - its 5-frame mean| where truth is still",
    "false_activation": "share of frames at rest on which sent is over 0.15",
    "coverage": "share of truth inside the stated 90 % interval",
    "width": "mean width of that interval",
    "risk_25": "mae over the surest quarter of frames ÷ mae over all",
    "risk_50": "the same over the surest half",
    "risk_75": "the same over the surest three quarters",
    "delay_ms": "how late sent is, by cross-correlation",
    "absent": "share of frames on which nothing was sent (judged as zero)",
} | {
    name: text
    for tolerance in onsets.TOLERANCES_MS
    for name, text in (
        (f"f1_{tolerance}", f"onset F1 within {tolerance} ms"),
        (f"f1_{tolerance}_chance", "the F1 of the same onsets turned round in time"),
    )
}
"""Every metric a row carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """One person's scores, all takes together.

    Attributes:
        values: By metric, shape (52,), NaN where it has no meaning.
        found: Onsets of each of the 52 channels.
        events: How true the probability of each of `headset.frame.EVENTS` is.
    """

    values: dict[str, Floats]
    found: tuple[onsets.Found, ...]
    events: tuple[EventScores, ...]

    def over(self, channels: Sequence[str]) -> dict[str, float]:
        """Return each metric's mean over channels; F1 is of their onsets counted together."""
        index = [ARKIT_INDEX[name] for name in channels]
        rows = np.stack([row[index] for row in self.values.values()], axis=1)
        means = dict(zip(self.values, metrics.mean_over(rows).tolist(), strict=True))
        found = onsets.together([self.found[i] for i in index])
        for k, tolerance in enumerate(onsets.TOLERANCES_MS):
            means[f"f1_{tolerance}"] = found.f1(k)
            means[f"f1_{tolerance}_chance"] = found.chance_f1(k)
        return means


def groups(rig: Rig) -> dict[str, tuple[str, ...]]:
    """Return the groups of channels a rig is judged on, then each of the 52 alone.

    Hidden groups hold only what the rig hides; `passing` is what it senses and passes through.
    """
    hidden = set(rig.hidden)
    named = {
        "hidden-14": HIDDEN_14,
        "coupled-9": COUPLED_9,
        "free-5": BROW_5,
        "hidden": rig.hidden,
        "passing": rig.observed,
    } | {name: (name,) for name in ARKIT}
    whole = {"passing", *ARKIT}
    return {
        name: channels
        for name, channels in named.items()
        if channels and (name in whole or hidden.issuperset(channels))
    }


def scores(ground: Ground, answer: Answer, *, seed: int) -> Scores:
    """Return one track's scores on one person's frames.

    Args:
        ground: The person's truth.
        answer: The track, on the same frames.
        seed: Of the chance level of events.
    """
    truth, sent, median = ground.truth, answer.sent, answer.median
    low, high = answer.low.copy(), answer.high.copy()
    sensed = [ARKIT_INDEX[name] for name in ground.rig.observed]
    low[:, sensed] = high[:, sensed] = np.nan  # what is measured states no doubt
    fdd = metrics.fdd(truth, sent)
    risks = metrics.selective_risk(truth, median, high - low, SHARES)
    delays = [metrics.delay_ms(truth[part], sent[part], hz) for part, hz in ground.parts]
    values = {
        "mae": metrics.mae(truth, median),
        "r": metrics.pearson(truth, sent),
        "r_median": metrics.pearson(truth, median),
        "ccc": metrics.ccc(truth, sent),
        "dynamics": metrics.dynamics(truth, sent),
        "fdd_abs": np.abs(fdd),
        "fdd": fdd,
        "jitter": metrics.jitter(truth, sent),
        "false_activation": metrics.false_activation(truth, sent),
        "coverage": metrics.coverage(truth, low, high),
        "width": metrics.width(truth, low, high),
        "risk_25": risks[0],
        "risk_50": risks[1],
        "risk_75": risks[2],
        "delay_ms": metrics.mean_over(np.stack(delays)),
        "absent": metrics.mean_over(answer.absent),
    }
    happens = under_way(truth)
    judged = np.isfinite(truth).any(axis=1)
    return Scores(
        values=values,
        found=tuple(_onsets(ground, sent, channel, seed=seed) for channel in range(len(ARKIT))),
        events=tuple(
            event_scores(happens[judged, event], answer.events[judged, event])
            for event in range(happens.shape[1])
        ),
    )


def _onsets(ground: Ground, sent: Floats, channel: int, *, seed: int) -> onsets.Found:
    """Compare onsets take by take: every donning has a delay of its own."""
    return onsets.together(
        [
            onsets.find(
                ground.time_ns[part],
                ground.truth[part, channel],
                sent[part, channel],
                seed=seed,
                delay_ns=take.delay_ns.get(ARKIT[channel], 0),
            )
            for take, (part, _) in zip(ground.takes, ground.parts, strict=True)
        ]
    )

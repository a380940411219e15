"""What follows from a pool's scores: which baseline ships, where a model is behind, what is too good."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...headset.names import ARKIT_INDEX
from .card_rows import Behind, Shipped
from .ground_truth import BASELINES, HOLD, models
from .onsets import TOLERANCES_MS, together
from .pooling import Pool

BARS: Final = ("neutral", "robust")
"""The baselines a model must beat on a channel, or the better of them ships in its place."""

TOO_GOOD: Final = 0.6
"""A track under `hold` *and* under this much of the reference's error knows something it should not.

`hold` alone is no bar: where expressions come and go within its window it is no better than rest
(0.6 to 1.1 of it on six captures). One person's own other take gives .65 to .9 (FIDELITY).
"""

ALARM_EVENTS: Final = 20
"""From this many events on a recall of exactly 1 is an alarm, at the middle tolerance."""

_MIDDLE: Final = len(TOLERANCES_MS) // 2

SAME: Final = 0.0005
"""Scores nearer than half of the last decimal shown are one: no channel is behind by a rounding."""


def shipped(pool: Pool) -> tuple[Shipped, ...]:
    """Return the hidden channels on which a model does not beat both `BARS`."""
    bars = [name for name in BARS if name in pool.tracks]
    found: list[Shipped] = []
    for track in models(pool.tracks):
        for channel in pool.rig.hidden:
            errors = {bar: pool.pair(track, bar, channel) for bar in bars}
            worse = {bar: theirs for bar, (ours, theirs) in errors.items() if theirs <= ours}
            if worse:
                best = min(worse, key=worse.__getitem__)
                found.append(
                    Shipped(rig=pool.rig.name, track=track, channel=channel, baseline=best)
                )
    return tuple(found)


def behind(pool: Pool) -> tuple[Behind, ...]:
    """Return the hidden channels on which any baseline that sees no truth beats a model."""
    others = [name for name in BASELINES if name in pool.tracks]
    found: list[Behind] = []
    for track in models(pool.tracks):
        for channel in pool.rig.hidden:
            for metric, sign in (("mae", -1.0), ("r", 1.0)):  # r: more is better
                pairs = {name: pool.pair(track, name, channel, metric) for name in others}
                gaps = {
                    name: sign * (theirs - ours)
                    for name, (ours, theirs) in pairs.items()
                    if np.isfinite(theirs - ours)
                }
                best = max(gaps, key=gaps.__getitem__, default="")
                if best and gaps[best] > SAME:
                    ours, theirs = pairs[best]
                    found.append(
                        Behind(
                            rig=pool.rig.name, track=track, channel=channel, metric=metric,
                            value=ours, baseline=best, best=theirs,
                        )
                    )  # fmt: skip
    return tuple(found)


def alarms(pool: Pool) -> tuple[str, ...]:
    """Return what is too good to be true of a track that cannot see truth."""
    pooled = "hidden-14" if "hidden-14" in pool.groups else "hidden"
    found: list[str] = []
    for track in pool.tracks:
        if track == HOLD:
            continue
        where = f"{track} ({pool.rig.name})"
        for index in pool.unseen(track) if pooled in pool.groups else ():
            ours, held = (pool.means(name, pooled)[index] for name in (track, HOLD))
            if ours["mae"] < held["mae"] and ours["ratio"] < TOO_GOOD:
                found.append(
                    f"{where}: {pooled} error {ours['mae']:.4f} of "
                    f"{pool.people[index].ground.person} is under that of truth held "
                    f"({held['mae']:.4f}) and {ours['ratio']:.2f} of {pool.reference}"
                )
        for channel in pool.rig.hidden:
            onsets = together(
                [
                    pool.people[i].by_track[track].found[ARKIT_INDEX[channel]]
                    for i in pool.unseen(track)
                ]
            )
            if onsets.true >= ALARM_EVENTS and onsets.recall(_MIDDLE) == 1.0:
                found.append(
                    f"{where}: finds all {onsets.true} onsets of {channel} "
                    f"within {TOLERANCES_MS[_MIDDLE]} ms"
                )
    return tuple(found)

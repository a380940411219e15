"""From scores of single people to the rows of a report card: pooled over people, never frames.

A person a track's weights have seen is left out of its rows and scored apart. A person's number is
the mean over channels; a row's is the mean over people, its interval from drawing people again.

Source: FIDELITY "Every report card has".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..headset.frame import EVENTS
from ..headset.names import ARKIT_INDEX
from ..headset.rig import Rig
from . import metrics
from .events import TOLERANCES_MS, together
from .judged import HOLD, Ground
from .scores import Scores, groups

BASELINES: Final = ("mean", "neutral", "rules", "ridge", "robust", HOLD)
"""Names of tracks that are no model (FIDELITY); any other track is one."""

BARS: Final = ("neutral", "robust")
"""The baselines a model must beat on a channel, or the better of them ships in its place."""

MANY: Final = 20
"""From this many people on a share is stated; below it, counts."""

TOO_GOOD: Final = 0.6
"""A track under `hold` *and* under this much of the reference's error knows something it should not.

`hold` alone is no bar: where expressions come and go within its window it is no better than rest
(0.6 to 1.1 of it on six captures). One person's own other take gives .65 to .9 (FIDELITY).
"""

ALARM_EVENTS: Final = 20
"""From this many events on a recall of exactly 1 is an alarm, at the middle tolerance."""

_ROUNDING: Final = 1e-6  # an error below it is no error, and no ratio to it means anything
_MIDDLE: Final = len(TOLERANCES_MS) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A metric's mean over people, and the 95 % interval of that mean (NaN below two people)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One track on one group of channels (or one channel), over people it has not seen.

    Attributes:
        scores: By name of metric (`scores.MEANS`).
        people: How many are pooled.
        minutes: How much of them is judged.
        seen: People left out because the track's weights saw them.
        worst_ratio: The largest ratio to the reference of any person.
        wins: By baseline, on how many people the error is smaller, of how many unseen by both.
        channel_wins: By baseline, on how many of the group's channels it is, of how many that move.
        made_worse: On how many people the error is larger than the reference's.
        made_worse_share: The same as a share; None below `MANY` people.
    """

    rig: str
    track: str
    channels: str
    hidden: bool
    uses_truth: bool
    tracker: str
    people: int
    minutes: float
    seen: tuple[str, ...]
    scores: dict[str, Score]
    worst_ratio: float
    wins: dict[str, tuple[int, int]]
    channel_wins: dict[str, tuple[int, int]]
    made_worse: int
    made_worse_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person under one track and group of channels; `seen` if the track's weights saw them."""

    rig: str
    track: str
    person: str
    seen: bool
    channels: str
    minutes: float
    scores: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """How well the stated probability of an event tells when it is under way: AUC, unseen people."""

    rig: str
    track: str
    event: str
    people: int
    auc: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A channel on which a model does not beat both `BARS`, and the baseline that ships for it."""

    rig: str
    track: str
    channel: str
    baseline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person's scores by track, and the tracks whose weights have seen them."""

    ground: Ground
    by_track: dict[str, Scores]
    seen_by: frozenset[str]

    def over(self, track: str, channels: Sequence[str], reference: str) -> dict[str, float]:
        """Return the means over channels under one track, with the ratio to the reference.

        What is sensed has no ratio: every track passes it through, the reference too.
        """
        means = self.by_track[track].over(channels)
        index = [ARKIT_INDEX[name] for name in channels]
        rest = float(metrics.mean_over(self.by_track[reference].values["mae"][index]))
        told = rest > _ROUNDING and channels[0] in self.ground.rig.hidden
        return means | {"ratio": means["mae"] / rest if told else float("nan")}


class Pool:
    """Everybody under one rig."""

    def __init__(self, people: Sequence[Person], *, reference: str, seed: int) -> None:
        self.people = people
        self.rig: Rig = people[0].ground.rig
        self.tracks = tuple(people[0].by_track)
        self.groups = groups(self.rig)
        self._reference = reference
        self._seed = seed
        self._tracker = ", ".join(
            sorted({take.tracker or "not stated" for p in people for take in p.ground.takes})
        )
        self._means = {
            (track, name): [person.over(track, channels, reference) for person in people]
            for track in self.tracks
            for name, channels in self.groups.items()
        }

    def table(self) -> tuple[Row, ...]:
        """Return a row for every group (then channel) and track."""
        return tuple(self._row(track, name) for name in self.groups for track in self.tracks)

    def person_rows(self) -> tuple[PersonRow, ...]:
        """Return a row for every person, track and group, seen or not."""
        return tuple(
            PersonRow(
                rig=self.rig.name,
                track=track,
                person=person.ground.person,
                seen=track in person.seen_by,
                channels=name,
                minutes=person.ground.seconds / 60.0,
                scores=self._means[track, name][index],
            )
            for name in self.groups
            if name not in ARKIT_INDEX
            for track in self.tracks
            for index, person in enumerate(self.people)
        )

    def event_rows(self) -> tuple[EventRow, ...]:
        """Return the AUC of every event that the rig hides, under every track that states it."""
        rows: list[EventRow] = []
        for track in self.tracks:
            unseen = self._unseen(track)
            aucs = np.array([self.people[i].by_track[track].auc for i in unseen])
            if not np.isfinite(aucs).any():
                continue
            means = self._scores(aucs)
            rows += [
                EventRow(
                    rig=self.rig.name,
                    track=track,
                    event=event,
                    people=int(np.isfinite(aucs[:, k]).sum()),
                    auc=means[k],
                )
                for k, event in enumerate(EVENTS)
            ]
        return tuple(rows)

    def shipped(self) -> tuple[Shipped, ...]:
        """Return the hidden channels on which a model does not beat both `BARS`."""
        bars = [name for name in BARS if name in self.tracks]
        found: list[Shipped] = []
        for track in (name for name in self.tracks if name not in BASELINES):
            for channel in self.rig.hidden:
                errors = {bar: self._pair(track, bar, channel) for bar in bars}
                worse = {bar: theirs for bar, (ours, theirs) in errors.items() if theirs <= ours}
                if worse:
                    best = min(worse, key=worse.__getitem__)
                    found.append(
                        Shipped(rig=self.rig.name, track=track, channel=channel, baseline=best)
                    )
        return tuple(found)

    def alarms(self) -> tuple[str, ...]:
        """Return what is too good to be true of a track that cannot see truth."""
        pooled = "hidden-14" if "hidden-14" in self.groups else "hidden"
        found: list[str] = []
        for track in self.tracks:
            if track == HOLD:
                continue
            where = f"{track} ({self.rig.name})"
            for index in self._unseen(track) if pooled in self.groups else ():
                ours, held = (self._means[name, pooled][index] for name in (track, HOLD))
                if ours["mae"] < held["mae"] and ours["ratio"] < TOO_GOOD:
                    found.append(
                        f"{where}: {pooled} error {ours['mae']:.4f} of "
                        f"{self.people[index].ground.person} is under that of truth held "
                        f"({held['mae']:.4f}) and {ours['ratio']:.2f} of {self._reference}"
                    )
            for channel in self.rig.hidden:
                onsets = together(
                    [
                        self.people[i].by_track[track].found[ARKIT_INDEX[channel]]
                        for i in self._unseen(track)
                    ]
                )
                if onsets.true >= ALARM_EVENTS and onsets.recall(_MIDDLE) == 1.0:
                    found.append(
                        f"{where}: finds all {onsets.true} onsets of {channel} "
                        f"within {TOLERANCES_MS[_MIDDLE]} ms"
                    )
        return tuple(found)

    def _row(self, track: str, name: str) -> Row:
        means = self._means[track, name]
        judged = [i for i in self._unseen(track) if np.isfinite(means[i]["mae"])]
        columns = list(means[0])
        values = np.array([[means[i][column] for column in columns] for i in judged])
        pooled = self._scores(values.reshape(len(judged), len(columns)))
        ratios = [means[i]["ratio"] for i in judged if np.isfinite(means[i]["ratio"])]
        worse = sum(ratio > 1.0 for ratio in ratios)
        others = [b for b in BASELINES if b in self.tracks and b not in (track, HOLD)]
        return Row(
            rig=self.rig.name,
            track=track,
            channels=name,
            hidden=self.groups[name][0] in self.rig.hidden,
            uses_truth=track == HOLD,
            tracker=self._tracker,
            people=len(judged),
            minutes=sum(self.people[i].ground.seconds for i in judged) / 60.0,
            seen=tuple(p.ground.person for p in self.people if track in p.seen_by),
            scores=dict(zip(columns, pooled, strict=True)),
            worst_ratio=max(ratios, default=float("nan")),
            wins={b: self._wins(track, b, name) for b in others},
            channel_wins={b: self._channel_wins(track, b, name) for b in others},
            made_worse=worse,
            made_worse_share=worse / len(ratios) if len(ratios) >= MANY else None,
        )

    def _unseen(self, *tracks: str) -> list[int]:
        """Return which people none of the tracks has seen."""
        return [i for i, p in enumerate(self.people) if not p.seen_by.intersection(tracks)]

    def _wins(self, track: str, other: str, name: str) -> tuple[int, int]:
        pairs = [
            (self._means[track, name][i]["mae"], self._means[other, name][i]["mae"])
            for i in self._unseen(track, other)
        ]
        judged = [(ours, theirs) for ours, theirs in pairs if np.isfinite(ours)]
        return sum(ours < theirs for ours, theirs in judged), len(judged)

    def _channel_wins(self, track: str, other: str, name: str) -> tuple[int, int]:
        pairs = [self._pair(track, other, channel) for channel in self.groups[name]]
        moving = [(ours, theirs) for ours, theirs in pairs if ours > 0.0 or theirs > 0.0]
        return sum(ours < theirs for ours, theirs in moving), len(moving)

    def _pair(self, track: str, other: str, channel: str) -> tuple[float, float]:
        """Return both mean errors on a channel, over people neither has seen; NaN without any."""
        unseen = self._unseen(track, other)
        ours, theirs = (
            float(metrics.mean_over(np.array([self._means[t, channel][i]["mae"] for i in unseen])))
            for t in (track, other)
        )
        return ours, theirs

    def _scores(self, values: metrics.Floats) -> list[Score]:
        """Return the mean over people (P, M) of each metric, with its interval."""
        low, high = metrics.bootstrap(values, seed=self._seed)
        return [
            Score(value=v, low=lo, high=hi)
            for v, lo, hi in zip(
                metrics.mean_over(values).tolist(), low.tolist(), high.tolist(), strict=True
            )
        ]

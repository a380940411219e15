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

from ...headset.frame import EVENTS
from ...headset.names import ARKIT_INDEX
from ...headset.rig import Rig
from . import metrics
from .card_rows import EventRow, PersonRow, Reliability, Row, Score
from .event_scores import EventScores
from .ground_truth import BASELINES, HOLD, Ground
from .scores import Scores, groups

MANY: Final = 20
"""From this many people on a share is stated; below it, counts."""

_ROUNDING: Final = 1e-6  # an error below it is no error, and no ratio to it means anything


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
        self.reference = reference
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
        """Return how true the probability of each event is, under every track that states any."""
        rows: list[EventRow] = []
        for track in self.tracks:
            unseen = self.unseen(track)
            for event, name in enumerate(EVENTS):
                told = [self.people[i].by_track[track].events[event] for i in unseen]
                told = [each for each in told if np.isfinite(each.brier)]
                if not told:
                    continue
                auc, rate, brier, rate_brier = self._scores(
                    np.array([each.figures for each in told])
                )
                rows.append(
                    EventRow(
                        rig=self.rig.name, track=track, event=name, people=len(told),
                        auc=auc, rate=rate, brier=brier, rate_brier=rate_brier,
                        reliability=_reliability(told),
                    )
                )  # fmt: skip
        return tuple(rows)

    def means(self, track: str, name: str) -> list[dict[str, float]]:
        """Return everybody's means under a track over a group, in the order of `people`."""
        return self._means[track, name]

    def _row(self, track: str, name: str) -> Row:
        means = self._means[track, name]
        judged = [i for i in self.unseen(track) if np.isfinite(means[i]["mae"])]
        columns = list(means[0])
        values = np.array([[means[i][column] for column in columns] for i in judged])
        pooled = self._scores(values.reshape(len(judged), len(columns)))
        ratios = [means[i]["ratio"] for i in judged if np.isfinite(means[i]["ratio"])]
        worse = sum(ratio > 1.0 for ratio in ratios)
        others = [b for b in BASELINES if b in self.tracks and b != track]
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

    def unseen(self, *tracks: str) -> list[int]:
        """Return which people none of the tracks has seen."""
        return [i for i, p in enumerate(self.people) if not p.seen_by.intersection(tracks)]

    def _wins(self, track: str, other: str, name: str) -> tuple[int, int]:
        pairs = [
            (self._means[track, name][i]["mae"], self._means[other, name][i]["mae"])
            for i in self.unseen(track, other)
        ]
        judged = [(ours, theirs) for ours, theirs in pairs if np.isfinite(ours)]
        return sum(ours < theirs for ours, theirs in judged), len(judged)

    def _channel_wins(self, track: str, other: str, name: str) -> tuple[int, int]:
        pairs = [self.pair(track, other, channel) for channel in self.groups[name]]
        moving = [(ours, theirs) for ours, theirs in pairs if ours > 0.0 or theirs > 0.0]
        return sum(ours < theirs for ours, theirs in moving), len(moving)

    def pair(
        self, track: str, other: str, channel: str, metric: str = "mae"
    ) -> tuple[float, float]:
        """Return both means of a metric on a channel, over people neither has seen; NaN without."""
        unseen = self.unseen(track, other)
        ours, theirs = (
            float(metrics.mean_over(np.array([self._means[t, channel][i][metric] for i in unseen])))
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


def _reliability(told: Sequence[EventScores]) -> tuple[Reliability, ...]:
    """Return by tenth of probability the mean over people of what was stated, and was so."""
    stated = np.array([each.stated for each in told])
    people = np.isfinite(stated).sum(axis=0)
    happened = metrics.mean_over(np.array([each.happened for each in told]))
    return tuple(
        Reliability(people=int(count), stated=float(said), happened=float(so))
        for count, said, so in zip(people, metrics.mean_over(stated), happened, strict=True)
        if count
    )

"""The rows of a report card: what is said of a track, a person, an event, a goal.

Source: FIDELITY "Every report card has".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["met", "missed", "cannot be told here"]
"""What became of a goal."""


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
        made_worse_share: The same as a share; None below `pooling.MANY` people.
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
class Reliability:
    """Frames on which about one probability is stated: what is stated, and how often it was so.

    Attributes:
        people: How many are pooled (`event_scores.LEAST_FRAMES` of each).
        stated: Mean probability.
        happened: Share of these frames on which the event was under way.
    """

    people: int
    stated: float
    happened: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """How well the stated probability of an event tells when it is under way, over unseen people.

    Attributes:
        auc: .5 tells nothing, 1 tells all.
        rate: Share of frames on which the event is under way: the base rate.
        brier: Mean squared error of the probability; smaller is better.
        rate_brier: The same, had each person's own rate been stated all along.
        reliability: By stated probability, only where somebody has enough frames.
    """

    rig: str
    track: str
    event: str
    people: int
    auc: Score
    rate: Score
    brier: Score
    rate_brier: Score
    reliability: tuple[Reliability, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A channel on which a model does not beat both `verdicts.BARS`, and what ships for it."""

    rig: str
    track: str
    channel: str
    baseline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A hidden channel on which the best of all baselines does better than a model.

    Attributes:
        metric: `mae` or `r`.
        value: The model's, over people that neither has seen.
        baseline: The best one.
        best: Its value.
    """

    rig: str
    track: str
    channel: str
    metric: str
    value: float
    baseline: str
    best: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourRow:
    """One figure of eyes that nothing senses (`behaviour.HUMAN`).

    Attributes:
        value: Of the track, mean over people.
        truth: Of the same people's truth, NaN where it is captured too slowly to tell.
        human_low: What people do, from here
        human_high: to here,
        human: in these words.
    """

    rig: str
    track: str
    figure: str
    people: int
    value: float
    truth: float
    human_low: float
    human_high: float
    human: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRow:
    """A recording that was judged; `noise` is its simulator's, `none` for exact streams."""

    name: str
    person: str
    tracker: str
    seconds: float
    noise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRow:
    """A goal, and whether people that the model has not seen reach it.

    Attributes:
        rig: Under which it is judged; empty where it has none.
        track: The model.
        goal: What is measured.
        wanted: Where it is to lie.
        measured: NaN where it cannot be told here.
        low: Of the 95 % interval of a mean over people, NaN where there is none
        high: likewise.
        people: How many stand behind it.
        outcome: Of `measured`, whatever its interval.
        why: Who or what is worst, under which condition, or why it cannot be told.
    """

    rig: str
    track: str
    goal: str
    wanted: str
    measured: float
    low: float
    high: float
    people: int
    outcome: Outcome
    why: str

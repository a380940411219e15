"""The report card: every track beside every baseline, on the same frames of the same people.

People, never frames, are split and drawn again (`pooling.py`). Below `pooling.MANY` people there are
counts and no percentages. `hold` is made here from truth: an alarm, not a competitor.

Source: FIDELITY "Every report card has".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, ClassVar, Final, cast

import numpy as np

from ...headset.errors import RecordingError
from ...headset.names import ARKIT_INDEX, BLINK_2
from .behaviour import HUMAN, behaviour
from .card_rows import BehaviourRow, Behind, EventRow, PersonRow, Row, Shipped
from .ground_truth import HOLD, Take, check, ground, rest
from .metrics import mean_over
from .pooling import Person, Pool
from .scores import MEANS, scores
from .verdicts import alarms, behind, shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The report card: `as_json` for a file, `rows` for a terminal.

    Attributes:
        reference: The track that ratios are to.
        seed: Of the drawing of people and of chance.
        table: A row for every rig, group or channel, and track, over unseen people.
        people: Every person apart, seen in training or not.
        events: How well stated probabilities tell.
        behaviour: Of unsensed eyes.
        ships_baseline: Channels that a model does not earn.
        behind: Channels on which the best baseline is better than a model, by error or by r.
        alarms: What is too good to be true: any of these fails a run until it is explained.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "rig", "channels", "track", "people", "min", "mae", "ratio", "worst", "better", "r", "ccc",
        "dynamics", "F1 100 ms", "chance", "covers", "jitter", "late ms",
    )  # fmt: skip

    reference: str
    seed: int
    table: tuple[Row, ...]
    people: tuple[PersonRow, ...]
    events: tuple[EventRow, ...]
    behaviour: tuple[BehaviourRow, ...]
    ships_baseline: tuple[Shipped, ...]
    behind: tuple[Behind, ...]
    alarms: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the card as dicts and lists that JSON can hold; None for what has no meaning."""
        return cast("dict[str, Any]", plain({"metrics": MEANS} | asdict(self)))

    def row(self, track: str, channels: str, rig: str | None = None) -> Row:
        """Return one row of the table; of the first rig where none is named.

        Raises:
            KeyError: There is none.
        """
        for row in self.table:
            if (row.track, row.channels) == (track, channels) and rig in (None, row.rig):
                return row
        raise KeyError((rig, track, channels))

    def rows(self, *, channels: bool = False) -> list[tuple[str, ...]]:
        """Return the table in words, under `COLUMNS`: groups, and with `channels` each channel."""
        return [
            self._words(row) for row in self.table if channels or row.channels not in ARKIT_INDEX
        ]

    def _words(self, row: Row) -> tuple[str, ...]:
        wins, judged = row.wins.get(self.reference, (0, 0))
        figures = {
            name: _number(row.scores[name].value, digits) if name in row.scores else ""
            for name, digits in _DIGITS.items()
        }
        return (
            row.rig,
            row.channels,
            f"{row.track} (uses truth)" if row.uses_truth else row.track,
            f"{row.people} + {len(row.seen)} seen" if row.seen else str(row.people),
            _number(row.minutes, 1),
            figures["mae"],
            figures["ratio"],
            _number(row.worst_ratio, 2),
            f"{wins} of {judged}" if judged else "",
            *(figures[name] for name in _DIGITS if name not in ("mae", "ratio")),
        )


_DIGITS: Final = {
    "mae": 3, "ratio": 2, "r": 2, "ccc": 2, "dynamics": 2, "f1_100": 2, "f1_100_chance": 2,
    "coverage": 2, "jitter": 4, "delay_ms": 0,
}  # fmt: skip


def card(takes: Sequence[Take], *, reference: str = "neutral", seed: int = 0) -> Card:
    """Judge every track of some takes.

    Args:
        takes: At least one; every take of a rig has the same tracks. Rigs are judged apart.
        reference: The track that ratios are to: normally the wearer's own rest.
        seed: Of the drawing of people and of the chance level of events.

    Raises:
        RecordingError: There is no take, one lacks the reference or a person, or one cannot be
            judged (`ground_truth.check`, `ground_truth.ground`).
    """
    if not takes:
        raise RecordingError("report card: no take to judge: name recordings that hold a truth")
    rigs: dict[str, list[Take]] = defaultdict(list)
    for take in takes:
        if reference not in take.tracks:
            raise RecordingError(f"{take.name}: no track {reference!r}: reconstruct with it too")
        rigs[take.rig.name].append(take)
    pools = [_pool(of_rig, reference=reference, seed=seed) for of_rig in rigs.values()]
    return Card(
        reference=reference,
        seed=seed,
        table=tuple(row for pool in pools for row in pool.table()),
        people=tuple(row for pool in pools for row in pool.person_rows()),
        events=tuple(row for pool in pools for row in pool.event_rows()),
        behaviour=tuple(row for of_rig in rigs.values() for row in behaviour_rows(of_rig)),
        ships_baseline=tuple(row for pool in pools for row in shipped(pool)),
        behind=tuple(row for pool in pools for row in behind(pool)),
        alarms=tuple(text for pool in pools for text in alarms(pool)),
    )


def joined(cards: Sequence[Card]) -> Card:
    """Return cards of several rigs, at least one, as one: rigs are judged apart anyway."""
    first = cards[0]
    return replace(
        first,
        table=tuple(row for each in cards for row in each.table),
        people=tuple(row for each in cards for row in each.people),
        events=tuple(row for each in cards for row in each.events),
        behaviour=tuple(row for each in cards for row in each.behaviour),
        ships_baseline=tuple(row for each in cards for row in each.ships_baseline),
        behind=tuple(row for each in cards for row in each.behind),
        alarms=tuple(text for each in cards for text in each.alarms),
    )


def _pool(takes: Sequence[Take], *, reference: str, seed: int) -> Pool:
    """Score everybody of one rig, one track at a time: answers are large and soon forgotten."""
    check(takes)
    people: list[Person] = []
    for of_person in _by_person(takes).values():
        on = ground(of_person)
        tracks = (*of_person[0].tracks, HOLD)
        people.append(
            Person(
                ground=on,
                by_track={track: scores(on, on.answer(track), seed=seed) for track in tracks},
                seen_by=frozenset(
                    track
                    for take in of_person
                    for track, seen in take.trained_on.items()
                    if take.person in seen
                ),
            )
        )
    return Pool(people, reference=reference, seed=seed)


def _by_person(takes: Sequence[Take]) -> dict[str, list[Take]]:
    people: dict[str, list[Take]] = defaultdict(list)
    for take in takes:
        people[take.person].append(take)
    return people


def behaviour_rows(takes: Sequence[Take]) -> Iterator[BehaviourRow]:
    """Yield the figures of eyes nothing senses: of each track alone, and of truth beside it.

    Args:
        takes: At least one, all of one rig and with the same tracks.
    """
    rig = takes[0].rig
    if rig.eyes:
        return
    people = _by_person(takes).values()
    true = {person[0].person: _mean_figures(map(_true_figures, person)) for person in people}
    for track in takes[0].tracks:
        unseen = [
            person for person in people if all(t.person not in t.trained_on[track] for t in person)
        ]
        given = [_mean_figures(_given_figures(take, track) for take in person) for person in unseen]
        for index, (figure, human) in enumerate(HUMAN.items()):
            values = np.array([figures[index] for figures in given])
            yield BehaviourRow(
                rig=rig.name,
                track=track,
                figure=figure,
                people=int(np.isfinite(values).sum()),
                value=float(mean_over(values)),
                truth=float(mean_over(np.array([true[p[0].person][index] for p in unseen]))),
                human_low=human.low,
                human_high=human.high,
                human=human.means,
            )


def _given_figures(take: Take, track: str) -> list[float]:
    given = take.tracks[track]
    after = given.time_ns > take.calibrated_until_ns
    return list(behaviour(given.time_ns[after], given.arkit[after]).values())


def _true_figures(take: Take) -> list[float]:
    after = take.truth.time_ns > take.calibrated_until_ns
    arkit = take.truth.arkit[after].copy()
    lids = [ARKIT_INDEX[name] for name in BLINK_2]
    arkit[:, lids] -= rest(take)[lids]
    return list(behaviour(take.truth.time_ns[after], arkit).values())


def _mean_figures(figures: Iterator[list[float]]) -> list[float]:
    return mean_over(np.array(list(figures))).tolist()


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if isfinite(value) else ""


def plain(value: object) -> object:
    """Return dicts, lists, strings, numbers and None, as JSON holds them; NaN is None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in cast("dict[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in cast("Sequence[object]", value)]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return value

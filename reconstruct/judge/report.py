"""Everything a study found, as it goes to a file, a terminal or a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from .ahead import Ahead
from .card import Card, joined, plain
from .card_rows import BehaviourRow, GoalRow, TakeRow
from .model_cost import ModelCost
from .sensor_loss import SensorLoss
from .worst import Worst

EXPLAINS: Final[dict[str, str]] = {
    "goals": "for each model and rig, where a figure is to lie (FIDELITY), where it does, and whether "
    "the goal is met, missed, or cannot be told here",
    "takes": "what was judged, and the noise that its sensors were simulated with",
    "calibration_s": "seconds of each take its wearer was calibrated from",
    "full": "whether everything was looked into (--full)",
    "metrics": "what each score of a row means",
    "table": "a row for each rig, group or channel, and track, over people it has not seen",
    "people": "each person apart, seen in training or not",
    "events": "how well stated probabilities tell an event: AUC, Brier score beside that of each "
    "person's own rate, and by tenth of probability how often it was so",
    "behaviour": "of eyes that nothing senses, without life: beside truth and what people do",
    "ships_baseline": "channels on which a model does not beat the best baseline",
    "behind": "hidden channels on which the best of all baselines has less error or more r",
    "alarms": "what is too good to be true; any fails the run",
    "leaks": "outcomes of the leak tests (--leaks)",
    "calibration_lengths": "for each model a table: 0, 5, 20 s; then, of takes over 61 s, 60 s as well",
    "sensor_lost": "one sensor silent from 60 % to 75 % of a take: error to that of the rig which "
    "never had it, step added, time to recover",
    "parts_removed": "for each model a table: as it is, and without each part of the chain",
    "ceilings": "tables: a fit of the person's own other take; another tracker of the same frames",
    "behaviour_alive": "of eyes that nothing senses, with life",
    "ahead": "visible channels 30 ms ahead: error predicted, held, and their ratio",
    "worst": "for each rig and track the ten seconds with the largest error on hidden-14",
    "cost": "of each model: parameters, bytes, milliseconds from frame to face",
}
"""What stands under each key of the JSON; the fields of a row are those of the class it is made of."""


_ROWS: Final = (
    "goals", "takes", "sensor_lost", "behaviour_alive", "ahead", "worst", "cost",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was found; the keys of `as_json` are in `EXPLAINS`."""

    card: Card
    worst: tuple[Worst, ...]
    calibration_s: float
    full: bool = False
    takes: tuple[TakeRow, ...] = ()
    goals: tuple[GoalRow, ...] = ()
    calibration_lengths: tuple[Card, ...] = ()
    sensor_lost: tuple[SensorLoss, ...] = ()
    parts_removed: tuple[Card, ...] = ()
    ceilings: tuple[Card, ...] = ()
    behaviour_alive: tuple[BehaviourRow, ...] = ()
    ahead: tuple[Ahead, ...] = ()
    cost: tuple[ModelCost, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return dicts and lists that JSON can hold; None for what has no meaning."""
        tables = {
            name: [each.as_json()["table"] for each in getattr(self, name)]
            for name in ("calibration_lengths", "parts_removed", "ceilings")
        }
        rows = {name: plain([asdict(each) for each in getattr(self, name)]) for name in _ROWS}
        facts = {"explains": EXPLAINS, "calibration_s": self.calibration_s, "full": self.full}
        return cast("dict[str, Any]", facts | rows | self.card.as_json() | tables)


def together(rigs: Sequence[Report]) -> Report:
    """Return what was found under several rigs, at least one, as one."""
    return Report(
        card=joined([each.card for each in rigs]),
        calibration_s=rigs[0].calibration_s,
        full=rigs[0].full,
        worst=tuple(row for each in rigs for row in each.worst),
        calibration_lengths=tuple(row for each in rigs for row in each.calibration_lengths),
        sensor_lost=tuple(row for each in rigs for row in each.sensor_lost),
        parts_removed=tuple(row for each in rigs for row in each.parts_removed),
        ceilings=tuple(row for each in rigs for row in each.ceilings),
        behaviour_alive=tuple(row for each in rigs for row in each.behaviour_alive),
        ahead=tuple(row for each in rigs for row in each.ahead),
    )

"""The whole report: the card, and what stands beside it under `full` (FIDELITY's list).

Rigs are judged one after the other, so that no more than one rig's answers are held at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from ..datasets.recording import Recording
from ..headset.rig import Rig
from . import trial
from .ahead import Ahead, ahead
from .card import BehaviourRow, Card, behaviour_rows, card, joined, plain
from .ceiling import own, own_files, second_tracker
from .folds import Fold
from .judged import Take
from .loss import Loss, losses
from .masking import masked
from .model_cost import ModelCost, model_cost
from .models import DEFAULT
from .parts import stripped
from .trial import BASELINES, Entry
from .worst import Worst, worst

LENGTHS_S: Final = (0.0, 5.0, 20.0)
"""Calibrations that are compared; all are judged on what follows the longest."""

LONG_LENGTHS_S: Final = (*LENGTHS_S, 60.0)
"""The same for those takes that are long enough."""

EXPLAINS: Final[dict[str, str]] = {
    "metrics": "what each score of a row means",
    "table": "a row for each rig, group or channel, and track, over people it has not seen",
    "people": "each person apart, seen in training or not",
    "events": "how well stated probabilities tell an event: AUC over unseen people",
    "behaviour": "of eyes that nothing senses, without life: beside truth and what people do",
    "ships_baseline": "channels on which a model does not beat the best baseline",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything that was found; the keys of `as_json` are in `EXPLAINS`."""

    card: Card
    worst: tuple[Worst, ...]
    calibration_lengths: tuple[Card, ...] = ()
    sensor_lost: tuple[Loss, ...] = ()
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
        rows = {
            name: plain([asdict(each) for each in getattr(self, name)])
            for name in ("sensor_lost", "behaviour_alive", "ahead", "worst", "cost")
        }
        return cast("dict[str, Any]", {"explains": EXPLAINS} | self.card.as_json() | tables | rows)


@dataclass(slots=True, kw_only=True)
class _Rig:
    """What is gathered under one rig, over all folds."""

    takes: list[Take] = field(default_factory=list[Take])
    curves: defaultdict[tuple[str, bool], list[Take]] = field(
        default_factory=lambda: defaultdict(list)
    )
    parts: defaultdict[str, list[Take]] = field(default_factory=lambda: defaultdict(list))
    own: list[Take] = field(default_factory=list[Take])
    second: list[Take] = field(default_factory=list[Take])
    alive: list[Take] = field(default_factory=list[Take])
    lost: list[Loss] = field(default_factory=list[Loss])
    ahead: list[Ahead] = field(default_factory=list[Ahead])


def judged_models(fold: Fold) -> list[Entry]:
    """Return the entries that `full` looks into: the default, and what is no baseline."""
    return [e for e in fold.entries if e.name == DEFAULT or e.name not in BASELINES]


def steps(folds: Sequence[Fold], rigs: int, *, full: bool) -> int:
    """Return how often `study` tells its progress."""
    return rigs * sum(
        len(fold.recordings) * (len(fold.entries) + full * len(judged_models(fold)))
        for fold in folds
    )


def study(
    folds: Sequence[Fold],
    rigs: Sequence[Rig | None],
    *,
    calibration_s: float,
    full: bool = False,
    second: Sequence[Recording] = (),
    fitted: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Study:
    """Judge every fold under every rig.

    Args:
        folds: Of different people each, all with entries of the same names.
        rigs: At least one; None for what each recording was made with.
        calibration_s: How much of each recording its wearer is calibrated from.
        full: Whether to look into calibration, losses, parts, ceilings, life and prediction as well.
        second: Another tracker's truth of the same takes (`ceiling.second_tracker`).
        fitted: Whether the folds' models were fitted for this: they are then called by their names,
            not by their files.
        progress: Told after each step.

    Raises:
        RecordingError: A recording cannot be judged, or not under a rig.
        ModelError: A model cannot be loaded.
    """
    everybody = {name: each for fold in folds for name, each in fold.recordings.items()}
    found: list[Study] = []
    with TemporaryDirectory(prefix="unvisor-") as folder:
        own_fits: Mapping[str, Path] = {}
        if full and all(r.about.rig.startswith("mouth+eyes") for r in everybody.values()):
            own_fits = own_files(
                everybody, Path(folder), calibration_s=calibration_s, progress=lambda _: None
            )
        for rig in rigs:
            gathered = _Rig()
            for fold in folds:
                own_rig = {
                    name: each if rig is None else masked(name, each, rig)
                    for name, each in fold.recordings.items()
                }
                takes = trial.takes(
                    own_rig, fold.entries, calibration_s=calibration_s, progress=progress
                )
                gathered.takes += takes
                for take in takes:
                    both = second_tracker(take, second)
                    gathered.second += [both] if both else []
                if full:
                    _look_into(
                        gathered, takes, own_rig, fold, own_fits,
                        calibration_s=calibration_s, fitted=fitted, progress=progress,
                    )  # fmt: skip
            found.append(_concluded(gathered))
    costs = [model_cost(e.name, e.model) for e in judged_models(folds[0])] if full else []
    return replace(_joined(found), cost=tuple(costs))


def _look_into(
    gathered: _Rig,
    takes: Sequence[Take],
    recordings: Mapping[str, Recording],
    fold: Fold,
    own_fits: Mapping[str, Path],
    *,
    calibration_s: float,
    fitted: bool,
    progress: Callable[[str], None],
) -> None:
    for take in takes:
        if path := own_fits.get(take.name):
            gathered.own.append(own(take, recordings[take.name], path, calibration_s=calibration_s))
    for entry in judged_models(fold):
        label = entry.name if fitted else entry.model
        for take in takes:
            name, recording = take.name, recordings[take.name]
            only = {name: recording}
            known = {(name, calibration_s): take.tracks[entry.name]}
            for lengths_s in (LENGTHS_S, LONG_LENGTHS_S):
                gathered.curves[label, lengths_s == LONG_LENGTHS_S] += trial.curve(
                    only, entry.model, lengths_s=lengths_s, label=label, known=known
                )
            gathered.lost += losses(
                name, recording, entry.model, calibration_s=calibration_s, label=label,
                whole=take.tracks[entry.name],
            )  # fmt: skip
            gathered.parts[label].append(
                stripped(take, recording, name=entry.name, model=entry.model)
            )
            if take.rig.observed:
                gathered.ahead.append(
                    ahead(name, recording, entry.model, calibration_s=calibration_s, label=label)
                )
            if not take.rig.eyes:
                gathered.alive.append(_alive(take, recording, entry, calibration_s))
            progress(f"{name} {entry.name}, looked into")


def _alive(take: Take, recording: Recording, entry: Entry, calibration_s: float) -> Take:
    lively = trial.alive(recording, entry.model, calibration_s=calibration_s)
    name = f"{entry.name}, alive"
    seen = take.trained_on[entry.name]
    return replace(take, tracks={name: lively}, trained_on={name: seen})


def _concluded(gathered: _Rig) -> Study:
    curves = [takes for _, takes in sorted(gathered.curves.items(), key=lambda i: i[0][1])]
    alive: defaultdict[str, list[Take]] = defaultdict(list)
    for take in gathered.alive:
        alive[next(iter(take.tracks))].append(take)
    tracks = gathered.takes[0].tracks
    return Study(
        card=card(gathered.takes),
        worst=tuple(
            found for track in tracks if (found := worst(gathered.takes, track)) is not None
        ),
        calibration_lengths=tuple(
            card(takes, reference=next(iter(takes[0].tracks))) for takes in curves if takes
        ),
        sensor_lost=tuple(gathered.lost),
        parts_removed=tuple(card(takes) for takes in gathered.parts.values()),
        ceilings=tuple(card(takes) for takes in (gathered.own, gathered.second) if takes),
        behaviour_alive=tuple(row for takes in alive.values() for row in behaviour_rows(takes)),
        ahead=tuple(gathered.ahead),
    )


def _joined(rigs: Sequence[Study]) -> Study:
    return Study(
        card=joined([each.card for each in rigs]),
        worst=tuple(row for each in rigs for row in each.worst),
        calibration_lengths=tuple(row for each in rigs for row in each.calibration_lengths),
        sensor_lost=tuple(row for each in rigs for row in each.sensor_lost),
        parts_removed=tuple(row for each in rigs for row in each.parts_removed),
        ceilings=tuple(row for each in rigs for row in each.ceilings),
        behaviour_alive=tuple(row for each in rigs for row in each.behaviour_alive),
        ahead=tuple(row for each in rigs for row in each.ahead),
    )

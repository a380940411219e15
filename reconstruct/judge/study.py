"""The whole report: the card, and what stands beside it under `full` (FIDELITY's list).

Rigs are judged one after the other, so that no more than one rig's answers are held at a time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

from ...datasets.recording import Recording
from ...datasets.streams import About
from ...headset.rig import Rig
from . import replay
from .ablations import stripped
from .ahead import Ahead, ahead
from .card import behaviour_rows, card
from .card_rows import TakeRow
from .ceiling import own, own_files, second_tracker
from .folds import Fold
from .goals_reached import reached
from .ground_truth import BASELINES, Take
from .masking import masked_all
from .model_cost import model_cost
from .replay import Entry
from .report import Report, together
from .sensor_loss import SensorLoss, sensor_losses
from .worst import worst

LENGTHS_S: Final = (0.0, 5.0, 20.0)
"""Calibrations that are compared; all are judged on what follows the longest."""

LONG_LENGTHS_S: Final = (*LENGTHS_S, 60.0)
"""The same for those takes that are long enough."""

NOT_STATED: Final = "not stated"
"""Noise of a recording that no simulator made."""


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
    lost: list[SensorLoss] = field(default_factory=list[SensorLoss])
    ahead: list[Ahead] = field(default_factory=list[Ahead])


def judged_models(fold: Fold) -> list[Entry]:
    """Return the entries that `full` looks into: those that are no baseline."""
    return [entry for entry in fold.entries if entry.name not in BASELINES]


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
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Judge every fold under every rig.

    Args:
        folds: Of different people each, all with entries of the same names.
        rigs: At least one; None for what each recording was made with.
        calibration_s: How much of each recording its wearer is calibrated from.
        full: Whether to look into calibration, losses, parts, ceilings, life and prediction as well.
        second: Another tracker's truth of the same takes (`ceiling.second_tracker`).
        progress: Told after each step.

    Raises:
        RecordingError: A recording cannot be judged, or not under a rig.
        ModelError: A model cannot be loaded.
    """
    everybody = {name: each for fold in folds for name, each in fold.recordings.items()}
    found: list[Report] = []
    with TemporaryDirectory(prefix="unvisor-") as folder:
        own_fits: Mapping[str, Path] = {}
        if full and all(r.about.rig.startswith("mouth+eyes") for r in everybody.values()):
            own_fits = own_files(
                everybody, Path(folder), calibration_s=calibration_s, progress=lambda _: None
            )
        for rig in rigs:
            gathered = _Rig()
            for fold in folds:
                own_rig = masked_all(fold.recordings, rig)
                takes = replay.takes(
                    own_rig, fold.entries, calibration_s=calibration_s, progress=progress
                )
                gathered.takes += takes
                for take in takes:
                    both = second_tracker(take, second)
                    gathered.second += [both] if both else []
                if full:
                    _look_into(
                        gathered, takes, own_rig, fold, own_fits,
                        calibration_s=calibration_s, progress=progress,
                    )  # fmt: skip
            found.append(_concluded(gathered, calibration_s, full=full))
    costs = [model_cost(e.name, e.model) for e in judged_models(folds[0])] if full else []
    whole = replace(
        together(found),
        cost=tuple(costs),
        takes=tuple(_take_row(name, each) for name, each in everybody.items()),
    )
    return replace(whole, goals=reached(whole))


def _look_into(
    gathered: _Rig,
    takes: Sequence[Take],
    recordings: Mapping[str, Recording],
    fold: Fold,
    own_fits: Mapping[str, Path],
    *,
    calibration_s: float,
    progress: Callable[[str], None],
) -> None:
    for take in takes:
        if path := own_fits.get(take.name):
            gathered.own.append(own(take, recordings[take.name], path, calibration_s=calibration_s))
    for entry in judged_models(fold):
        for take in takes:
            name, recording = take.name, recordings[take.name]
            only = {name: recording}
            known = {(name, calibration_s): take.tracks[entry.name]}  # grows
            for lengths_s in (LENGTHS_S, LONG_LENGTHS_S):
                gathered.curves[entry.name, lengths_s == LONG_LENGTHS_S] += replay.curve(
                    only, entry.model, lengths_s=lengths_s, label=entry.name, known=known
                )
            gathered.lost += sensor_losses(
                name, recording, entry.model, calibration_s=calibration_s, label=entry.name,
                whole=take.tracks[entry.name],
            )  # fmt: skip
            gathered.parts[entry.name].append(
                stripped(take, recording, name=entry.name, model=entry.model)
            )
            if take.rig.observed:
                gathered.ahead.append(
                    ahead(
                        name, recording, entry.model, calibration_s=calibration_s, label=entry.name
                    )
                )
            if not take.rig.eyes:
                gathered.alive.append(_alive(take, recording, entry, calibration_s))
            progress(f"{name} {entry.name}, looked into")


def _take_row(name: str, recording: Recording) -> TakeRow:
    about = recording.about
    return TakeRow(
        name=name, person=about.person, tracker=about.tracker, seconds=recording.duration_s,
        noise=simulated_noise(about),
    )  # fmt: skip


def simulated_noise(about: About) -> str:
    """Return the noise a recording's sensors were simulated with; `not stated` of real ones."""
    try:
        drawn: object = json.loads(about.notes.get("simulation", "{}"))
    except ValueError:  # a note is anybody's text
        return NOT_STATED
    if not isinstance(drawn, dict):
        return NOT_STATED
    return str(cast("dict[str, object]", drawn).get("noise", NOT_STATED))


def _alive(take: Take, recording: Recording, entry: Entry, calibration_s: float) -> Take:
    lively = replay.alive(recording, entry.model, calibration_s=calibration_s)
    name = f"{entry.name}, alive"
    seen = take.trained_on[entry.name]
    return replace(take, tracks={name: lively}, trained_on={name: seen})


def _concluded(gathered: _Rig, calibration_s: float, *, full: bool) -> Report:
    curves = [takes for _, takes in sorted(gathered.curves.items(), key=lambda i: i[0][1])]
    alive: defaultdict[str, list[Take]] = defaultdict(list)
    for take in gathered.alive:
        alive[next(iter(take.tracks))].append(take)
    tracks = gathered.takes[0].tracks
    return Report(
        card=card(gathered.takes),
        calibration_s=calibration_s,
        full=full,
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

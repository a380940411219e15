"""Who is judged by which weights: as they ship, left out one by one, or by a fixed split.

People, never frames, are split: no recording of a person in training is judged as unseen. Models that
are fitted here live as files in a folder of the caller's, for as long as they are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...datasets.recording import Recording
from ...headset.errors import ModelError, RecordingError
from ..models import SHIPPED
from .ground_truth import BASELINES, HOLD
from .replay import Entry

FITTED = SHIPPED
"""Everything with weights: fitted anew wherever anything is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Recordings, and everything they are judged by.

    Attributes:
        recordings: By name.
        entries: Baselines and models, each with the file that has not seen these people (or says so).
    """

    recordings: Mapping[str, Recording]
    entries: tuple[Entry, ...]


def as_shipped(recordings: Mapping[str, Recording], models: Sequence[str]) -> Fold:
    """Return everybody, judged by the weights that ship and by model files."""
    return Fold(
        recordings=recordings,
        entries=(
            *(Entry(name=name, model=name) for name in BASELINES),
            *(Entry(name=name, model=name) for name in SHIPPED if name not in BASELINES),
            *_files(models, (*BASELINES, *SHIPPED)),
        ),
    )


def leaving_one_out(
    recordings: Mapping[str, Recording],
    models: Sequence[str],
    *,
    kinds: Sequence[str],
    folder: Path,
    calibration_s: float,
) -> Iterator[Fold]:
    """Yield for each person their recordings, with models fitted on everybody else's.

    Args:
        recordings: Of two people at least, under a rig that senses mouth and eyes.
        models: Files that are judged as well, as they are.
        kinds: What is fitted beside `FITTED`, of `training.KINDS`.
        folder: Where the fitted files go.
        calibration_s: How much of each recording its wearer is calibrated from.

    Raises:
        RecordingError: One person alone, or a recording that cannot be trained on.
        ModelError: A kind is not known, or the package `onnx` is missing.
    """
    for number, (theirs, others) in enumerate(left_out(recordings)):
        yield _fitted(
            theirs,
            others,
            models,
            kinds=kinds,
            folder=folder / str(number),
            calibration_s=calibration_s,
        )


def fixed(
    recordings: Mapping[str, Recording],
    training: Mapping[str, Recording],
    models: Sequence[str],
    *,
    kinds: Sequence[str],
    folder: Path,
    calibration_s: float,
) -> Fold:
    """Return recordings with models fitted on those of other people.

    Raises:
        RecordingError: Somebody is on both sides; otherwise as `leaving_one_out`.
    """
    people = [{each.about.person for each in side.values()} for side in (recordings, training)]
    if both := people[0] & people[1]:
        raise RecordingError(
            f"{', '.join(sorted(both))}: on both sides of the split: fit on other people's recordings"
        )
    return _fitted(
        recordings, training, models, kinds=kinds, folder=folder, calibration_s=calibration_s
    )


def left_out(
    recordings: Mapping[str, Recording],
) -> Iterator[tuple[dict[str, Recording], dict[str, Recording]]]:
    """Yield for each person (their recordings, everybody else's).

    Raises:
        RecordingError: There is one person alone.
    """
    people = sorted({recording.about.person for recording in recordings.values()})
    if len(people) < 2:
        raise RecordingError("leaving one person out needs two at least: name more recordings")
    for person in people:
        theirs = {n: r for n, r in recordings.items() if r.about.person == person}
        yield theirs, {n: r for n, r in recordings.items() if n not in theirs}


def _fitted(
    recordings: Mapping[str, Recording],
    training: Mapping[str, Recording],
    models: Sequence[str],
    *,
    kinds: Sequence[str],
    folder: Path,
    calibration_s: float,
) -> Fold:
    from ..fit.training import (
        KINDS,
        train,
    )  # brings in the package onnx, which judging does not need

    wanted = [*FITTED, *kinds]
    if strange := sorted(set(wanted).difference(KINDS)):
        raise ModelError(f"{strange[0]}: no kind of model: choose of {', '.join(KINDS)}")
    names = [*BASELINES, *(kind for kind in KINDS if kind in wanted and kind not in BASELINES)]
    brought = _files(models, names)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    for kind in KINDS:
        if kind in wanted:
            files[kind] = folder / f"{kind}.onnx"
            train(kind, training, files[kind], calibration_s=calibration_s)
    of = {kind: str(path) for kind, path in files.items()} | {"mean": f"mean:{files['ridge']}"}
    entries = (*(Entry(name=name, model=of.get(name, name)) for name in names), *brought)
    return Fold(recordings=recordings, entries=entries)


def _files(models: Sequence[str], taken: Sequence[str]) -> tuple[Entry, ...]:
    """Return model files by their stem.

    Raises:
        ModelError: Two tracks would have one name, and one of them be judged in the other's place.
    """
    names = {*taken, HOLD}
    entries = tuple(Entry(name=Path(model).stem, model=model) for model in models)
    for entry in entries:
        if entry.name in names:
            raise ModelError(
                f"{entry.model}: another that is judged is called {entry.name}: rename the file"
            )
        names.add(entry.name)
    return entries

"""`unvisor evaluate Y.h5… [--model M.onnx] [--json OUT]`: the report card of FIDELITY.

Every model and baseline gets the same frames of the same people, calibrated from each recording's
first seconds. People a model was trained on are shown apart and count for nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from ..datasets.recording import Recording
from ..datasets.store import load
from ..headset.errors import ModelError, RecordingError
from ..headset.files import replacing
from ..reconstruct import trial
from ..reconstruct.card import Card, card
from ..reconstruct.leaks import Leak, leaks
from ..reconstruct.loss import Loss, losses
from ..reconstruct.models import DEFAULT
from ..reconstruct.sheets import CALIBRATION_S
from .terminal import CONSOLE, WEEK_S, counting, named, ready, within, working

if TYPE_CHECKING:
    from ..reconstruct.judged import Take

LENGTHS_S: Final = (0.0, 5.0, 20.0)
"""Calibrations that are compared under --full; judged on what follows the longest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    add = parser.add_argument
    add("recordings", nargs="+", type=Path, metavar="Y.h5", help="with truth, person and sensors")
    add("--model", action="append", default=[], metavar="M.onnx", help="judge this too, again "
        "for each")  # fmt: skip
    add("--calibration-s", type=float, default=CALIBRATION_S, metavar="S",
        help="calibrate each wearer from so much (default %(default)s)")  # fmt: skip
    add("--leave-one-out", action="store_true", help="fit mean, ridge and robust anew for each "
        "person, on the others' recordings")  # fmt: skip
    add("--leaks", action="store_true", help="run the leak tests on every model as well")
    add("--full", action="store_true", help="calibrations of several lengths, and one sensor lost, "
        f"for {DEFAULT} and each --model")  # fmt: skip
    add("--channels", action="store_true", help="show every channel, not groups alone")
    add("--json", type=Path, metavar="OUT", help="write the whole card as JSON")


def run(options: argparse.Namespace) -> int:
    """Judge, show, write; exit code 1 where a leak test fails or something is too good."""
    within("--calibration-s", options.calibration_s, WEEK_S, or_zero=True)
    ready(options.json, RecordingError, inputs=options.recordings, word="--json")
    recordings = {name: load(path) for name, path in named(options.recordings).items()}
    judge = _leaving_one_out if options.leave_one_out else _as_shipped
    if not options.leave_one_out:
        _warn(recordings, options)
    takes = judge(recordings, options)
    judged = card(takes)
    found = _leaks(recordings, options) if options.leaks else []
    lengths, lost = _full(recordings, options) if options.full else ([], [])
    if options.json is not None:
        content = judged.as_json() | {
            "leaks": [asdict(leak) for leak in found],
            "calibration_lengths": [each.as_json()["table"] for each in lengths],
            "sensor_lost": [asdict(loss) for loss in lost],
        }
        with replacing(options.json, RecordingError) as draft:
            draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    _show(judged, channels=options.channels)
    for each in lengths:
        _show(each, channels=False)
    _show_rest(lost, found)
    return 1 if judged.alarms or any(not leak.passed for leak in found) else 0


def _warn(recordings: Mapping[str, Recording], options: argparse.Namespace) -> None:
    """Say before the work which models have seen whom: of those people no score counts."""
    people = {recording.about.person for recording in recordings.values()}
    for name, seen in trial.seen_people(recordings, _entries(options)).items():
        if name != "mean" and seen & people:
            CONSOLE.print(
                f"{name} was trained on {', '.join(sorted(seen & people))}: no score of these people "
                "counts; --leave-one-out fits without them",
                style="yellow",
            )


def _entries(options: argparse.Namespace) -> list[trial.Entry]:
    baselines = [trial.Entry(name=name, model=name) for name in trial.BASELINES]
    return baselines + [trial.Entry(name=Path(m).stem, model=m) for m in options.model]


def _as_shipped(recordings: Mapping[str, Recording], options: argparse.Namespace) -> list[Take]:
    entries = _entries(options)
    with counting("reconstructing", len(recordings) * len(entries)) as step:
        return trial.takes(recordings, entries, calibration_s=options.calibration_s, progress=step)


def _leaving_one_out(
    recordings: Mapping[str, Recording], options: argparse.Namespace
) -> list[Take]:
    if find_spec("onnx") is None:
        raise ModelError(
            "--leave-one-out: the package onnx is missing: pip install 'unvisor[train]'"
        )
    from ..reconstruct.training import KINDS, train

    takes: list[Take] = []
    for theirs, others in trial.left_out(recordings):
        with TemporaryDirectory(prefix="unvisor-") as folder:
            fitted: dict[str, Path] = {k: Path(folder) / f"{k}.onnx" for k in KINDS}
            with working(f"fitting without {next(iter(theirs.values())).about.person}"):
                for kind in KINDS:
                    train(kind, others, fitted[kind], calibration_s=options.calibration_s)
            fitted["mean"] = fitted["ridge"]
            entries = [
                trial.Entry(
                    name=entry.name,
                    model=_fitted(entry.name, fitted) if entry.model in fitted else entry.model,
                )
                for entry in _entries(options)
            ]
            with counting("reconstructing", len(theirs) * len(entries)) as step:
                takes += trial.takes(
                    theirs, entries, calibration_s=options.calibration_s, progress=step
                )
    return takes


def _fitted(name: str, fitted: Mapping[str, Path]) -> str:
    return f"mean:{fitted[name]}" if name == "mean" else str(fitted[name])


def _leaks(recordings: Mapping[str, Recording], options: argparse.Namespace) -> list[Leak]:
    entries = _entries(options)
    found: list[Leak] = []
    with counting("testing for leaks", len(entries)) as step:
        for entry in entries:
            run = partial(trial.reconstruct, model=entry.model, calibration_s=options.calibration_s)
            found += [
                replace(leak, name=f"{entry.name}: {leak.name}")
                for leak in leaks(
                    run, list(recordings.values()), calibrated_s=options.calibration_s
                )
            ]
            step(entry.name)
    return found


def _full(
    recordings: Mapping[str, Recording], options: argparse.Namespace
) -> tuple[list[Card], list[Loss]]:
    models = [DEFAULT, *options.model]
    cards: list[Card] = []
    lost: list[Loss] = []
    with counting("calibrations and losses", len(models)) as step:
        for model in models:
            takes = trial.curve(recordings, model, lengths_s=LENGTHS_S)
            if takes:
                cards.append(card(takes, reference=next(iter(takes[0].tracks))))
            for name, recording in recordings.items():
                lost += losses(name, recording, model, calibration_s=options.calibration_s)
            step(model)
    return cards, lost


_KEY = """\
mae: error of the best guess; ratio: to that of the wearer's own rest, below 1 is better than rest;
worst: of any person; r: correlation; dynamics: motion shown ÷ true motion; covers: share of truth
inside the stated 90 % interval. coupled-9: cheeks, nose, squint, wide; free-5: the brows;
passing: what is sensed. "1 + 1 seen": one person counts, one was seen in training."""

_SHOWN = ("channels", "track", "people", "mae", "ratio", "worst", "r", "dynamics", "covers")
"""What fits on a terminal of 80 columns; the rest is in the JSON."""


def _show(judged: Card, *, channels: bool) -> None:
    console = Console()
    console.width = max(console.width, 80)  # figures are worth more than a tidy edge
    shown = [judged.COLUMNS.index(name) for name in _SHOWN]
    rigs = list(dict.fromkeys(row.rig for row in judged.table))
    for rig in rigs:
        table = Table(*_SHOWN, title=f"rig {rig}", title_justify="left", box=None, pad_edge=False)
        last = ""
        for row in judged.rows(channels=channels):
            if row[0] == rig:
                cells = [row[column] for column in shown]
                last, cells[0] = cells[0], "" if cells[0] == last else cells[0]
                table.add_row(*cells)
        console.print(table)
    console.print(_KEY, style="dim")
    for alarm in judged.alarms:
        console.print(f"too good to be true: {alarm}", style="red")


def _show_rest(lost: Sequence[Loss], found: Sequence[Leak]) -> None:
    console = Console()
    if lost:
        columns = ("model", "take", "lost", "error ÷ smaller rig's", "step added", "recovers in s")
        table = Table(*columns, title="one sensor lost", title_justify="left", box=None)
        for loss in lost:
            figures = (f"{loss.ratio:.2f}", f"{loss.step:.3f}", f"{loss.recovery_s:.2f}")
            table.add_row(Path(loss.model).stem, loss.name, loss.source, *figures)
        console.print(table)
    for leak in found:
        verdict = "passed" if leak.passed else "LEAKS"
        console.print(
            f"{verdict}: {leak.name}: {leak.detail}", style=None if leak.passed else "red"
        )

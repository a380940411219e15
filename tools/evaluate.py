"""`unvisor evaluate Y.h5… [--model M.onnx] [--json OUT]`: the report card of FIDELITY.

Every model and baseline gets the same frames of the same people, calibrated from each recording's
first seconds. People a model was trained on are shown apart and count for nothing.

    unvisor evaluate takes/*.h5                                    what ships, under the takes' own rig
    unvisor evaluate takes/*.h5 --all-rigs --leave-one-out robust  fitted anew without each person
    unvisor evaluate takes/*.h5 --fit-on others/*.h5               fitted on other people
    unvisor evaluate takes/*.h5 --full --plots cards               everything, drawn
    unvisor evaluate takes/*.h5 --film films                       truth | ours | rules, and the worst
    unvisor evaluate --study donning takes/*.h5                    what parts of calibrating are worth

`--json` writes all figures; its key `explains` says what stands under each of the others.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from ..datasets.recording import Recording
from ..datasets.store import load
from ..headset.errors import ModelError, OutputError, RecordingError
from ..headset.files import replacing
from ..headset.rig import RIGS, Rig
from ..reconstruct.fit.sheets import CALIBRATION_S
from ..reconstruct.judge import folds, replay
from ..reconstruct.judge.leaks import Leak, leaks
from ..reconstruct.judge.masking import masked_all, possible
from ..reconstruct.judge.report import Report
from ..reconstruct.judge.study import steps, study
from ..reconstruct.models import DEFAULT
from .evaluate_shown import show
from .evaluate_studies import STUDIES, studied
from .terminal import CONSOLE, WEEK_S, counting, named, ready, within, working


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its options."""
    add = parser.add_argument
    add("recordings", nargs="*", type=Path, metavar="Y.h5", help="with truth, person and sensors")
    add("--model", action="append", default=[], metavar="M.onnx", help="judge this too, again "
        "for each")  # fmt: skip
    add("--calibration-s", type=float, default=CALIBRATION_S, metavar="S",
        help="calibrate each wearer from so much (default %(default)s)")  # fmt: skip
    add("--rig", action="append", default=[], choices=list(RIGS), metavar="RIG", help="judge under this "
        f"rig, again for each; a larger rig's recordings are masked ({', '.join(RIGS)})")  # fmt: skip
    add("--all-rigs", action="store_true", help="judge under every rig the recordings can stand for, "
        "in the order wearers own them")  # fmt: skip
    add("--leave-one-out", nargs="?", const=DEFAULT, metavar="KIND", help="fit KIND and the baselines "
        "anew for each person, on the others' recordings (default KIND: %(const)s)")  # fmt: skip
    add("--fit-on", action="extend", nargs="+", type=Path, default=[], metavar="T.h5", help="fit them "
        "on these recordings, of other people")  # fmt: skip
    add("--second-truth", action="extend", nargs="+", type=Path, default=[], metavar="B.h5",
        help="another tracker's capture of the same takes, on their clock: a ceiling")  # fmt: skip
    add(
        "--leaks",
        action="store_true",
        help="run the leak tests on every model, under every rig judged",
    )
    add("--full", action="store_true", help="calibrations of several lengths, one sensor lost, parts "
        f"removed, ceilings, life, prediction and cost, for {DEFAULT} and each other model")  # fmt: skip
    add("--channels", action="store_true", help="show every channel, not groups alone")
    add("--json", type=Path, metavar="OUT", help="write the whole card as JSON")
    add("--plots", type=Path, metavar="DIR", help="draw a page for each rig, PNG")
    add("--study", choices=STUDIES, help="instead of the card, what a part of calibrating is worth: "
        "targets (of gaze, by the tables of Schuetz & Fiehler 2022), donning (simulated wearers, or "
        "takes), own-face (takes, two of a person)")  # fmt: skip
    add("--film", type=Path, metavar="DIR", help="film the take that holds the worst ten seconds: "
        "truth, ours and today's rules")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Judge, show, write; exit code 1 where a leak test fails or something is too good."""
    if options.study is not None:
        return studied(options)
    _check(options)
    recordings = _loaded(options.recordings)
    rigs = _rigs(recordings, options)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="unvisor-")))
        parts = _folds(recordings, options, folder)
        with counting("judging", steps(parts, len(rigs), full=options.full)) as step:
            found = study(
                parts,
                rigs,
                calibration_s=options.calibration_s,
                full=options.full,
                second=list(_loaded(options.second_truth).values()),
                progress=step,
            )
        leaked = _leaks(parts, rigs, options) if options.leaks else []
        if options.json is not None:
            content = found.as_json() | {"leaks": [asdict(leak) for leak in leaked]}
            with replacing(options.json, RecordingError) as draft:
                draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        show(found, leaked, channels=options.channels)
        if options.plots is not None:
            _draw(found, options.plots)
        if options.film is not None:
            _film(found, parts, options)
    return 1 if found.card.alarms or any(not leak.passed for leak in leaked) else 0


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be done before any work is done for it."""
    if not options.recordings:
        raise RecordingError("nothing to judge: name recordings")
    within("--calibration-s", options.calibration_s, WEEK_S, or_zero=True)
    ready(options.json, RecordingError, inputs=options.recordings, word="--json")
    for word, place in (("--plots", options.plots), ("--film", options.film)):
        if place is not None and place.exists() and not place.is_dir():
            raise OutputError(f"{place}: is a file: name a folder for {word}")
    if options.leave_one_out and options.fit_on:
        raise RecordingError("--fit-on and --leave-one-out: two ways to split people: name one")
    if options.rig and options.all_rigs:
        raise RecordingError("--rig and --all-rigs: name rigs, or have all: give one of the two")
    if (_fits(options) or options.full) and find_spec("onnx") is None:
        word = "--leave-one-out" if options.leave_one_out else "--fit-on"
        word = word if _fits(options) else "--full"  # which fits ceilings
        raise ModelError(f"{word}: the package onnx is missing: pip install onnx")


def _fits(options: argparse.Namespace) -> bool:
    return bool(options.leave_one_out or options.fit_on)


def _loaded(paths: Sequence[Path]) -> dict[str, Recording]:
    return {name: load(path) for name, path in named(paths).items()}


def _rigs(recordings: Mapping[str, Recording], options: argparse.Namespace) -> list[Rig | None]:
    """Return the rigs to judge under, None for the recordings' own; say which are left out."""
    if not options.all_rigs:
        return [RIGS[name] for name in dict.fromkeys(options.rig)] or [None]
    rigs, left_out = possible(recordings)
    for name, why in left_out.items():
        CONSOLE.print(f"rig {name}: left out: {why}", style="yellow")
    return list(rigs)


def _folds(
    recordings: Mapping[str, Recording], options: argparse.Namespace, folder: Path
) -> list[folds.Fold]:
    kinds = [options.leave_one_out or DEFAULT]
    if options.leave_one_out:
        people = len({each.about.person for each in recordings.values()})
        found: list[folds.Fold] = []
        with counting("fitting without each person", people) as step:
            for fold in folds.leaving_one_out(
                recordings, options.model, kinds=kinds, folder=folder,
                calibration_s=options.calibration_s,
            ):  # fmt: skip
                found.append(fold)
                step(next(iter(fold.recordings.values())).about.person)
        return found
    if options.fit_on:
        with working("fitting"):
            return [
                folds.fixed(
                    recordings, _loaded(options.fit_on), options.model, kinds=kinds, folder=folder,
                    calibration_s=options.calibration_s,
                )
            ]  # fmt: skip
    fold = folds.as_shipped(recordings, options.model)
    _warn(fold)
    return [fold]


def _warn(fold: folds.Fold) -> None:
    """Say before the work which models have seen whom: of those people no score counts."""
    people = {recording.about.person for recording in fold.recordings.values()}
    for name, seen in replay.seen_people(fold.recordings, fold.entries).items():
        if name != "mean" and seen & people:
            CONSOLE.print(
                f"{name} was trained on {', '.join(sorted(seen & people))}: no score of these people "
                "counts; --leave-one-out fits without them",
                style="yellow",
            )


def _leaks(
    parts: Sequence[folds.Fold], rigs: Sequence[Rig | None], options: argparse.Namespace
) -> list[Leak]:
    """Test every model under every rig judged."""
    found: list[Leak] = []
    models = sum(len(fold.entries) for fold in parts)
    with counting("testing for leaks", len(rigs) * models) as step:
        for rig, fold in product(rigs, parts):
            recordings = masked_all(fold.recordings, rig)
            under = " and ".join(dict.fromkeys(each.about.rig for each in recordings.values()))
            for entry in fold.entries:
                run = partial(
                    replay.reconstruct, model=entry.model, calibration_s=options.calibration_s
                )
                found += [
                    replace(leak, name=f"{entry.name}, {under}: {leak.name}")
                    for leak in leaks(
                        run, list(recordings.values()), calibrated_s=options.calibration_s
                    )
                ]
                step(f"{entry.name}, {under}")
    return found


def _draw(found: Report, folder: Path) -> None:
    from ..reconstruct.judge.card_plots import draw

    with working("drawing"):
        for path in draw(found, folder):
            CONSOLE.print(f"drawn: {path}")


def _film(found: Report, parts: Sequence[folds.Fold], options: argparse.Namespace) -> None:
    from ..reconstruct.show.side_by_side import film, scenes

    worst = next((row for row in found.worst if row.track == _filmed(parts, options)), None)
    if worst is None:
        raise RecordingError("--film: nobody here is unseen by the model: name another recording")
    fold = next(fold for fold in parts if worst.take in fold.recordings)
    model = next(entry.model for entry in fold.entries if entry.name == worst.track)
    shown = scenes(fold.recordings[worst.take], worst, model, calibration_s=options.calibration_s)
    with counting("filming", sum(len(scene.time_s) for scene in shown)) as step:
        path = film(shown, options.film, worst.take, step)
    CONSOLE.print(f"filmed: {path}")


def _filmed(parts: Sequence[folds.Fold], options: argparse.Namespace) -> str:
    """Return whose face the film shows: the first --model, the kind that was fitted, or the default."""
    if options.model:
        return Path(options.model[0]).stem
    kind = options.leave_one_out
    return kind if any(entry.name == kind for entry in parts[0].entries) else DEFAULT

"""`unvisor evaluate --study WHAT [FILE…]`: what parts of calibrating are worth.

What they gave stands in `calibration/NOTES.md`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from ..headset.errors import RecordingError, UnvisorError
from .terminal import counting, named, working

if TYPE_CHECKING:
    from ..datasets.recording import Recording

_TARGETS: Final = (1, 3, 5, 9)
_CARDS: Final = (
    "model", "rig", "all_rigs", "leave_one_out", "fit_on", "second_truth", "leaks", "full", "channels",
    "json", "plots", "film",
)  # fmt: skip
"""Options of the report card, which no study knows."""


def studied(options: argparse.Namespace) -> int:
    """Do the study, print it."""
    for word in _CARDS:
        if getattr(options, word):
            option = word.replace("_", "-")
            raise UnvisorError(f"--study and --{option}: one is the card's: leave one out")
    print(_STUDIES[options.study](options.recordings))
    return 0


def _targets(paths: Sequence[Path]) -> str:
    from ..calibration.fitting.gaze_study import EYES, Row, sessions, study, table

    if not paths:
        raise RecordingError("--study targets: nothing to judge: name the study's t_*_1.csv")
    found = sessions(paths)
    with counting("judging", len(EYES) * len(_TARGETS)) as step:
        rows: list[Row] = []
        for eyes in EYES:
            for k in _TARGETS:
                rows.append(study(found, eyes, k))
                step(f"{eyes}, {k}")
    return f"{len(found)} sessions\n{table(rows)}"


def _donning(paths: Sequence[Path]) -> str:
    if not paths:
        from ..calibration.fitting import donning_study

        with working("simulating wearers"):
            return donning_study.table(donning_study.donning_study(0))
    from ..reconstruct.judge.donned import SEEDS, Donned, donned_again, table

    takes = _loaded(paths)
    with counting("judging", len(takes) * SEEDS) as step:
        rows: list[Donned] = []
        for name, take in takes.items():
            for seed in range(SEEDS):
                rows.append(donned_again(take, "neutral", seed=seed))
                step(name)
    return table(rows)


def _own_face(paths: Sequence[Path]) -> str:
    from ..reconstruct.judge.taught import fitted_without, table, taught

    if not paths:
        raise RecordingError("--study own-face: nothing to judge: name takes, two of a person")
    takes = _loaded(paths)
    with TemporaryDirectory(prefix="unvisor-") as folder, working("teaching"):
        return table(list(taught(takes, fitted_without(takes, Path(folder)))))


def _loaded(paths: Sequence[Path]) -> dict[str, Recording]:
    from ..datasets.store import load

    takes = {name: load(path) for name, path in named(paths).items()}
    for name, take in takes.items():
        if take.truth is None or not take.truth.time_ns.size:
            raise RecordingError(f"{name}: holds no truth to judge by: name another")
    return takes


_STUDIES: Final[dict[str, Callable[[Sequence[Path]], str]]] = {
    "targets": _targets,
    "donning": _donning,
    "own-face": _own_face,
}
STUDIES: Final = tuple(_STUDIES)

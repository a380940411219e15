"""What a capture of one's own face is worth: taught by one take, judged on another of the same person.

    unvisor evaluate --study own-face TAKE.h5…

Takes have truth and a person; at least two people have two takes. For each person a model is fitted on
everybody else's. Judged is the mean absolute error over the hidden 14 after the calibration's seconds,
divided by that of the wearer's own rest, before and after teaching.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...calibration.fit import fit
from ...calibration.profile import Profile, of_nobody
from ...datasets.recording import Recording, interpolate
from ...datasets.simulate import simulate
from ...headset.clock import NS_PER_S
from ...headset.errors import RecordingError
from ...headset.names import ARKIT_INDEX, HIDDEN_14
from ...headset.rig import RIGS
from ..models import DEFAULT, reconstructor
from ..offline import track
from ..teaching import REST_S, teach

Floats = NDArray[np.float64]

_RIG: Final = RIGS["mouth+eyes"]
_HIDDEN: Final = [ARKIT_INDEX[name] for name in HIDDEN_14]
_BRIDGE_NS: Final = NS_PER_S // 10
_SAME: Final = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """One take, after another of the same person: error over that of their rest."""

    person: str
    take: str
    by: str
    before: float
    after: float


def taught(takes: Mapping[str, Recording], model: Callable[[str], str]) -> Iterator[Taught]:
    """Yield every take of a person after every other of theirs; who has one take alone is passed over.

    Args:
        takes: By name, with truth and a person.
        model: Gives for a person a model, as `models.predictor` takes it, that has not seen them.
    """
    for person in sorted({take.about.person for take in takes.values()}):
        own = {name: take for name, take in takes.items() if take.about.person == person}
        if len(own) < 2:
            continue
        file = model(person)
        before = {name: _ratio(take, file, None) for name, take in own.items()}
        habits = {
            name: teach(of_nobody(), {name: take}, model=file, rig=_RIG).profile
            for name, take in own.items()
        }
        for by, name in permutations(own, 2):
            after = _ratio(own[name], file, habits[by])
            yield Taught(person=person, take=name, by=by, before=before[name], after=after)


def table(rows: list[Taught]) -> str:
    """Return the study as text: each person counts once."""
    if not rows:
        return "nobody has two takes: name two of one person, and one of another"
    people = sorted({row.person for row in rows})
    lines: list[str] = []
    each: list[Floats] = []
    for person in people:
        own = np.array([(row.before, row.after) for row in rows if row.person == person])
        worse = int((own[:, 1] > own[:, 0] + _SAME).sum())
        each.append(own.mean(axis=0))
        before, after = each[-1].tolist()
        lines.append(f"{person:12} {before:.3f} → {after:.3f}, worse {worse} of {len(own)}")
    before, after = np.mean(each, axis=0).tolist()
    lines.append(f"{'mean':12} {before:.3f} → {after:.3f}")
    return "\n".join(lines)


def _ratio(take: Recording, model: str, habits: Profile | None) -> float:
    """Return the error of what is sent over that of rest."""
    assert take.truth is not None
    worn = simulate(take, _RIG, noise="none").without_truth()
    profile = fit(worn.first(REST_S).frames())
    if habits is not None:
        profile = replace(profile, habit_gain=habits.habit_gain, habit_offset=habits.habit_offset)
    shown = track(worn.frames(), reconstructor(model, profile))
    until_ns = take.span_ns[0] + round(REST_S * NS_PER_S)
    late = take.truth.time_ns > until_ns
    truth = (take.truth.arkit - take.truth.rest(until_ns))[late][:, _HIDDEN]
    sent = interpolate(shown.time_ns, shown.arkit, take.truth.time_ns[late], gap_ns=_BRIDGE_NS)
    off = np.abs(sent[:, _HIDDEN] - truth)
    known = np.isfinite(off).all(axis=1)
    return float(off[known].mean() / np.abs(truth[known]).mean())


def fitted_without(takes: Mapping[str, Recording], folder: Path) -> Callable[[str], str]:
    """Return what fits for a person the model that ships, on everybody else's takes.

    Args:
        takes: By name, with truth and a person.
        folder: Where models go.

    Raises:
        RecordingError: One person alone: nobody is left to fit on.
    """
    from ..fit.training import train

    people = sorted({take.about.person for take in takes.values()})
    if len(people) < 2:
        raise RecordingError("one person alone: a model is fitted on others: name their takes, too")

    def fitted(person: str) -> str:
        others = {
            name: simulate(take, _RIG, noise="none")
            for name, take in takes.items()
            if take.about.person != person
        }
        file = folder / f"{people.index(person)}.onnx"
        train(DEFAULT, others, file)
        return str(file)

    return fitted

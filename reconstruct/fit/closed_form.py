"""Models with a closed form: `ridge`, `robust` and `anatomy`, one linear map a rig.

All see the calibrated channels and give the hidden ones, relative to rest, without an intercept:
a face at rest stays at rest. Every row is learnt from twice, as it is and mirrored, so the map is
mirror-equivariant.

- `ridge` minimises squares. Shrunk too little it loses to the wearer's own rest (FIDELITY).
- `robust` minimises absolute errors with a ridge penalty (median regression), then scales each
  channel by a gain chosen on training people who were left out. The median of a brow that rarely
  moves is rest, and a gain of 0 is allowed: what cannot be known stays at rest.
- `anatomy` counts people alike and knows what moves together (`anatomy.py`); small guesses rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ..headset.names import ARKIT, ARKIT_MIRROR
from ..headset.rig import RIGS
from .anatomy import JOINED, above_floor, fit_anatomy, noise_floor
from .median_regression import KNEE, least_absolute
from .sheets import Sheet
from .spread import reach

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Kind = Literal["ridge", "robust", "anatomy"]
Solve = Callable[[Sequence[Sheet], Places, Places], Floats]

MAPS: Final = ("none", "eyes", "mouth", "mouth+eyes")
"""The rigs a map is fitted for; index = 2 x mouth + eyes."""

RIDGE_PENALTY: Final = 300.0
"""Added to the diagonal of the rows' Gram matrix; some 15,000 rows stand behind it."""

ROBUST_PENALTY: Final = 3000.0
"""The same for absolute errors, whose rows weigh up to 1 / `KNEE`; measured over 100 to 10,000 on
people left out (NOTES)."""

_ROUNDS: Final = 20
_SETTLED: Final = 1e-3
"""Reweighting stops when no coefficient moves by this: a thousandth of a weight at full input."""

_GAINS: Final = np.linspace(0.0, 1.0, 21)
ACTIVITY_FLOOR: Final = 0.02
_QUIET_STD: Final = 0.02

_STILL: Final = 0.002
"""Added to a person's error at rest, so that a channel they never move says little."""

_SENT_SHARE: Final = 0.8
"""Of the motion that a guess lacks, what is given back where it is shown."""

_SENT_MOST: Final = 2.5
_SENT_MOST_UNSURE: Final = 2.0
"""The largest gain, where r is at least .5 and below. On people left out these gave a better
concordance on every person, brows too, than the more careful .6, 2 and 1.3 of SCIENCE 3.3 (NOTES)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedForm:
    """A fitted model: for each of `MAPS` a map, its interval and how much to bring back to life.

    Attributes:
        weight: Shape (4, 52, 52): guess = observed @ weight[rig]; columns of observed channels are 0.
        floor: Shape (52,), guesses below it are taken back to rest (`anatomy.above_floor`).
        low: Shape (4, 52), the interval's lower end per unit of `activity`, at most 0.
        high: Shape (4, 52), its upper end, at least 0 (`spread.reach`).
        sent_gain: Shape (4, 52), what is sent ÷ the median, at least 1.
        mean: Shape (52,), the training people's mean face relative to rest.
        people: Whose faces it was fitted on.
    """

    kind: Kind
    weight: Floats
    low: Floats
    high: Floats
    sent_gain: Floats
    mean: Floats
    people: tuple[str, ...]
    floor: Floats = field(default_factory=lambda: np.zeros(len(ARKIT)))

    def guess(self, observed: Floats, rig: int) -> Floats:
        """Return the medians (…, 52) for what is observed (…, 52), by index in `MAPS`."""
        return above_floor(observed @ self.weight[rig], self.floor)


def activity(observed: Floats) -> Floats:
    """Return how much a face is moving away from rest, (T,), at least `ACTIVITY_FLOOR`.

    The error of a guess grows with it: a resting face is at rest, a grimace may be anything.
    """
    return ACTIVITY_FLOOR + np.abs(observed).mean(axis=-1)


def fit_closed_form(kind: Kind, sheets: Sequence[Sheet]) -> ClosedForm:
    """Fit a model on rows whose every hidden channel has a truth.

    Args:
        kind: Which errors to minimise.
        sheets: Of a rig that senses mouth and eyes: smaller rigs are made by masking. Gains and
            intervals come from people left out (from takes, where there is one person).
    """
    solve = _SOLVE[kind]
    floor = noise_floor() if kind == "anatomy" else np.zeros(len(ARKIT))
    shape = (len(MAPS), len(ARKIT))
    weight = np.zeros((*shape, len(ARKIT)))
    low, high, sent = np.zeros(shape), np.zeros(shape), np.ones(shape)
    for index, name in enumerate(MAPS):
        seen = indices(RIGS[name].observed)
        hidden = indices(RIGS[name].hidden)
        folds = _left_out(solve, sheets, seen, hidden, floor[hidden])
        gain = np.ones(hidden.size)
        if kind != "ridge":
            gain = np.where(_joined(kind, hidden), gain, _gains(folds, hidden))
        if seen.size:
            weight[index][np.ix_(seen, hidden)] = solve(sheets, seen, hidden) * gain
        errors = [
            (fold.truth - gain * fold.guess) / activity(fold.observed)[:, None] for fold in folds
        ]
        mirror = _partners(hidden)
        high[index, hidden] = reach([np.concatenate([e, e[:, mirror]]) for e in errors])
        low[index, hidden] = -high[index, hidden]
        sent[index, hidden] = _sent_gain(
            np.concatenate([fold.guess for fold in folds]) * gain,
            np.concatenate([fold.truth for fold in folds]),
        )
    faces = np.concatenate([sheet.truth for sheet in sheets])
    return ClosedForm(
        kind=kind,
        weight=weight,
        low=low,
        high=high,
        sent_gain=sent,
        mean=np.asarray((faces.mean(axis=0) + faces.mean(axis=0)[list(ARKIT_MIRROR)]) / 2),
        people=tuple(sorted({sheet.person for sheet in sheets})),
        floor=floor,
    )


def _joined(kind: Kind, hidden: Places) -> NDArray[np.bool_]:
    """Return which hidden channels need no gain: those whose map is shaped by anatomy."""
    places: list[int] = hidden.tolist()
    return np.array([kind == "anatomy" and ARKIT[h].startswith(tuple(JOINED)) for h in places])


def indices(names: Sequence[str]) -> Places:
    """Return where channels stand in ARKit's order."""
    return np.array([ARKIT.index(name) for name in names], dtype=np.intp)


def stack(sheets: Sequence[Sheet], seen: Places, hidden: Places) -> tuple[Floats, Floats]:
    """Stack rows (2T, seen) and targets (2T, hidden), each take as it is and mirrored."""
    both = [side for sheet in sheets for side in (sheet, sheet.mirrored())]
    return (
        np.concatenate([sheet.observed[:, seen] for sheet in both]),
        np.concatenate([sheet.truth[:, hidden] for sheet in both]),
    )


def least_squares(rows: Floats, targets: Floats, penalty: float = RIDGE_PENALTY) -> Floats:
    """Minimise squares plus a penalty on coefficients; shape (seen, hidden)."""
    gram = rows.T @ rows + penalty * np.eye(rows.shape[1])
    return np.asarray(np.linalg.solve(gram, rows.T @ targets), dtype=np.float64)


def _least_absolute(rows: Floats, targets: Floats) -> Floats:
    """Minimise absolute errors, a column at a time; shape (seen, hidden)."""
    penalty = ROBUST_PENALTY * np.eye(rows.shape[1])
    out = least_squares(rows, targets)
    for column, target in enumerate(targets.T):
        start = out[:, column]
        share = 1.0 / np.hypot(target - rows @ start, KNEE)
        out[:, column] = least_absolute(
            rows, target, penalty,
            weight=1.0, share=share, start=start, rounds=_ROUNDS, settled=_SETTLED,
        )  # fmt: skip
    return out


_SOLVE: Final[dict[Kind, Solve]] = {
    "ridge": lambda sheets, seen, hidden: least_squares(*stack(sheets, seen, hidden)),
    "robust": lambda sheets, seen, hidden: _least_absolute(*stack(sheets, seen, hidden)),
    "anatomy": fit_anatomy,
}


def together(sheets: Sequence[Sheet]) -> list[list[Sheet]]:
    """Return the takes that are left out together: a person's, or one take of the only person."""
    people = {sheet.person for sheet in sheets}
    groups: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        groups.setdefault(sheet.person if len(people) > 1 else sheet.name, []).append(sheet)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class _Fold:
    """One group, guessed by a map fitted on the others.

    Attributes:
        guess: Shape (T, hidden), before any gain.
        truth: Shape (T, hidden).
        observed: Shape (T, 52), channels the rig does not see at 0.
    """

    guess: Floats
    truth: Floats
    observed: Floats


def _left_out(
    solve: Solve,
    sheets: Sequence[Sheet],
    seen: Places,
    hidden: Places,
    floor: Floats,
) -> list[_Fold]:
    """Guess every group of takes by a map fitted on the others."""
    groups = together(sheets)
    folds: list[_Fold] = []
    for inside in groups:
        outside = [sheet for group in groups if group is not inside for sheet in group] or inside
        observed = np.concatenate([sheet.observed for sheet in inside])
        unseen = np.ones(observed.shape[1], dtype=bool)
        unseen[seen] = False
        observed[:, unseen] = 0.0
        truth = np.concatenate([sheet.truth[:, hidden] for sheet in inside])
        guess = np.zeros_like(truth)
        if seen.size:
            guess = above_floor(observed[:, seen] @ solve(outside, seen, hidden), floor)
        folds.append(_Fold(guess, truth, observed))
    return folds


def _gains(folds: Sequence[_Fold], hidden: Places) -> Floats:
    """Return per channel the gain (0 to 1) that serves people best; both sides get the same.

    Each person's error counts relative to what their own rest would give: an exercise in grimaces
    and an evening's talk weigh the same, and a channel that is guessed wrong for those who hardly
    move it is turned down though the grimacer would gain.
    """
    error = np.zeros((_GAINS.size, hidden.size))
    for fold in folds:
        rest = np.abs(fold.truth).mean(axis=0) + _STILL
        for row, gain in enumerate(_GAINS):
            error[row] += np.abs(fold.truth - gain * fold.guess).mean(axis=0) / rest
    return _GAINS[np.argmin(error + error[:, _partners(hidden)], axis=0)]


def _partners(hidden: Places) -> list[int]:
    """Return for each hidden channel where its mirror image stands among them."""
    place = {channel: i for i, channel in enumerate(hidden.tolist())}
    return [place[ARKIT_MIRROR[channel]] for channel in hidden.tolist()]


def _sent_gain(guess: Floats, truth: Floats) -> Floats:
    """Return how much each channel's motion is raised for showing.

    A guess with correlation r shows only a share r of the motion; a share of what is missing is
    given back, more where it is sure.

    Source: SCIENCE 3.3, its numbers measured anew.
    """
    gain = np.ones(guess.shape[1])
    for column in range(guess.shape[1]):
        mine, real = guess[:, column], truth[:, column]
        if mine.std() < 1e-6 or real.std() < _QUIET_STD:
            continue
        r = float(np.corrcoef(mine, real)[0, 1])
        wanted = 1.0 + _SENT_SHARE * (float(real.std() / mine.std()) - 1.0)
        gain[column] = max(1.0, min(wanted, _SENT_MOST if r >= 0.5 else _SENT_MOST_UNSURE))
    return gain

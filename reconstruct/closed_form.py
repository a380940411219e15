"""Models with a closed form: `ridge` and `robust`, one linear map a rig.

Both see the calibrated channels and give the hidden ones, relative to rest, without an intercept:
a face at rest stays at rest. Every row is learnt from twice, as it is and mirrored, so the map is
mirror-equivariant.

- `ridge` minimises squares. Shrunk too little it loses to the wearer's own rest (FIDELITY).
- `robust` minimises absolute errors with a ridge penalty (median regression), then scales each
  channel by a gain chosen on training people who were left out. The median of a brow that rarely
  moves is rest, and a gain of 0 is allowed: what cannot be known stays at rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ..headset.names import ARKIT, ARKIT_MIRROR
from ..headset.rig import RIGS
from .sheets import Sheet

Floats = NDArray[np.float64]
Kind = Literal["ridge", "robust"]

MAPS: Final = ("none", "eyes", "mouth", "mouth+eyes")
"""The rigs a map is fitted for; index = 2 x mouth + eyes."""

RIDGE_PENALTY: Final = 300.0
"""Added to the diagonal of the rows' Gram matrix; some 15,000 rows stand behind it."""

ROBUST_PENALTY: Final = 3000.0
"""The same for absolute errors, whose rows weigh up to 1 / `_KNEE`; measured over 100 to 10,000 on
people left out (NOTES)."""

_KNEE: Final = 0.01
"""Errors below this count as squares: a hundredth of a weight is noise."""

_ROUNDS: Final = 20
_SETTLED: Final = 1e-3
"""Reweighting stops when no coefficient moves by this: a thousandth of a weight at full input."""

_GAINS: Final = np.linspace(0.0, 1.0, 21)
ACTIVITY_FLOOR: Final = 0.02
_COVER: Final = (0.05, 0.95)
_QUIET_STD: Final = 0.02

_STILL: Final = 0.002
"""Added to a person's error at rest, so that a channel they never move says little."""

_SENT_LAMBDA: Final = 0.6
_SENT_MOST: Final = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedForm:
    """A fitted model: for each of `MAPS` a map, its interval and how much to bring back to life.

    Attributes:
        weight: Shape (4, 52, 52): guess = observed @ weight[rig]; columns of observed channels are 0.
        low: Shape (4, 52), the interval's lower end per unit of `activity`, at most 0.
        high: Shape (4, 52), its upper end, at least 0.
        spread: Shape (4, 52), standard deviation of the error per unit of activity.
        sent_gain: Shape (4, 52), what is sent ÷ the median, at least 1.
        mean: Shape (52,), the training people's mean face relative to rest.
        people: Whose faces it was fitted on.
    """

    kind: Kind
    weight: Floats
    low: Floats
    high: Floats
    spread: Floats
    sent_gain: Floats
    mean: Floats
    people: tuple[str, ...]


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
            intervals are chosen on people left out (on takes, where there is one person).
    """
    solve = _least_squares if kind == "ridge" else _least_absolute
    shape = (len(MAPS), len(ARKIT))
    weight = np.zeros((*shape, len(ARKIT)))
    low, high, spread, sent = (np.zeros(shape) for _ in range(4))
    sent += 1.0
    for index, name in enumerate(MAPS):
        seen = _indices(RIGS[name].observed)
        hidden = _indices(RIGS[name].hidden)
        folds = _left_out(solve, sheets, seen, hidden)
        gain = _gains(folds, hidden) if kind == "robust" else np.ones(hidden.size)
        if seen.size:
            rows, targets = _rows(sheets, seen, hidden)
            weight[index][np.ix_(seen, hidden)] = solve(rows, targets) * gain
        errors = [
            (fold.truth - gain * fold.guess) / activity(fold.observed)[:, None] for fold in folds
        ]
        # Of the people left out the least predictable sets the interval: the next one is a stranger.
        ends = np.array([np.quantile(error, _COVER, axis=0) for error in errors])
        low[index, hidden] = np.minimum(ends[:, 0].min(axis=0), 0.0)
        high[index, hidden] = np.maximum(ends[:, 1].max(axis=0), 0.0)
        spread[index, hidden] = np.concatenate(errors).std(axis=0)
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
        spread=spread,
        sent_gain=sent,
        mean=np.asarray((faces.mean(axis=0) + faces.mean(axis=0)[list(ARKIT_MIRROR)]) / 2),
        people=tuple(sorted({sheet.person for sheet in sheets})),
    )


def _indices(names: Sequence[str]) -> NDArray[np.intp]:
    return np.array([ARKIT.index(name) for name in names], dtype=np.intp)


def _rows(
    sheets: Sequence[Sheet], seen: NDArray[np.intp], hidden: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Stack rows (2T, seen) and targets (2T, hidden), each take as it is and mirrored."""
    both = [side for sheet in sheets for side in (sheet, sheet.mirrored())]
    return (
        np.concatenate([sheet.observed[:, seen] for sheet in both]),
        np.concatenate([sheet.truth[:, hidden] for sheet in both]),
    )


def _least_squares(rows: Floats, targets: Floats) -> Floats:
    gram = rows.T @ rows + RIDGE_PENALTY * np.eye(rows.shape[1])
    return _solve(gram, rows.T @ targets)


def _solve(gram: Floats, moment: Floats) -> Floats:
    return np.asarray(np.linalg.solve(gram, moment), dtype=np.float64)


def _least_absolute(rows: Floats, targets: Floats) -> Floats:
    """Minimise absolute errors by reweighted squares, a column at a time; shape (seen, hidden)."""
    penalty = ROBUST_PENALTY * np.eye(rows.shape[1])
    out = _least_squares(rows, targets)
    for column, target in enumerate(targets.T):
        coefficients = out[:, column]
        for _ in range(_ROUNDS):
            weight = 1.0 / np.hypot(target - rows @ coefficients, _KNEE)
            weighted = rows * weight[:, None]
            step = _solve(weighted.T @ rows + penalty, weighted.T @ target)
            moved = np.abs(step - coefficients).max(initial=0.0)
            coefficients = step
            if moved < _SETTLED:
                break
        out[:, column] = coefficients
    return out


def _groups(sheets: Sequence[Sheet]) -> list[list[Sheet]]:
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
    solve: Callable[[Floats, Floats], Floats],
    sheets: Sequence[Sheet],
    seen: NDArray[np.intp],
    hidden: NDArray[np.intp],
) -> list[_Fold]:
    """Guess every group of takes by a map fitted on the others."""
    groups = _groups(sheets)
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
            guess = observed[:, seen] @ solve(*_rows(outside, seen, hidden))
        folds.append(_Fold(guess, truth, observed))
    return folds


def _gains(folds: Sequence[_Fold], hidden: NDArray[np.intp]) -> Floats:
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
    place = {channel: i for i, channel in enumerate(hidden.tolist())}
    partner = [place[ARKIT_MIRROR[channel]] for channel in hidden.tolist()]
    return _GAINS[np.argmin(error + error[:, partner], axis=0)]


def _sent_gain(guess: Floats, truth: Floats) -> Floats:
    """Return how much each channel's motion is raised for showing.

    A guess with correlation r shows only a share r of the motion. Where r is at least .5, 60 % of
    what is missing is given back; below it no more than 1.3.

    Source: SCIENCE 3.3.
    """
    gain = np.ones(guess.shape[1])
    for column in range(guess.shape[1]):
        mine, real = guess[:, column], truth[:, column]
        if mine.std() < 1e-6 or real.std() < _QUIET_STD:
            continue
        r = float(np.corrcoef(mine, real)[0, 1])
        wanted = 1.0 + _SENT_LAMBDA * (float(real.std() / mine.std()) - 1.0)
        gain[column] = max(1.0, min(wanted, 2.0 if r >= 0.5 else _SENT_MOST))
    return gain

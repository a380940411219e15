"""One linear map under one rig, by kind, and how it does on people left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ...headset.names import ARKIT
from .anatomy import JOINED, above_floor, fit_anatomy
from .fallback import Baseline, fallen_back
from .gains import believed, partners
from .median_regression import KNEE, least_absolute
from .sheets import Sheet

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Kind = Literal["ridge", "robust", "anatomy"]
Solve = Callable[[Sequence[Sheet], Places, Places], Floats]

RIDGE_PENALTY: Final = 300.0
"""Added to the diagonal of the rows' Gram matrix; some 15,000 rows stand behind it."""

ROBUST_PENALTY: Final = 3000.0
"""The same for absolute errors, whose rows weigh up to 1 / `KNEE`; measured over 100 to 10,000 on
people left out (NOTES)."""

_ROUNDS: Final = 20
_SETTLED: Final = 1e-3
"""Reweighting stops when no coefficient moves by this: a thousandth of a weight at full input."""


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
class Fold:
    """One group, guessed by a map fitted on the others.

    Attributes:
        guess: Shape (T, hidden), with the gain that ships.
        blind: Shape (T, hidden), with a gain that the other groups chose.
        truth: Shape (T, hidden).
        observed: Shape (T, 52), channels the rig does not see at 0.
    """

    guess: Floats
    blind: Floats
    truth: Floats
    observed: Floats


@dataclass(frozen=True, slots=True)
class Map:
    """A map under one rig: its coefficients (seen, hidden), and how it does on groups left out."""

    weight: Floats
    folds: list[Fold]


def fit_map(
    kind: Kind, sheets: Sequence[Sheet], seen: Places, hidden: Places, floor: Floats
) -> Map:
    """Fit a kind's map, and every group of takes' by a map fitted on the others.

    Args:
        kind: Which errors to minimise.
        sheets: As `fit_closed_form` takes them.
        seen: Places of the channels the rig observes.
        hidden: Places of those it does not.
        floor: Shape (hidden,), of `above_floor`.
    """
    solve, groups = _SOLVE[kind], together(sheets)
    raw: list[Floats] = []
    truths: list[Floats] = []
    faces: list[Floats] = []
    unseen = np.ones(len(ARKIT), dtype=bool)
    unseen[seen] = False
    for inside in groups:
        outside = [sheet for group in groups if group is not inside for sheet in group] or inside
        observed = np.concatenate([sheet.observed for sheet in inside])
        observed[:, unseen] = 0.0
        truths.append(np.concatenate([sheet.truth[:, hidden] for sheet in inside]))
        faces.append(observed)
        raw.append(
            observed[:, seen] @ solve(outside, seen, hidden)
            if seen.size
            else np.zeros_like(truths[-1])
        )

    def gain(chosen_by: Sequence[int]) -> Floats:
        """Return the gain that groups choose; 1 where anatomy has shaped the map."""
        if kind == "ridge":
            return np.ones(hidden.size)
        best = believed(
            [above_floor(raw[i], floor) for i in chosen_by],
            [truths[i] for i in chosen_by],
            partners(hidden),
        )
        return np.where(_joined(kind, hidden), 1.0, best)

    everybody = range(len(groups))
    ships = gain(everybody)
    folds: list[Fold] = []
    for i in everybody:
        others = gain([j for j in everybody if j != i]) if len(groups) > 1 else ships
        guess, blind = (above_floor(raw[i] * g, floor) for g in (ships, others))
        folds.append(Fold(guess, blind, truths[i], faces[i]))
    weight = solve(sheets, seen, hidden) * ships if seen.size else np.zeros((0, hidden.size))
    return Map(weight, folds)


def safest(model: Map, robust: Map, mirror: list[int]) -> tuple[Map, list[Baseline | None]]:
    """Return the map with the columns of those baselines that ship, and which they are."""
    ships = fallen_back(
        [fold.truth for fold in model.folds],
        [fold.blind for fold in model.folds],
        {
            "robust": [fold.blind for fold in robust.folds],
            "neutral": [np.zeros_like(fold.truth) for fold in model.folds],
        },
        mirror,
    )
    rests = np.array([name != "neutral" for name in ships], dtype=np.float64)
    theirs = np.array([name == "robust" for name in ships])

    def mixed(ours: Floats, other: Floats) -> Floats:
        return np.where(theirs, other, ours) * rests

    folds = [
        replace(mine, guess=mixed(mine.guess, other.guess))
        for mine, other in zip(model.folds, robust.folds, strict=True)
    ]
    return Map(mixed(model.weight, robust.weight), folds), ships


def _joined(kind: Kind, hidden: Places) -> NDArray[np.bool_]:
    """Return which hidden channels need no gain: those whose map is shaped by anatomy."""
    places: list[int] = hidden.tolist()
    return np.array([kind == "anatomy" and ARKIT[h].startswith(tuple(JOINED)) for h in places])

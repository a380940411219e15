"""Models with a closed form: `ridge`, `robust` and `anatomy`, one linear map a rig.

All see the calibrated channels and give the hidden ones, relative to rest, without an intercept:
a face at rest stays at rest. Every row is learnt from twice, as it is and mirrored, so the map is
mirror-equivariant.

- `ridge` minimises squares. Shrunk too little it loses to the wearer's own rest (FIDELITY).
- `robust` minimises absolute errors with a ridge penalty (median regression), then scales each
  channel by a gain chosen on training people who were left out. The median of a brow that rarely
  moves is rest, and a gain of 0 is allowed: what cannot be known stays at rest.
- `anatomy` counts people alike and knows what moves together (`anatomy.py`); small guesses rest. A
  channel on which a baseline serves people left out better ships the baseline (`fallback.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.names import ARKIT, ARKIT_MIRROR
from ...headset.rig import RIGS
from .anatomy import above_floor, noise_floor
from .fallback import FEWEST, Baseline
from .gains import partners, shown
from .linear import Kind, fit_map, safest
from .sheets import Sheet
from .spread import reach

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

MAPS: Final = ("none", "eyes", "mouth", "mouth+eyes")
"""The rigs a map is fitted for; index = 2 x mouth + eyes."""

ACTIVITY_FLOOR: Final = 0.02


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
        falls_back: By rig, which channels ship which baseline; None where nothing was compared.
    """

    kind: Kind
    weight: Floats
    low: Floats
    high: Floats
    sent_gain: Floats
    mean: Floats
    people: tuple[str, ...]
    floor: Floats = field(default_factory=lambda: np.zeros(len(ARKIT)))
    falls_back: dict[str, dict[str, Baseline]] | None = None

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
    floor = noise_floor() if kind == "anatomy" else np.zeros(len(ARKIT))
    shape = (len(MAPS), len(ARKIT))
    weight = np.zeros((*shape, len(ARKIT)))
    low, high, sent = np.zeros(shape), np.zeros(shape), np.ones(shape)
    compares = kind == "anatomy" and len({sheet.person for sheet in sheets}) >= FEWEST
    falls_back: dict[str, dict[str, Baseline]] = {}
    for index, name in enumerate(MAPS):
        seen = indices(RIGS[name].observed)
        hidden = indices(RIGS[name].hidden)
        fitted = fit_map(kind, sheets, seen, hidden, floor[hidden])
        mirror = partners(hidden)
        if compares and seen.size:
            robust = fit_map("robust", sheets, seen, hidden, floor[hidden])
            fitted, ships = safest(fitted, robust, mirror)
            if any(ships):
                falls_back[name] = {
                    channel: baseline
                    for channel, baseline in zip(RIGS[name].hidden, ships, strict=True)
                    if baseline
                }
        weight[index][np.ix_(seen, hidden)] = fitted.weight
        errors = [
            (fold.truth - fold.guess) / activity(fold.observed)[:, None] for fold in fitted.folds
        ]
        high[index, hidden] = reach([np.concatenate([e, e[:, mirror]]) for e in errors])
        low[index, hidden] = -high[index, hidden]
        sent[index, hidden] = shown(
            [fold.guess for fold in fitted.folds], [fold.truth for fold in fitted.folds], mirror
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
        falls_back=falls_back if compares else None,
    )


def indices(names: Sequence[str]) -> Places:
    """Return where channels stand in ARKit's order."""
    return np.array([ARKIT.index(name) for name in names], dtype=np.intp)

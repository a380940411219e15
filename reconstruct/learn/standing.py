"""The closed form a network stands on, fitted on the rows of shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...headset.errors import ModelError
from ...headset.names import ARKIT
from ...headset.rig import RIGS
from ..fit.closed_form import MAPS, ClosedForm, fit_closed_form
from ..fit.sheets import Sheet
from .shards import FACE, Shard, rows_of

MOST_ROWS: Final = 120_000
"""Rows the closed form is fitted on: over an hour at 30 Hz; of more, every n-th is taken."""

_KIND: Final = "anatomy"
_SENSED: Final = [name in RIGS["mouth+eyes"].observed for name in ARKIT]


def fit_standing(shards: Sequence[Shard], folder: Path) -> ClosedForm:
    """Fit the closed form on rows whose whole truth is known, of takes that sense mouth and eyes.

    Its numbers are rounded to float32, as they are kept.

    Raises:
        ModelError: There are no such rows.
    """
    step = 1 + sum(shard.rows for shard in shards) // MOST_ROWS
    sheets: list[Sheet] = []
    for shard in shards:
        rows = np.array(rows_of(shard, folder)[::step], dtype=np.float64)
        observed, mask, _, truth = np.moveaxis(rows[:, : 4 * FACE].reshape(-1, 4, FACE), 1, 0)
        whole = np.isfinite(truth).all(axis=1)
        if whole.any() and mask[whole][:, _SENSED].any(axis=0).all():
            sheets.append(
                Sheet(
                    person=shard.person,
                    name=shard.name,
                    rig="mouth+eyes",
                    time_ns=np.flatnonzero(whole).astype(np.int64),
                    observed=observed[whole],
                    mask=mask[whole],
                    truth=truth[whole],
                )
            )
    if not sheets:
        raise ModelError(
            "train net: no training recording senses mouth and eyes and knows the whole face: name "
            "one that does, for the closed form the network stands on"
        )
    closed = fit_closed_form(_KIND, sheets)
    return from_arrays(as_arrays(closed), closed.people)


def as_arrays(closed: ClosedForm) -> dict[str, NDArray[np.float32]]:
    """Return a closed form's numbers by field."""
    values = {field.name: getattr(closed, field.name) for field in fields(closed)}
    return {
        name: value.astype(np.float32)
        for name, value in values.items()
        if isinstance(value, np.ndarray)
    }


def from_arrays(arrays: Mapping[str, NDArray[np.float32]], people: tuple[str, ...]) -> ClosedForm:
    """Return the closed form of these numbers.

    Raises:
        ModelError: Some are missing, too many or of other shapes.
    """
    wanted = as_arrays(blank())
    wrong = [
        name
        for name in {*wanted, *arrays}
        if name not in wanted or name not in arrays or wanted[name].shape != arrays[name].shape
    ]
    if wrong:
        raise ModelError(
            f"checkpoint: {min(wrong)} is not as in this program's closed form: "
            "train without --resume"
        )
    numbers: dict[str, Any] = {name: np.asarray(a, np.float64) for name, a in arrays.items()}
    return ClosedForm(kind=_KIND, people=people, **numbers)


def blank() -> ClosedForm:
    """Return one that always rests: for a rank that is given the first rank's numbers."""
    shape = (len(MAPS), FACE)
    zeros = np.zeros(shape)
    return ClosedForm(
        kind=_KIND,
        weight=np.zeros((*shape, FACE)),
        low=zeros,
        high=zeros,
        sent_gain=np.ones(shape),
        mean=np.zeros(FACE),
        people=(),
    )

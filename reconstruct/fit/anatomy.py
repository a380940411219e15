"""The fit of `anatomy`: median regression that counts people alike and knows what moves together.

It differs from `robust` in three ways, and needs none of its gains:

- A person's error in a channel counts relative to what their own rest would give. Otherwise an hour
  of grimaces outvotes everybody who merely talks, and what it learnt is too much for them.
- A coefficient between parts that muscles or common expressions join is shrunk less than another:
  that a chin shrug squints is one person's habit, that a smile does is anatomy. This is all that is
  taken from the published prior; faces generated from it were not needed.
- What is guessed too small to be told from rest is taken back to rest, channel by channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.names import ARKIT, ARKIT_MIRROR
from .median_regression import least_absolute
from .sheets import Sheet

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

JOINED: Final[dict[str, tuple[str, ...]]] = {
    "eyeSquint": ("eyeBlink", "eyeLook", "mouthSmile", "mouthUpperUp"),
    "eyeWide": ("eyeBlink", "eyeLook"),
    "browDown": ("eyeBlink", "eyeLook", "mouthPress", "mouthFrown", "mouthUpperUp", "mouthShrug"),
    "browInnerUp": ("eyeBlink", "eyeLook", "jawOpen", "mouthFrown", "mouthShrug", "mouthStretch"),
    "browOuterUp": ("eyeBlink", "eyeLook", "jawOpen"),
    "cheekPuff": ("mouth", "jawOpen"),
    "cheekSquint": ("eyeBlink", "mouthSmile", "mouthDimple", "mouthUpperUp", "mouthStretch"),
    "noseSneer": (
        "eyeBlink", "mouthUpperUp", "mouthPress", "mouthSmile", "mouthShrug", "mouthRollUpper",
        "mouthFrown",
    ),
}  # fmt: skip
"""Beginnings of names: what is seen that moves along with a hidden channel, on either side.

By its own muscle (the lids with the gaze and each other, the lip's raiser with the nose), or in the
prototype of an emotion: joy 6+12, surprise 1+2+5+26, fear 1+2+4+5+20+26, anger 4+5+7+23, sadness
1+4+15(+17), disgust 9+10+17.

Source: Ekman, Friesen and Hager, Facial Action Coding System, 2002, units and prototypes.
"""

PENALTY: Final = 300.0
"""On the squares of coefficients, beside absolute errors that weigh 10,000 rows in all; measured
over 300 to 3,000 on people left out (NOTES)."""

APART: Final = 4.0
"""What the penalty is multiplied by for channels that are not joined."""

LOOSE: Final = 2.0
"""And for brows and squints, whatever is joined to them: people differ most in these (NOTES)."""

NOISE_FLOOR: Final = {"brow": 0.02, "cheekPuff": 0.03}
"""Guesses about as small as this say nothing: by beginnings of names, a weight."""

_ROWS: Final = 10_000.0
_LEAST_REST: Final = 0.01
"""Added to a person's error at rest, lest a channel that they never move weigh endlessly."""

_FIRST_KNEE: Final = 0.05
_ROUNDS: Final = 12
_SETTLED: Final = 2e-3


def noise_floor() -> Floats:
    """Return `NOISE_FLOOR` for each channel, (52,)."""
    return np.array(
        [
            next((v for name, v in NOISE_FLOOR.items() if channel.startswith(name)), 0.0)
            for channel in ARKIT
        ]
    )


def above_floor(guess: Floats, floor: Floats) -> Floats:
    """Return guesses (…, C) with what lies under the floor (C,) taken smoothly back to rest.

    By Wiener's gain, g² / (g² + floor²): half at the floor, nine tenths at three times it.
    """
    power = guess * guess
    return guess * np.divide(
        power, power + floor * floor, out=np.ones_like(guess), where=floor > 0.0
    )


def fit_anatomy(sheets: Sequence[Sheet], seen: Places, hidden: Places) -> Floats:
    """Fit the map from seen to hidden channels; shape (seen, hidden).

    Args:
        sheets: Rows of one person or more, each learnt from as it is and mirrored.
        seen: Places of the channels a rig observes, in ARKit's order; a mirror image's with each.
        hidden: Places of those to be guessed, likewise.
    """
    rows, targets, weights = _weighed(sheets, seen, hidden)
    inputs: list[int] = seen.tolist()
    mirrored = [inputs.index(ARKIT_MIRROR[place]) for place in inputs]
    out = np.zeros((seen.size, hidden.size))
    done: dict[int, int] = {}
    outputs: list[int] = hidden.tolist()
    for column, place in enumerate(outputs):
        twin = done.get(ARKIT_MIRROR[place])
        if twin is None:
            penalty = np.array([_penalty(ARKIT[s], ARKIT[place]) for s in inputs])
            out[:, column] = least_absolute(
                rows,
                targets[:, column],
                np.diag(penalty),
                weight=weights[:, column],
                share=weights[:, column] / _FIRST_KNEE,
                start=np.zeros(seen.size),
                rounds=_ROUNDS,
                settled=_SETTLED,
            )
        else:
            out[:, column] = out[mirrored, twin]
        done[place] = column
    return out


def _penalty(seen: str, hidden: str) -> float:
    stem = hidden.removesuffix("Left").removesuffix("Right")
    apart = 1.0 if seen.startswith(JOINED.get(stem, ())) else APART
    loose = LOOSE if hidden.startswith(("brow", "eyeSquint")) else 1.0
    return PENALTY * apart * loose


def _weighed(
    sheets: Sequence[Sheet], seen: Places, hidden: Places
) -> tuple[Floats, Floats, Floats]:
    """Return rows (R, seen), targets and weights (R, hidden) of everybody's takes, both ways round.

    Each column's weights sum to `_ROWS`, so a penalty means the same at every frame rate; a
    person's are the same in each of their rows, however many.
    """
    people: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        people.setdefault(sheet.person, []).extend((sheet, sheet.mirrored()))
    rows: list[Floats] = []
    targets: list[Floats] = []
    weights: list[Floats] = []
    for takes in people.values():
        truth = np.concatenate([take.truth[:, hidden] for take in takes])
        rest = np.abs(truth).mean(axis=0) + _LEAST_REST
        rows += [take.observed[:, seen] for take in takes]
        targets.append(truth)
        weights.append(np.broadcast_to(1.0 / (len(truth) * rest), truth.shape))
    weight = np.concatenate(weights)
    return np.concatenate(rows), np.concatenate(targets), weight * (_ROWS / weight.sum(axis=0))

"""What a model says of one instant, and the models that need no training: `neutral` and `rules`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ..headset.frame import EVENTS
from ..headset.names import ARKIT, ARKIT_INDEX
from .features import Observation

Floats = NDArray[np.float64]

UNKNOWN_REACH: Final = 0.5
"""Half-width of an interval where nothing is known: ARKit weights live on 0 to 1."""


MEDIAN, LOW, HIGH, SENT = range(4)
"""Rows of `Guess.faces`."""


NO_WEIGHTS: Final = "CPU: it has no weights"
"""What a model without any runs on."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A model's whole face. Where a channel is measured, what stands here is ignored.

    Attributes:
        faces: Shape (4, 52), ARKit channels relative to rest: the best single guess, the ends of a
            90 % interval, and what is to be shown: the median with its motion brought back to life.
        events: Shape (6,), probabilities of `headset.frame.EVENTS`.
    """

    faces: Floats
    events: Floats


class Predictor(Protocol):
    """Guesses the hidden face from what is observed.

    Attributes:
        runs_on: What it runs on, and why, in words: `CPU: …` or `CUDA: …`.
    """

    runs_on: str

    def predict(self, seen: Observation, horizon_s: float) -> Guess:
        """Return the guess; its arrays are valid until the next call.

        Args:
            seen: What is observed, relative to the wearer's rest.
            horizon_s: How far ahead of the newest sample the face is wanted, not negative.
        """
        ...

    def reset(self) -> None:
        """Forget the past."""
        ...


class Constant:
    """The same face always: `neutral` (the wearer's own rest, zero) and `mean` (other people's)."""

    runs_on = NO_WEIGHTS

    def __init__(self, face: Floats | None = None) -> None:
        """Take the face to show, shape (52,) relative to rest; zeros where none is given."""
        self._guess = Guess(
            _spread(np.zeros(len(ARKIT)) if face is None else face), np.zeros(len(EVENTS))
        )

    def predict(self, seen: Observation, horizon_s: float) -> Guess:  # noqa: ARG002
        """Return the constant face."""
        return self._guess

    def reset(self) -> None:
        """Nothing is remembered."""


def _spread(face: Floats) -> Floats:
    """Return the rows of a guess that knows nothing of its error: shape (4, 52)."""
    return np.stack([face, face - UNKNOWN_REACH, face + UNKNOWN_REACH, face])


def _ramp(start: float, end: float, x: float) -> float:
    """Smoothstep from 0 at `start` to 1 at `end`, either way round."""
    t = min(1.0, max(0.0, (x - start) / (end - start)))
    return t * t * (3.0 - 2.0 * t)


_WIDE_FROM: Final = 1.02
_WIDE_FULL: Final = 1.40
_SQUINT_FROM: Final = 0.50
_SHUT: Final = 0.07
_FROWN_FROM: Final = 0.15


class Rules:
    """What today's tools do for the hidden face: copy and threshold, in their sanitised form.

    Wide lids raise the brows, nearly shut lids squint and lower them, a smile lifts the cheek and
    narrows the eye by a quarter. Thresholds are on openness relative to the resting lids, so that a
    resting face stays at rest (the originals raise the brow of anyone with open eyes).

    Source: PROTOCOLS 5.1 R1, R4, R5, R8, R9, R11 and 5.2 B1 + B2 + B3.
    """

    runs_on = NO_WEIGHTS

    def __init__(self) -> None:
        self._face = np.zeros(len(ARKIT))
        self._events = np.zeros(len(EVENTS))

    def predict(self, seen: Observation, horizon_s: float) -> Guess:  # noqa: ARG002
        """Return the rules' face; every hidden channel starts from rest each frame."""
        face = self._face
        face.fill(0.0)
        raise_most = 0.0
        for side, openness in zip(("Left", "Right"), seen.openness.tolist(), strict=True):
            smile = max(0.0, float(seen.observed[ARKIT_INDEX[f"mouthSmile{side}"]]))
            wide = squint = frown = 0.0
            if openness == openness:  # lids are sensed
                wide = _ramp(_WIDE_FROM, _WIDE_FULL, openness)
                squint = _ramp(_SQUINT_FROM, _SHUT, openness)
                frown = _ramp(_FROWN_FROM, 0.0, openness)
            face[ARKIT_INDEX[f"cheekSquint{side}"]] = smile
            face[ARKIT_INDEX[f"eyeSquint{side}"]] = min(1.0, squint + 0.25 * smile)
            face[ARKIT_INDEX[f"eyeWide{side}"]] = wide
            face[ARKIT_INDEX[f"browOuterUp{side}"]] = wide
            face[ARKIT_INDEX[f"browDown{side}"]] = frown
            raise_most = max(raise_most, wide)
        face[ARKIT_INDEX["browInnerUp"]] = raise_most
        return Guess(_spread(face), self._events)

    def reset(self) -> None:
        """Nothing is remembered."""

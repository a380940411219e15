"""Which of two orders a Pico's 52 numbers stand in: nothing on the wire says so.

A face is much the same on both sides, and neither an eye nor a jaw goes two ways at once. Read in
the wrong order it is lopsided and torn. So the orders are compared by how torn each makes the face,
and the evidence is summed up: bounded, so that later faces can outvote earlier ones. On the Live
Link Face captures (16 takes, 35,000 faces), sent in either order, it was found after 25 faces at
most, usually 3, and never wrongly.

Source: PROTOCOLS 3.11, 3.14.2 (Khronos) and 3.14.3 (legacy).
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from ..frame import Floats
from ..names import ARKIT, ARKIT_MIRROR
from ..vendors import BD_ARKIT, PICO_LEGACY

Order = Literal["legacy", "khronos"]

ENOUGH: Final = 3.0
"""Evidence that decides; each face adds at most 1."""

MOST: Final = 30.0
"""Evidence kept, for either side: under a second of faces at 90 Hz may overturn it."""

_OPPOSED: Final = [
    pair
    for side in ("Left", "Right")
    for pair in ((f"eyeLookUp{side}", f"eyeLookDown{side}"), (f"eyeLookIn{side}", f"eyeLookOut{side}"))
] + [("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")]  # fmt: skip

# Left and right of what moves together; a gaze to one side, a jaw or a mouth do not.
_LEFT: Final = [
    (name, ARKIT[mirror])
    for name, mirror in zip(ARKIT, ARKIT_MIRROR, strict=True)
    if name.endswith("Left") and name not in ("jawLeft", "mouthLeft")
    if not name.startswith(("eyeLookIn", "eyeLookOut"))
]


class _Tear:
    """How torn a face is if its weights stand in one order."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        self._pairs = np.array([[channels.index(name) for name in pair] for pair in _LEFT])
        self._opposed = np.array([[channels.index(name) for name in pair] for pair in _OPPOSED])

    def of(self, weights: Floats) -> float:
        left, right = weights[self._pairs].T
        return float(np.abs(left - right).sum() + weights[self._opposed].min(axis=1).sum())


_LEGACY: Final = _Tear(PICO_LEGACY)
_KHRONOS: Final = _Tear(tuple(BD_ARKIT.values()))


class PicoOrder:
    """Finds the order while faces come."""

    def __init__(self) -> None:
        self._evidence = 0.0  # above 0 for Khronos's
        self._order: Order | None = None

    def of(self, weights: Floats) -> Order | None:
        """Return the order that this face and those before it speak for, None while unsure.

        Args:
            weights: Shape (52,), finite, as they came.
        """
        evidence = np.clip(_LEGACY.of(weights) - _KHRONOS.of(weights), -1.0, 1.0)
        self._evidence = float(np.clip(self._evidence + evidence, -MOST, MOST))
        if abs(self._evidence) >= ENOUGH:
            self._order = "khronos" if self._evidence > 0.0 else "legacy"
        return self._order

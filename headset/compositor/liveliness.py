"""How much of a face is shown: all while faces come, and less and less once they stay away.

A face that stands still because its process hangs would look like a wearer who does. So it eases to
rest, and back when faces come again.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_MS
from ..frame import FORWARD

Floats = NDArray[np.floating]

PATIENCE_NS: Final = 300 * NS_PER_MS
"""Without a new face so long is a hitch, longer is a stall."""

EASE_NS: Final = 500 * NS_PER_MS
"""From all to nothing, and back: about what a face of its own takes to relax."""


class Liveliness:
    """Of one face that is drawn again and again.

    Attributes:
        share: How much of it is shown, 0 to 1; before the first face nothing.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self._reach = 0.0  # along the way between both, which is eased at its ends
        self._came_ns: int | None = None
        self._at_ns: int | None = None

    def step(self, at_ns: int, *, new: bool) -> None:
        """Go on to an instant.

        Args:
            at_ns: When the picture will be seen, host clock; one after another.
            new: Whether a new face has come.
        """
        if new:
            self._came_ns = at_ns
        live = self._came_ns is not None and at_ns - self._came_ns <= PATIENCE_NS
        on = 1.0 if self._at_ns is None else (at_ns - self._at_ns) / EASE_NS
        self._reach = min(max(self._reach + (on if live else -on), 0.0), 1.0)
        self.share = self._reach * self._reach * (3.0 - 2.0 * self._reach)
        self._at_ns = at_ns

    def eased(self, channels: Floats, gaze: Floats) -> tuple[Floats, Floats]:
        """Return that share of a face, the rest of it at rest and looking straight ahead.

        Args:
            channels: Weights, NaN where absent.
            gaze: Shape (2, 3), NaN where absent.
        """
        if self.share >= 1.0:
            return channels, gaze
        known = np.where(np.isnan(gaze), FORWARD, gaze)
        turned = FORWARD + self.share * (known - FORWARD)
        return self.share * channels, turned / np.linalg.norm(turned, axis=1, keepdims=True)

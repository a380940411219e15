"""Follows a wearer's rest as it creeps over minutes: straps settle, a tracker warms. Off by default.

    tracker = RestTracker(rest)
    if tracker.take(at_ns, weights, origin, talking=talking):
        ...                   # `tracker.drift` is to be added to the rest
    outcome = tracker.outcome  # whether it foretold the rest that came after it: worth keeping

It learns from what is measured and from nothing else: never from what a tracker or a model guessed.
It pauses while the wearer talks, takes no face that is held for a rest, and goes no further from the
calibrated rest than `MOST_DRIFT`. Lids are left alone: those that droop are what their wearer shows.
"""

from __future__ import annotations

from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..headset.clock import NS_PER_S
from ..headset.frame import Origin
from ..headset.names import UNIFIED
from .fitting.outcome import Outcome
from .fitting.robust import median, scatter

Floats = NDArray[np.float64]

TAU_S: Final = 120.0
"""Longer than any mood is held, and than a minute's talk."""

MOST_DRIFT: Final = 0.08
"""Of a weight, either way: half of what a donning may change (`fitting.refit.MOST_REST`)."""

BLOCK_S: Final = 10.0
"""Of quiet use, whose median is one look at the rest."""

STILL: Final = 0.03
"""A shape whose scatter is larger in a block was in use."""

NEAR: Final = 0.12
"""A shape that stays further than this from its rest is held there by its wearer."""

FEWEST: Final = 6
"""Blocks before what was learnt is judged."""

HELPS: Final = 0.9
"""What the error of foretelling the next block must fall to."""

_EVERY_NS: Final = NS_PER_S // 16
_SOON_NS: Final = NS_PER_S // 4


class RestTracker:
    """One donning's.

    Attributes:
        drift: Shape (88,), Unified, how far the rest has crept; 0 where nothing was learnt.
    """

    def __init__(self, rest: Floats) -> None:
        """Begin at a rest.

        Args:
            rest: Shape (88,), as the tracker reports it in this donning; NaN where not known.
        """
        self.drift = np.zeros(len(UNIFIED))
        self._rest = rest
        self._rows: list[Floats] = []
        self._quiet_ns = 0
        self._last_ns: int | None = None
        self._kept_ns = 0
        self._blocks = np.zeros(len(UNIFIED), dtype=np.int64)
        self._without = np.zeros(len(UNIFIED))
        self._with = np.zeros(len(UNIFIED))

    def take(
        self, at_ns: int, weights: Floats, origin: NDArray[np.uint8], *, talking: bool
    ) -> bool:
        """Take one look; return whether `drift` is another now.

        Args:
            at_ns: When.
            weights: Shape (88,), merged, as trackers report them.
            origin: Shape (88,), `Origin` of each.
            talking: Whether the wearer is; then nothing is taken.
        """
        passed_ns = 0 if self._last_ns is None else at_ns - self._last_ns
        self._last_ns = at_ns
        if talking:
            return False
        self._quiet_ns += min(max(0, passed_ns), _SOON_NS)
        if at_ns - self._kept_ns >= _EVERY_NS or not self._rows:
            self._kept_ns = at_ns
            self._rows.append(np.where(origin == Origin.MEASURED, weights, np.nan))
        if self._quiet_ns < BLOCK_S * NS_PER_S:
            return False
        rows, self._rows, self._quiet_ns = np.array(self._rows), [], 0
        return self._learn(rows)

    @property
    def outcome(self) -> Outcome:
        """Whether it is worth keeping: what was learnt foretold the next block better than the rest."""
        judged = (self._blocks >= FEWEST) & (self.drift != 0.0)
        if not judged.any():
            why = f"under {FEWEST * BLOCK_S / 60.0:.0f} min of quiet use"
            return Outcome(step="rest", accepted=False, reason=why)
        before = float((self._without / np.maximum(self._blocks, 1))[judged].mean())
        after = float((self._with / np.maximum(self._blocks, 1))[judged].mean())
        accepted = after < HELPS * before
        return Outcome(
            step="rest",
            accepted=accepted,
            reason="" if accepted else "the rest did not creep",
            before=before,
            after=after if accepted else before,
        )

    def _learn(self, rows: Floats) -> bool:
        off = median(rows) - self._rest
        fits = np.isfinite(off) & (scatter(rows) <= STILL) & (np.abs(off) <= NEAR)
        if not fits.any():
            return False
        # Each block is foretold before it is learnt from.
        self._blocks += fits
        self._without += np.where(fits, np.abs(off), 0.0)
        self._with += np.where(fits, np.abs(off - self.drift), 0.0)
        share = 1.0 - exp(-BLOCK_S / TAU_S)
        moved = self.drift + share * np.where(fits, off - self.drift, 0.0)
        self.drift = np.clip(moved, -MOST_DRIFT, MOST_DRIFT)
        return True

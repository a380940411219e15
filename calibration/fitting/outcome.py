"""What became of each step of a fit, for the wearer to read.

All of it is one line: "gaze 1.4° → 0.9°, brows accepted, cheeks unchanged".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One step: whether its gate let it through.

    Attributes:
        step: Of what: `rest`, `mouth`, `cheeks`, `brows`, `lids`, `gaze`, or a hidden channel's group.
        accepted: Whether the profile has it now.
        reason: Why not, or what was found; a few words.
        before: Error without it, on what it was not fitted to; NaN where none can be told.
        after: The same with it.
        unit: Of the errors: `°`, or empty for weights.
    """

    step: str
    accepted: bool
    reason: str
    before: float = math.nan
    after: float = math.nan
    unit: str = ""

    @property
    def words(self) -> str:
        """It in three words."""
        if not self.accepted:
            return f"{self.step} unchanged"
        if math.isnan(self.before) or math.isnan(self.after):
            return f"{self.step} accepted"
        places = 1 if self.unit else 3
        return (
            f"{self.step} {self.before:.{places}f}{self.unit} → {self.after:.{places}f}{self.unit}"
        )


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return all of it in one line; what was accepted first."""
    ordered = sorted(outcomes, key=lambda one: not one.accepted)
    return ", ".join(one.words for one in ordered) or "nothing to fit"


def reasons(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return why steps were refused, one line each, as a profile's notes."""
    return tuple(f"{one.step}: {one.reason}" for one in outcomes if not one.accepted)

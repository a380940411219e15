"""The goals as numbers: FIDELITY's table "What it must reach", here and nowhere else.

`goals_reached.py` compares them with what was measured.

Source: FIDELITY "What it must reach".
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Where a figure is to lie: from `least` to `most`, `most` itself left out where `under`."""

    least: float = -inf
    most: float = inf
    under: bool = False

    def met(self, value: float) -> bool:
        """Say whether a figure lies there."""
        below = value < self.most if self.under else value <= self.most
        return self.least <= value and below

    def __str__(self) -> str:
        """Return it in words."""
        if self.least == -inf:
            return f"{'under' if self.under else 'at most'} {self.most:g}"
        return (
            f"at least {self.least:g}" if self.most == inf else f"{self.least:g} to {self.most:g}"
        )


ERROR_EXACT: Final = {"mouth+eyes": Bound(most=0.86), "mouth": Bound(most=0.87)}
ERROR_NOISY: Final = Bound(most=0.90)
ERROR_GOAL: Final = Bound(most=0.70)
CALIBRATED_WITHIN_S: Final = 20.0
NO_WORSE_THAN_REST: Final = Bound(most=1.0, under=True)
BELOW_ROBUST: Final = Bound(most=1.0, under=True)
COUPLED_R: Final = {"mouth+eyes": Bound(least=0.80), "mouth": Bound(least=0.70)}
FREE_R: Final = Bound(least=0.50)
FREE_R_OVER_RIDGE: Final = Bound(least=1.5)
BROW_AUC: Final = Bound(least=0.75)
SEEN_BROW_R: Final = Bound(least=0.7)
DYNAMICS: Final = Bound(least=0.8, most=1.2)
CCC_OVER_R: Final = Bound(least=0.8)
INTERVAL: Final = 0.90
COVERS_EACH: Final = Bound(least=0.85, most=0.95)
COVERS_POOLED: Final = Bound(least=0.88, most=0.92)
CALIBRATION_GAIN: Final = Bound(most=0.80)
MADE_WORSE_FEW: Final = Bound(most=0)
MADE_WORSE_SHARE: Final = Bound(most=0.05)
BLINK_F1: Final = Bound(least=0.95)
LOST_ERROR: Final = Bound(most=1.25, under=True)
LOST_STEP: Final = Bound(most=0.15)
AHEAD_CLEAN: Final = Bound(most=0.80)
AHEAD_NOISY: Final = Bound(most=1.0)
HOT_P50_MS: Final = Bound(most=0.25)
HOT_P99_MS: Final = Bound(most=0.5)
PACED_P50_MS: Final = Bound(most=0.6)
PACED_P99_MS: Final = Bound(most=1.2)
CHANNELS_BEHIND: Final = Bound(most=0)

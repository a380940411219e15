"""How loud a voice is: over the room's own noise, and beside how loud it usually is."""

from __future__ import annotations

from math import exp
from typing import Final

QUIETEST_DB: Final = -60.0
"""No room is taken for quieter, in dB of a full-scale sine."""

ABOVE_DB: Final = (10.0, 16.0)
"""Over the floor: where a voice ends, where it begins."""

_FLOOR_RISE_DB_S: Final = 1.0  # so that a fan that starts is silence within half a minute
_LOUDEST_DB: Final = 6.0  # a square wave's is 3: more is no sound
_LONG_S: Final = 3.0  # what is usual is a mean over so long


class Loudness:
    """Follows one microphone.

    Attributes:
        voiced: Whether a voice is heard, by hysteresis.
        usual_db: Mean level while a voice is heard.
    """

    def __init__(self) -> None:
        self.voiced = False
        self.usual_db = QUIETEST_DB
        self._quietest_db = 0.0
        self._voiced_s = 0.0

    @property
    def floor_db(self) -> float:
        """What silence is here: the quietest there was, rising slowly."""
        return max(self._quietest_db, QUIETEST_DB)

    def follow(self, level_db: float, passed_s: float) -> None:
        """Take the level now, dB of a full-scale sine, and the time since the last call."""
        level_db = min(level_db, _LOUDEST_DB)
        self._quietest_db = min(level_db, self._quietest_db + _FLOOR_RISE_DB_S * passed_s)
        self.voiced = level_db > self.floor_db + ABOVE_DB[0 if self.voiced else 1]
        if self.voiced:
            # A mean of all there was, until that is long: so it is right from the first word on.
            self._voiced_s = min(self._voiced_s + passed_s, _LONG_S)
            share = 1.0 - exp(-passed_s / max(self._voiced_s, passed_s)) if passed_s else 0.0
            self.usual_db += share * (level_db - self.usual_db)

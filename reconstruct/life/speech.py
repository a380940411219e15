"""Whether the wearer talks: when a phrase begins, when it ends, and where the voice or jaw stresses.

It is heard in the sound where there is some, else told by a voice detector, else seen on the mouth.
"""

from __future__ import annotations

from math import exp, log10
from typing import Final

import numpy as np

from ...headset.frame import SensorFrame, SpeechSample
from ...headset.names import ARKIT_INDEX
from ..features import Observation
from ..sound import Heard
from ..sound_rows import COLUMNS
from .loudness import Loudness

PAUSE_S: Final = 0.20
"""Silence that ends a phrase; shorter ones lie between words and in stops."""

TALK_S: Final = 2.0
"""After a phrase a talk goes on this long."""

_FRESH_S: Final = 0.3  # sound and voice detectors rule while no older
_LEVEL: Final = (0.05, 0.12)  # of a voice detector's 0 to 1: voice ends, voice begins
_MOTION: Final = (0.035, 0.055)  # mean deviation of the opening mouth, likewise
_SMOOTH_S: Final = 0.06  # a tracker at rest still trembles
_MEAN_S: Final = 0.4
_MOTION_S: Final = 0.15
_STRESS: Final = 1.6  # motion over its own mean
_LOUDER_DB: Final = 6.0
_HIGHER: Final = 1.2  # pitch over its own mean
_LONG_S: Final = 3.0  # over which those means go
_OPENING: Final = tuple(
    ARKIT_INDEX[name] for name in ("jawOpen", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft")
)
_F0: Final = COLUMNS.index("f0_hz")


class Speech:
    """Follows one wearer's speech.

    Attributes:
        talking: A phrase is under way, or ended less than `TALK_S` ago.
        began: A phrase has just begun.
        paused: A phrase has just ended.
        stressed: The voice has just risen, or the jaw has just moved more than it usually does.
    """

    def __init__(self) -> None:
        self.talking = self.began = self.paused = self.stressed = False
        self._voiced = False  # by hysteresis
        self._phrase = False
        self._last_s = float("-inf")  # of voice
        self._heard_s = float("-inf")  # of sound or a detector
        self._loudness = Loudness()
        self._pitch_hz = 0.0
        self._opening = self._mean = self._motion = self._usual_motion = 0.0
        self._stress = False

    def advance(
        self,
        at_s: float,
        passed_s: float,
        frame: SensorFrame,
        seen: Observation,
        heard: Heard | None,
    ) -> None:
        """Take one frame."""
        stress = False
        if frame.audio:
            stress = self._listen(frame, passed_s)
            self._heard_s = at_s
        elif frame.speech is not None and (level := _level(frame.speech)) is not None:
            self._voiced = level > _LEVEL[0 if self._voiced else 1]
            self._heard_s = at_s
        if at_s - self._heard_s > _FRESH_S:
            stress = self._watch(passed_s, seen)
        if heard is not None:
            stress |= self._rises(float(heard.rows[-1, _F0]), passed_s)
        self.stressed = stress and self._voiced and not self._stress
        self._stress = stress
        if self._voiced:
            self._last_s = at_s
        phrase = at_s - self._last_s < PAUSE_S
        self.began, self.paused = phrase and not self._phrase, self._phrase and not phrase
        self._phrase = phrase
        self.talking = at_s - self._last_s < TALK_S

    def _listen(self, frame: SensorFrame, passed_s: float) -> bool:
        """Compare the sound with the quietest there was: return whether it is stressed."""
        with np.errstate(over="ignore"):
            power = max(
                float(np.dot(b.samples, b.samples)) / max(1, len(b.samples)) for b in frame.audio
            )
        if not power < float("inf"):  # nor NaN
            return False
        level_db = 10.0 * log10(2.0 * power + 1e-10)
        self._loudness.follow(level_db, passed_s)
        self._voiced = self._loudness.voiced
        return self._voiced and level_db > self._loudness.usual_db + _LOUDER_DB

    def _watch(self, passed_s: float, seen: Observation) -> bool:
        """Tell talk from the mouth: it opens and closes a few times a second, a smile does not."""
        if not seen.mouth:
            self._voiced = False
            return False
        observed = seen.observed
        opening = sum([float(observed[channel]) for channel in _OPENING])
        self._opening += (1.0 - exp(-passed_s / _SMOOTH_S)) * (opening - self._opening)
        self._mean += (1.0 - exp(-passed_s / _MEAN_S)) * (self._opening - self._mean)
        deviation = abs(self._opening - self._mean)
        self._motion += (1.0 - exp(-passed_s / _MOTION_S)) * (deviation - self._motion)
        self._voiced = self._motion > _MOTION[0 if self._voiced else 1]
        if self._voiced:
            share = 1.0 - exp(-passed_s / _LONG_S)
            self._usual_motion += share * (self._motion - self._usual_motion)
        return self._motion > _STRESS * max(self._usual_motion, _MOTION[1])

    def _rises(self, pitch_hz: float, passed_s: float) -> bool:
        if pitch_hz != pitch_hz:  # not voiced
            return False
        if not self._pitch_hz:
            self._pitch_hz = pitch_hz
        self._pitch_hz += (1.0 - exp(-passed_s / _LONG_S)) * (pitch_hz - self._pitch_hz)
        return pitch_hz > _HIGHER * self._pitch_hz


def _level(speech: SpeechSample) -> float | None:
    """Return how loud a voice detector says it is, 0 to 1, None where it says nothing."""
    if speech.level == speech.level:  # not NaN
        return speech.level
    silence = float(speech.visemes[0])
    return 1.0 - silence if silence == silence else None

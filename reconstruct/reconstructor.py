"""A reconstructor is three steps: features, a predictor's guess, the composed face."""

from __future__ import annotations

from typing import Final

from ..calibration.profile import Profile
from ..headset.frame import Face, SensorFrame
from .compose import Composer
from .features import Features
from .guess import Constant, Predictor

CALIBRATED_QUALITY: Final = 0.1
"""A profile below this (one second of the wearer) knows too little to place a guess by it: the
hidden face then stays at rest, and only what is measured moves."""


class FaceReconstructor:
    """Infers the whole face of one wearer, frame by frame; never uses anything later than a frame."""

    def __init__(self, predictor: Predictor, profile: Profile | None) -> None:
        """Take the model and the wearer; without a profile the hidden face stays at rest."""
        calibrated = profile is not None and profile.quality >= CALIBRATED_QUALITY
        self._features = Features(profile)
        self._predictor = predictor if calibrated else Constant()
        self._composer = Composer()

    def reconstruct(self, frame: SensorFrame) -> Face:
        """Return the face for `frame.time_ns`."""
        seen = self._features.observe(frame)
        guess = self._predictor.predict(seen, seen.oldest_s)
        return self._composer.compose(frame.time_ns, seen, guess)

    def reset(self) -> None:
        """Forget the past: after a gap, or when the headset goes on again."""
        self._predictor.reset()
        self._composer.reset()

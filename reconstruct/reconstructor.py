"""A reconstructor is three steps: features, a predictor's guess, the composed face.

A fourth lays life over it, where it is let: what eyes do that no sensor sees.
"""

from __future__ import annotations

from typing import Final

from ..calibration.profile import Profile
from ..headset.frame import Face, SensorFrame
from .compose import Composer
from .features import Features, Observation
from .guess import Constant, Predictor
from .habitual import with_habits
from .life.life import Life

CALIBRATED_QUALITY: Final = 0.1
"""A profile below this (one second of the wearer) knows too little to place a guess by it: the
hidden face then stays at rest, and only what is measured moves."""


UNKNOWN_WEARER: Final = "CPU: nothing is inferred of a wearer without a profile"


def calibrated(profile: Profile | None) -> bool:
    """Tell whether enough is known of the wearer for a model to be asked."""
    return profile is not None and profile.quality >= CALIBRATED_QUALITY


class FaceReconstructor:
    """Infers the whole face of one wearer, frame by frame; never uses anything later than a frame.

    Attributes:
        runs_on: What the model runs on, and why, in words: `CPU: …` or `CUDA: …`.
    """

    def __init__(
        self, predictor: Predictor, profile: Profile | None, life: Life | None = None
    ) -> None:
        """Take the model and the wearer.

        Args:
            predictor: Infers what is hidden.
            profile: The wearer's; without one the hidden face stays at rest.
            life: Makes up eyes, and gestures if it may, where nothing is sensed; none in scores.
        """
        known = calibrated(profile)
        self.runs_on = predictor.runs_on if known else UNKNOWN_WEARER
        self._features = Features(profile)
        self._predictor = with_habits(predictor, profile) if known else Constant()
        self._composer = Composer()
        self._life = life

    def reconstruct(self, frame: SensorFrame) -> Face:
        """Return the face for `frame.time_ns`."""
        seen = self._features.observe(frame)
        guess = self._predictor.predict(seen, seen.oldest_s)
        living = None if self._life is None else self._life.advance(frame, seen)
        return self._composer.compose(frame.time_ns, seen, guess, living)

    @property
    def seen(self) -> Observation:
        """What was seen of the last frame; valid until the next."""
        return self._features.observation

    def wear(self, profile: Profile) -> None:
        """Take the same wearer's profile with another donning, from the next frame on."""
        self._features.wear(profile)

    def reset(self) -> None:
        """Forget the past: after a gap, or when the headset goes on again."""
        self._predictor.reset()
        self._composer.reset()
        if self._life is not None:
            self._life.reset()

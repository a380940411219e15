"""A model put right by its wearer's own habits, where a capture of their whole face has taught them."""

from __future__ import annotations

import numpy as np

from ..calibration.correction import habitual
from ..calibration.profile import Profile
from ..headset.frame import EVENTS
from ..headset.names import ARKIT
from .features import Observation
from .guess import Guess, Predictor


def with_habits(predictor: Predictor, profile: Profile | None) -> Predictor:
    """Return the predictor, put right by what a profile holds of habits; itself where that is none."""
    if profile is None or (np.all(profile.habit_gain == 1.0) and not profile.habit_offset.any()):
        return predictor
    return _Habitual(predictor, profile)


class _Habitual:
    """A `Predictor` around another: hidden channels are what the wearer makes of such a guess."""

    def __init__(self, inner: Predictor, profile: Profile) -> None:
        self.runs_on = inner.runs_on
        self._inner = inner
        self._profile = profile
        self._guess = Guess(np.zeros((4, len(ARKIT))), np.zeros(len(EVENTS)))

    def predict(self, seen: Observation, horizon_s: float) -> Guess:
        """Return the inner guess put right; nothing is put right of a guess from nothing."""
        guess = self._inner.predict(seen, horizon_s)
        if not (seen.mouth or seen.eyes):
            return guess
        own = self._guess
        np.copyto(own.faces, guess.faces)  # a guess may be the same array each time
        np.copyto(own.events, guess.events)
        habitual(self._profile, own.faces, seen.mask == 0.0)
        return own

    def reset(self) -> None:
        """Forget the past."""
        self._inner.reset()

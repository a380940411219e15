from __future__ import annotations

from dataclasses import replace

import numpy as np

from unvisor.calibration.fit import fit
from unvisor.calibration.profile import Profile
from unvisor.headset.frame import Origin, SensorFrame
from unvisor.headset.names import ARKIT, ARKIT_INDEX, UNIFIED_INDEX
from unvisor.reconstruct.guess import Constant
from unvisor.reconstruct.habitual import with_habits
from unvisor.reconstruct.models import reconstructor
from unvisor.reconstruct.reconstructor import FaceReconstructor

from .faces import sensed

BROW = ARKIT_INDEX["browInnerUp"]


def habits(profile: Profile, *, gain: float = 1.0, offset: float = 0.0) -> Profile:
    return replace(
        profile,
        habit_gain=np.full(len(ARKIT), gain),
        habit_offset=np.full(len(ARKIT), offset),
    )


def test_without_habits_a_model_is_itself() -> None:
    profile = fit(sensed().first(20.0).frames())
    model = Constant()
    assert with_habits(model, None) is model
    assert with_habits(model, profile) is model


def test_what_is_hidden_is_put_right_at_every_frame_and_what_is_measured_passes() -> None:
    recording = sensed("mouth")
    profile = fit(recording.first(20.0).frames())
    face = np.full(len(ARKIT), 0.2)
    shown = FaceReconstructor(Constant(face), habits(profile, gain=1.5, offset=0.01))
    plain = FaceReconstructor(Constant(face), profile)
    inner_up = UNIFIED_INDEX["BrowInnerUpLeft"]
    for frame in list(recording.frames())[:20]:  # a constant is one array: it must not pile up
        ours, theirs = shown.reconstruct(frame), plain.reconstruct(frame)
        measured = ours.origin == Origin.MEASURED
        assert measured.any()
        assert np.array_equal(ours.weights[measured], theirs.weights[measured])
        assert np.isclose(theirs.weights[inner_up], 0.2)
        assert np.isclose(ours.weights[inner_up], 0.31)


def test_nothing_is_put_right_of_a_guess_from_nothing() -> None:
    profile = fit(sensed().first(20.0).frames())
    face = reconstructor("anatomy", habits(profile, gain=2.0, offset=0.1)).reconstruct(
        SensorFrame(time_ns=0)
    )
    assert np.nanmax(np.abs(face.weights)) < 0.01

"""The face that speaks: what it says of itself, and what of it stays as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from unvisor.headset.expressions import arkit_from_unified
from unvisor.headset.frame import Face, Origin, SensorFrame
from unvisor.headset.names import ARKIT_INDEX, UNIFIED, UNIFIED_INDEX
from unvisor.reconstruct.life.life import Life
from unvisor.reconstruct.life.mouth import MOUTH_SHAPES
from unvisor.reconstruct.models import reconstructor

from ..test_features import face
from .voices import frames, room, vowel

JAW = UNIFIED_INDEX["JawOpen"]
SOUND = np.concatenate([room(1.0), vowel("a", 0.5), vowel("i", 0.5), room(1.0)])


def faces(given: list[SensorFrame], *, life: bool = True) -> list[Face]:
    made = reconstructor("anatomy", None, Life(1) if life else None)
    return [made.reconstruct(frame) for frame in given]


def test_a_microphone_alone_gives_a_mouth_that_says_it_is_made_up() -> None:
    speaks = faces(list(frames(SOUND)))
    opened = np.array([shown.weights[JAW] for shown in speaks])
    assert opened[100:160].max() > 0.2
    assert opened[:100].max() == opened[-20:].max() == 0.0
    for shown in speaks:
        made_up = shown.origin == Origin.SYNTHESISED
        assert set(np.flatnonzero(made_up)) <= set(MOUTH_SHAPES.tolist())
        assert made_up[JAW] == (shown.weights[JAW] > 0.0)
        assert (shown.median[MOUTH_SHAPES] == 0.0).all()  # no guess is made
        inside = slice(None) if np.isfinite(shown.low).all() else np.isfinite(shown.low)
        assert (shown.low[inside] <= shown.weights[inside]).all()
        assert (shown.weights[inside] <= shown.high[inside]).all()
    arkit = arkit_from_unified(speaks[140].weights, speaks[140].gaze, speaks[140].openness)
    assert arkit[ARKIT_INDEX["jawOpen"]] > 0.1
    assert arkit[ARKIT_INDEX["mouthSmileLeft"]] == 0.0


def test_without_life_a_mouth_that_is_not_sensed_stays_at_rest() -> None:
    for shown in faces(list(frames(SOUND)), life=False):
        assert not shown.weights[MOUTH_SHAPES].any()
        assert not (shown.origin == Origin.SYNTHESISED).any()


def test_a_sensed_mouth_is_the_same_to_the_bit_whatever_is_heard() -> None:
    weights = np.full(len(UNIFIED), np.nan)
    weights[JAW] = 0.3
    seen = [replace(f, faces=(face(weights, f.time_ns),)) for f in frames(SOUND)]
    for heard, unheard in zip(
        faces(seen), faces([replace(f, audio=()) for f in seen]), strict=True
    ):
        np.testing.assert_array_equal(heard.weights, unheard.weights)
        np.testing.assert_array_equal(heard.origin, unheard.origin)
        assert heard.weights[JAW] == 0.3
        assert heard.origin[JAW] == Origin.MEASURED

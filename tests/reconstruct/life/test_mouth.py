from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.expressions import FROM_ARKIT
from unvisor.headset.frame import NO_WEIGHTS, VISEMES, SensorFrame, WornSample
from unvisor.headset.names import ARKIT, UNIFIED, UNIFIED_INDEX
from unvisor.reconstruct.features import Features
from unvisor.reconstruct.life.life import ADDED_SHAPES, Life
from unvisor.reconstruct.life.mouth import MOUTH_SHAPES, SPOKEN

from ..test_features import face
from .voices import RATE_HZ, frames, hiss, room, says, vowel
from .wearer import UPRIGHT, times

Floats = NDArray[np.float64]
JAW = UNIFIED_INDEX["JawOpen"]


def spoken(given: Iterable[SensorFrame], life: Life | None = None) -> Floats:
    """What life adds to the Unified shapes, (T, 88)."""
    living, features = life or Life(1), Features(None)
    added: list[Floats] = []
    for frame in given:
        now = living.advance(frame, features.observe(frame))
        added.append(np.zeros(len(UNIFIED)))
        added[-1][ADDED_SHAPES] = now.added
        assert now.adding == bool(now.added.any())
    return np.array(added)


def told(name: str, seconds: float = 2.0, rate_hz: float = 60.0) -> list[SensorFrame]:
    """Frames whose runtime says one viseme, from half a second on."""
    one = np.eye(len(VISEMES))[VISEMES.index(name)]
    silent = np.eye(len(VISEMES))[0]
    return [
        SensorFrame(time_ns=t, speech=says(t, one if t >= NS_PER_S // 2 else silent))
        for t in times(seconds, rate_hz).tolist()
    ]


def at(added: Floats, name: str) -> float:
    return float(added[-1, UNIFIED_INDEX[name]])


def test_each_viseme_has_the_shape_that_its_sounds_have() -> None:
    last = {name: spoken(told(name)) for name in VISEMES}
    assert not last["sil"].any()
    jaw = {name: at(added, "JawOpen") for name, added in last.items()}
    assert max(jaw, key=lambda name: jaw[name]) == "aa"
    assert 0.3 < jaw["aa"] < 0.5
    assert at(last["PP"], "MouthClosed") == pytest.approx(jaw["PP"])  # the lips meet
    assert at(last["PP"], "MouthPressLeft") > 0.1
    assert at(last["FF"], "LipSuckLowerLeft") > 0.2  # the lower lip is at the teeth
    assert jaw["SS"] < 0.06
    assert at(last["ou"], "LipPuckerUpperLeft") > 0.3
    assert at(last["oh"], "LipFunnelUpperLeft") > 0.2
    assert at(last["ih"], "MouthStretchLeft") > at(last["aa"], "MouthStretchLeft")
    for name in UNIFIED:
        if name.endswith("Left") and name.replace("Left", "Right") in UNIFIED_INDEX:
            for added in last.values():
                assert at(added, name) == at(added, name.replace("Left", "Right"))


def test_speech_shows_no_feeling() -> None:
    moved = {ARKIT[FROM_ARKIT[shape]] for shape in MOUTH_SHAPES}
    assert moved.isdisjoint(name for name in ARKIT if not name.startswith(("jaw", "mouth")))
    felt = ("Smile", "Frown", "Dimple", "mouthLeft", "mouthRight", "Shrug")
    assert not [name for name in moved if any(word in name for word in felt)]
    assert set(SPOKEN) == set(VISEMES) - {"sil"}


def test_vowels_that_are_heard_differ_as_they_are_seen() -> None:
    parts = [("a", 0.4), ("i", 0.4), ("u", 0.4)]
    sound = np.concatenate([room(1.0), *[vowel(name, s) for name, s in parts * 5], room(1.0)])
    sound += room(len(sound) / RATE_HZ)
    added = spoken(frames(sound))
    time_s = np.arange(len(added)) / 100.0 - 1.0
    inside = (time_s > 2.4) & (time_s < 6.0) & (time_s % 0.4 > 0.2)
    which = (time_s / 0.4).astype(int) % 3
    a, i, u = (added[inside & (which == n)].mean(axis=0) for n in range(3))
    assert a[JAW] > 2.0 * max(i[JAW], u[JAW])
    stretch, pucker = UNIFIED_INDEX["MouthStretchLeft"], UNIFIED_INDEX["LipPuckerUpperLeft"]
    assert i[stretch] > 0.1 > max(a[stretch], u[stretch])
    assert u[pucker] > 0.15 > max(a[pucker], i[pucker])


@pytest.mark.parametrize(
    ("band_hz", "shape"),
    [((5000.0, 7900.0), "MouthStretchLeft"), ((2500.0, 4500.0), "LipFunnelUpperLeft")],
)
def test_hissing_teeth_nearly_meet(band_hz: tuple[float, float], shape: str) -> None:
    """An s, and an sh."""
    sound = np.concatenate([room(1.0), vowel("a", 0.5), hiss(0.4, band_hz, 0.03)])
    added = spoken(frames(sound))
    assert added[140, JAW] > 0.15
    assert added[-1, JAW] < 0.1
    assert at(added, shape) > 0.08


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 44_100, 48_000])
def test_a_voice_moves_the_mouth_at_once_and_silence_stills_it(rate_hz: int) -> None:
    sound = np.concatenate(
        [room(1.0, rate_hz=rate_hz), vowel("a", 0.5, rate_hz=rate_hz), room(1.0, rate_hz=rate_hz)]
    )
    added = spoken(frames(sound, rate_hz=rate_hz))
    moving = np.flatnonzero(added[:, JAW] > 0.05) / 100.0
    assert 1.0 < moving[0] < 1.1
    assert 1.45 < moving[-1] < 1.62
    assert not added[:100].any()  # a room's noise
    assert not added[190:].any()  # exactly: nothing is said to be made up


def test_no_step_is_large_and_nothing_is_wide_whatever_is_said() -> None:
    rng = np.random.default_rng(3)
    given = [
        SensorFrame(time_ns=t, speech=says(t, rng.choice([0.0, 1.0, 5.0], len(VISEMES))))
        for t in times(20.0, 30.0).tolist()
    ]
    given[100:110] = [replace(frame, speech=None) for frame in given[100:110]]
    added = spoken(given)
    assert abs(np.diff(added, axis=0)).max() < 0.125
    assert added.min() >= 0.0
    assert added.max() < 0.5


def test_it_does_the_same_at_every_frame_rate() -> None:
    sound = np.concatenate([room(1.0), *[vowel(name, 0.3) for name in "aiuaui"], room(0.5)])
    slow, fast = spoken(frames(sound, frame_hz=30.0)), spoken(frames(sound, frame_hz=120.0))
    assert np.corrcoef(slow[:, JAW], fast[::4, JAW])[0, 1] > 0.95
    assert abs(slow.mean(axis=0) - fast.mean(axis=0)).max() < 0.02


def test_visemes_go_before_sound_and_sound_before_a_level() -> None:
    sound = np.concatenate([room(1.0), vowel("a", 1.0)])
    heard = list(frames(sound))
    silent = np.eye(len(VISEMES))[0]
    with_visemes = [replace(f, speech=says(f.time_ns, silent)) for f in heard]
    with_level = [replace(f, speech=says(f.time_ns, level=1.0)) for f in heard]
    assert not spoken(with_visemes).any()
    np.testing.assert_array_equal(spoken(with_level)[20:], spoken(heard)[20:])  # once heard
    level_alone = spoken([replace(f, audio=()) for f in with_level])
    assert at(level_alone, "JawOpen") > 0.3


def test_a_muted_wearer_is_not_seen_to_speak() -> None:
    sound = np.concatenate([room(1.0), vowel("a", 1.0)])
    muted = [replace(f, speech=says(f.time_ns, muted=True)) for f in frames(sound)]
    assert not spoken(muted).any()


def test_a_mouth_that_is_sensed_is_left_alone() -> None:
    """It is lost and found: life waits, eases in, and eases out again."""
    weights = NO_WEIGHTS.copy()
    weights[UNIFIED_INDEX["MouthCornerPullLeft"]] = 0.1  # any of the mouth
    given = [
        replace(f, faces=() if 2.0 <= f.time_ns / NS_PER_S < 5.0 else (face(weights, f.time_ns),))
        for f in told("aa", 7.0)
    ]
    jaw = spoken(given)[:, JAW]
    assert not jaw[: round(2.4 * 60)].any()
    assert jaw[round(3.5 * 60)] > 0.4
    assert not jaw[round(5.3 * 60) :].any()
    assert abs(np.diff(jaw)).max() < 0.125


@pytest.mark.parametrize("gone", ["taken off", "sound lost"])
def test_nobody_there_says_nothing(gone: str) -> None:
    sound = np.concatenate([room(1.0), vowel("a", 3.0)])
    off = WornSample(time_ns=0, received_ns=0, worn=False)
    given = [
        f
        if f.time_ns < 2 * NS_PER_S
        else replace(f, worn=off)
        if gone == "taken off"
        else replace(f, audio=(), head=UPRIGHT)
        for f in frames(sound)
    ]
    added = spoken(given)
    assert added[199, JAW] > 0.1
    assert not added[260:].any()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_sound_that_is_no_number_does_no_harm(value: float) -> None:
    sound = np.concatenate([room(1.0), vowel("a", 0.5), np.full(1600, value), vowel("a", 0.5)])
    added = spoken(frames(sound))
    assert np.isfinite(added).all()
    assert added[-1, JAW] > 0.1

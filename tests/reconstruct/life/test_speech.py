from __future__ import annotations

import numpy as np
import pytest

from unvisor.datasets.performance import performance
from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import simulate
from unvisor.datasets.streams import Truth
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.frame import AudioBlock, SensorFrame
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.features import Features
from unvisor.reconstruct.life.speech import Speech

RATE_HZ = 16_000


def spoken(recording: Recording, noise: str) -> np.ndarray:
    """Of each frame, whether the mouth was taken to talk."""
    rig = RIGS["mouth"]
    sensed = simulate(recording, rig, noise="none" if noise == "none" else "model")
    speech, features, before_s = Speech(), Features(None), 0.0
    found: list[bool] = []
    for frame in sensed.frames():
        at_s = frame.time_ns / NS_PER_S
        speech.advance(at_s, max(0.0, at_s - before_s), frame, features.observe(frame), None)
        before_s = at_s
        found.append(speech.talking)
    return np.array(found)


@pytest.mark.parametrize("noise", ["none", "model"])
def test_talk_is_seen_on_the_mouth_and_a_still_one_is_silent(noise: str) -> None:
    face = performance()
    truth = face.truth
    assert truth is not None
    assert spoken(face, noise)[:480].mean() > 0.6  # its first eight seconds are ordinary speech
    rest = Truth(time_ns=truth.time_ns, arkit=np.repeat(truth.arkit[:1], len(truth.arkit), axis=0))
    assert spoken(Recording(about=face.about, truth=rest), noise).mean() < 0.4


@pytest.mark.parametrize("noise_db", [-70.0, -45.0])
def test_phrases_are_heard_over_noise_from_their_start_to_their_end(noise_db: float) -> None:
    rng = np.random.default_rng(0)
    speech, features = Speech(), Features(None)
    began: list[float] = []
    paused: list[float] = []
    for block in range(50 * 20):  # 20 ms each
        at_ns = block * NS_PER_S // 50
        time_s = at_ns / NS_PER_S + np.arange(RATE_HZ // 50) / RATE_HZ
        loud = 0.2 * (time_s % 4.0 < 2.5) * np.sin(2 * np.pi * 140.0 * time_s)
        hiss = 10.0 ** (noise_db / 20.0) * rng.standard_normal(len(time_s))
        samples = (loud + hiss).astype(np.float32)
        sound = AudioBlock(
            time_ns=at_ns, received_ns=at_ns, samples=samples, sample_rate_hz=RATE_HZ
        )
        frame = SensorFrame(time_ns=at_ns, audio=(sound,))
        speech.advance(at_ns / NS_PER_S, 0.02, frame, features.observe(frame), None)
        if speech.began:
            began.append(at_ns / NS_PER_S)
        if speech.paused:
            paused.append(at_ns / NS_PER_S)
    # The first two seconds and a half are all it has heard: it learns what silence is from a pause.
    np.testing.assert_allclose(began[-4:], [4.0, 8.0, 12.0, 16.0], atol=0.05)
    np.testing.assert_allclose(paused[-4:], [6.7, 10.7, 14.7, 18.7], atol=0.05)


def test_sound_that_is_no_number_is_silence() -> None:
    speech, features = Speech(), Features(None)
    for value in (np.nan, np.inf, 0.0):
        samples = np.full(160, value, np.float32)
        sound = AudioBlock(time_ns=0, received_ns=0, samples=samples, sample_rate_hz=RATE_HZ)
        frame = SensorFrame(time_ns=0, audio=(sound,))
        speech.advance(0.0, 0.01, frame, features.observe(frame), None)
        assert not speech.talking

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from numpy.random import default_rng

from unvisor.datasets.noise_mouth import MouthNoise
from unvisor.headset.names import MOUTH_28, mirrored

MIRROR = [MOUTH_28.index(mirrored(name)) for name in MOUTH_28]
N = len(MOUTH_28)
EXACT = MouthNoise(
    delay_s=0.0, gain=(1.0,) * N, dead_zone=(0.0,) * N, gamma=(1.0,) * N, saturation=(1.0,) * N,
    sd=(0.0,) * N, crosstalk=(), smile_lost=0.0,
)  # fmt: skip


def at(name: str) -> int:
    return MOUTH_28.index(name)


def test_parameters_stay_in_their_ranges() -> None:
    for seed in range(50):
        noise = MouthNoise.draw(default_rng(seed))
        for values, low, high in (
            (noise.gain, 0.6, 1.3), (noise.dead_zone, 0.0, 0.08), (noise.gamma, 0.7, 1.4),
            (noise.saturation, 0.85, 1.0), (noise.sd, 0.01, 0.04), ((noise.delay_s,), 0.01, 0.04),
        ):  # fmt: skip
            assert low <= min(values) <= max(values) <= high
        assert all(0.0 <= weight <= 0.4 for _, _, weight in noise.crosstalk)


def test_a_draw_is_the_seeds() -> None:
    assert astuple(MouthNoise.draw(default_rng(1))) == astuple(MouthNoise.draw(default_rng(1)))
    assert astuple(MouthNoise.draw(default_rng(1))) != astuple(MouthNoise.draw(default_rng(2)))


def test_a_tracker_without_faults_is_exact() -> None:
    weights = default_rng(0).uniform(0.0, 1.0, (50, N))
    np.testing.assert_allclose(EXACT.apply(weights, default_rng(1)), weights)


def test_leaks_between_sides_leave_a_symmetric_face_and_draw_others_together() -> None:
    noise = replace(
        EXACT, crosstalk=tuple(leak for leak in MouthNoise.draw(default_rng(0)).crosstalk
                               if leak[1] == mirrored(leak[0])),
    )  # fmt: skip
    assert len(noise.crosstalk) == 14
    weights = default_rng(1).uniform(0.1, 0.8, (50, N))
    symmetric = 0.5 * (weights + weights[:, MIRROR])
    np.testing.assert_allclose(noise.apply(symmetric, default_rng(2)), symmetric)
    one_sided = np.zeros((1, N))
    one_sided[0, at("mouthSmileLeft")] = 0.8
    seen = noise.apply(one_sided, default_rng(2))
    leak = noise.crosstalk[0][2]
    assert seen[0, at("mouthSmileRight")] == pytest.approx(0.8 * leak)
    assert seen[0, at("mouthSmileLeft")] == pytest.approx(0.8 * (1.0 - leak))


def test_a_puckered_smile_is_partly_lost() -> None:
    weights = np.zeros((2, N))
    weights[:, at("mouthSmileLeft")] = 0.5
    weights[1, at("mouthPucker")] = 1.0
    seen = replace(EXACT, smile_lost=0.4).apply(weights, default_rng(0))
    np.testing.assert_allclose(seen[:, at("mouthSmileLeft")], [0.5, 0.3])


def test_what_is_seen_stays_between_zero_and_saturation() -> None:
    weights = default_rng(0).uniform(0.0, 1.08, (500, N))
    for seed in range(10):
        noise = MouthNoise.draw(default_rng(seed))
        seen = noise.apply(weights, default_rng(seed))
        assert (seen >= 0.0).all()
        assert (seen <= np.array(noise.saturation)).all()


def test_a_channel_not_captured_stays_missing_alone() -> None:
    weights = default_rng(0).uniform(0.0, 1.0, (50, N))
    weights[:, at("tongueOut")] = np.nan
    seen = MouthNoise.draw(default_rng(1)).apply(weights, default_rng(2))
    np.testing.assert_array_equal(np.isnan(seen).all(axis=0), np.arange(N) == at("tongueOut"))
    assert np.isfinite(np.delete(seen, at("tongueOut"), axis=1)).all()

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng

from unvisor.datasets import noise_eyes
from unvisor.datasets.noise_eyes import GazeNoise, LidNoise, fixations, near_shut, repeats
from unvisor.datasets.streams import Floats

DONNINGS = 200
FIXATIONS = 12
SAMPLES = 45  # half a second each


def errors(eccentricity_deg: float, *, jitter: bool = False) -> Floats:
    """Error of each donning (D, F, S, eye, axis) in degrees, outliers left out."""
    turn = np.linspace(0.0, 2.0 * np.pi, FIXATIONS, endpoint=False)
    aim = eccentricity_deg * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    true = np.radians(np.repeat(aim, SAMPLES, axis=0))[:, None, :].repeat(2, axis=1)
    which = np.repeat(np.arange(FIXATIONS), SAMPLES)
    found: list[Floats] = []
    for seed in range(DONNINGS):
        noise = GazeNoise.draw(default_rng([seed, 0]), default_rng([seed, 1]))
        seen = replace(noise, outliers=0.0).apply(true, which, default_rng([seed, 2]))
        found.append(np.degrees(seen - true).reshape(FIXATIONS, SAMPLES, 2, 2))
    whole = np.stack(found)
    return whole if jitter else whole.mean(axis=2)


def test_vergence_and_disparity_are_as_measured() -> None:
    error = errors(9.0)
    difference = error[:, :, 0] - error[:, :, 1]
    assert difference[..., 0].mean() == pytest.approx(1.0, abs=0.25)
    assert difference[..., 0].std() == pytest.approx(1.7, abs=0.2)
    assert difference[..., 1].mean() == pytest.approx(0.0, abs=0.25)
    assert difference[..., 1].std() == pytest.approx(1.4, abs=0.2)


def test_the_eyes_err_together_as_measured() -> None:
    error = errors(12.5)  # where the mean error is the study's
    for axis, expected in enumerate(noise_eyes.EYES_CORRELATION):
        found = np.corrcoef(error[..., 0, axis].ravel(), error[..., 1, axis].ravel())[0, 1]
        assert found == pytest.approx(expected, abs=0.1)


def test_bias_and_error_of_both_eyes_together_are_as_measured() -> None:
    for eccentricity in (0.0, 12.5, 20.0):
        both = errors(eccentricity).mean(axis=2)
        bias = both.mean(axis=(0, 1))
        assert bias == pytest.approx([0.06, -0.17], abs=0.12)
        size = np.linalg.norm(both, axis=-1).mean()
        assert size == pytest.approx(0.53 + 0.044 * eccentricity, abs=0.3)


def test_samples_of_a_fixation_scatter_as_measured() -> None:
    scatter = errors(9.0, jitter=True).std(axis=2)
    # The spread within half a second is less than that over all time, as the noise fades slowly.
    assert np.median(scatter) == pytest.approx(0.23, abs=0.08)
    assert np.log(scatter).std() == pytest.approx(0.80, abs=0.15)


def test_outliers_are_as_many_as_told_and_far_off() -> None:
    noise = GazeNoise.draw(default_rng(0), default_rng(1))
    true, which = np.zeros((60_000, 2, 2)), np.zeros(60_000, np.intp)
    with_them = noise.apply(true, which, default_rng(2))
    without = replace(noise, outliers=0.0).apply(true, which, default_rng(2))
    off_deg = np.degrees(np.linalg.norm(with_them - without, axis=-1))
    assert 0.02 <= noise.outliers <= 0.03
    assert (off_deg > 0.0).mean() == pytest.approx(noise.outliers, rel=0.2)
    assert off_deg[off_deg > 0.0].min() >= 5.0 - 1e-9


def test_drawn_parameters_have_their_spread() -> None:
    drawn = [GazeNoise.draw(default_rng([s, 0]), default_rng([s, 1])) for s in range(1500)]
    bias, gain = np.array([n.bias_deg for n in drawn]), np.array([n.gain for n in drawn])
    assert bias.mean(axis=0) == pytest.approx([0.06, -0.17], abs=0.05)
    assert bias.std(axis=0) == pytest.approx(np.hypot([0.17, 0.36], [0.28, 0.38]), rel=0.1)
    assert gain.mean(axis=0) == pytest.approx([0.978, 0.999], abs=0.005)
    assert gain.std(axis=0) == pytest.approx(np.hypot([0.040, 0.043], [0.034, 0.027]), rel=0.1)
    delay = np.array([n.delay_s for n in drawn])
    assert 0.015 <= delay.min() < 0.017
    assert 0.050 < delay.max() <= 0.052


def test_what_is_the_wearers_stays_when_the_headset_goes_on_again() -> None:
    first, again = (GazeNoise.draw(default_rng(0), default_rng(seed)) for seed in (1, 2))
    assert first.glasses == again.glasses
    assert first.bias_deg != again.bias_deg
    assert first.delay_s != again.delay_s


def test_few_samples_repeat_and_in_some_fixations_most() -> None:
    which = np.repeat(np.arange(2000), 60)
    share = repeats(which, default_rng(0)).reshape(2000, 60).mean(axis=1)
    assert np.median(share) == pytest.approx(0.02, abs=0.01)
    bad = share > 0.3
    assert bad.mean() == pytest.approx(0.17, abs=0.03)
    assert share[bad].mean() == pytest.approx(0.65, abs=0.03)


def test_a_saccade_begins_a_fixation() -> None:
    time_ns = np.round(np.arange(90) * 1e9 / 90).astype(np.int64)
    yaw = np.radians(np.interp(np.arange(90), [30, 34, 60, 89], [0.0, 8.0, 8.0, 10.0]))
    angles = np.stack([yaw, np.zeros(90)], axis=-1)[:, None, :].repeat(2, axis=1)
    np.testing.assert_array_equal(fixations(time_ns, angles), np.arange(90) > 30)
    angles[10] = np.nan  # a missing number is no saccade
    np.testing.assert_array_equal(fixations(time_ns, angles), np.arange(90) > 30)


def test_a_blink_takes_the_gaze_a_little_before_and_after() -> None:
    time_ns = np.arange(0, 1_000_000_000, 10_000_000)  # every 10 ms
    openness = np.ones((100, 2))
    openness[50:55, 0] = 0.1
    near = near_shut(time_ns, openness)
    np.testing.assert_array_equal(np.flatnonzero(near[:, 0]), np.arange(50 - 4, 55 + 6))
    assert not near[:, 1].any()


def test_lids_stay_in_range_and_keep_a_blinks_shape() -> None:
    blink = 1.0 - np.interp(np.arange(900) % 300, [100, 108, 110, 132], [0.0, 1.0, 1.0, 0.0])
    for seed in range(20):
        seen = LidNoise.draw(default_rng(seed)).apply(
            np.stack([blink, blink], axis=-1), default_rng([seed, 1])
        )
        assert seen.min() >= 0.0
        assert seen.max() <= 1.0
        assert np.corrcoef(seen[:, 0], blink)[0, 1] > 0.95

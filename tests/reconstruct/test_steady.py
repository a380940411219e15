from __future__ import annotations

import numpy as np

from unvisor.headset.clock import NS_PER_S
from unvisor.reconstruct.steady import Steady

RATE_HZ = 90.0


def blinks(seconds: float, *, every_s: float = 3.0) -> np.ndarray:
    """Openness (T, 2): open, shut for a moment every few seconds, down faster than up."""
    phase_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ % every_s
    shut = np.interp(phase_s, [1.0, 1.07, 1.10, 1.30], [0.0, 1.0, 1.0, 0.0])
    return np.repeat((1.0 - shut)[:, None], 2, axis=1)


def noise(count: int, sd: float, *, seed: int = 3) -> np.ndarray:
    """Noise (T, 2) that forgets itself in 50 ms."""
    rng, rho = np.random.default_rng(seed), np.exp(-1.0 / (0.05 * RATE_HZ))
    made = np.zeros((count, 2))
    for at in range(1, count):
        made[at] = rho * made[at - 1] + sd * np.sqrt(1.0 - rho**2) * rng.standard_normal(2)
    return made


def played(openness: np.ndarray, steady: Steady | None = None) -> np.ndarray:
    steady = steady or Steady()
    times_ns = (np.arange(len(openness)) * NS_PER_S / RATE_HZ).astype(np.int64)
    return np.array([steady.steady(t, o) for t, o in zip(times_ns.tolist(), openness, strict=True)])


def test_lids_without_noise_pass_to_the_bit() -> None:
    lids = blinks(60.0)
    lids[:, 1] += 0.1 * np.sin(np.arange(len(lids)) / 40.0)
    np.testing.assert_array_equal(played(lids), lids)


def test_noisy_lids_at_rest_are_calmer_and_nearer_the_truth() -> None:
    truth = np.full((round(60 * RATE_HZ), 2), 0.8)
    seen = truth + noise(len(truth), 0.025)
    shown = played(seen)[2000:]
    assert np.abs(np.diff(shown, axis=0)).mean() < 0.75 * np.abs(np.diff(seen, axis=0)).mean()
    assert np.abs(shown - 0.8).mean() < 0.95 * np.abs(seen[2000:] - 0.8).mean()


def test_a_blink_amid_noise_is_neither_late_nor_shallower() -> None:
    truth = blinks(60.0)
    shown = played(truth + noise(len(truth), 0.025))
    true_down, shown_down = (
        np.flatnonzero((lids[1:, 0] < 0.5) & (lids[:-1, 0] >= 0.5)) for lids in (truth, shown)
    )
    assert len(true_down) == len(shown_down) == 20
    assert np.abs(true_down - shown_down).max() <= 1  # a frame
    deepest = shown[np.abs(np.arange(len(shown)) / RATE_HZ % 3.0 - 1.085) < 0.02, 0]
    assert deepest.mean() < 0.03


def test_a_sample_seen_again_changes_nothing() -> None:
    steady = Steady()
    first = steady.steady(1_000_000_000, np.array([0.9, 0.8]))
    again = steady.steady(1_000_000_001, np.array([0.9, 0.8]))  # as told by its age
    assert first == again == [0.9, 0.8]


def test_another_sample_with_the_same_stamp_is_not_passed_over() -> None:
    """A lid is found again by a sample of the very instant it was missed at."""
    steady = Steady()
    missed = steady.steady(1_000_000_000, np.array([np.nan, 0.8]))
    assert np.isnan(missed[0])
    assert steady.steady(1_000_000_000, np.array([0.9, 0.7])) == [0.9, 0.7]


def test_an_eye_that_is_lost_is_missing_and_begins_anew_after_a_while() -> None:
    truth = np.full((3000, 2), 0.8)
    seen = truth + noise(len(truth), 0.025)
    seen[1500:1600, 0] = np.nan
    shown = played(seen)
    assert np.isnan(shown[1500:1600, 0]).all()
    assert shown[1600, 0] == seen[1600, 0]
    assert np.isfinite(shown[:, 1]).all()
    assert np.isfinite(shown[1600:, 0]).all()

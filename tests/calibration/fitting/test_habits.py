from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.calibration.correction import habitual
from unvisor.calibration.fitting.habits import fit_habits
from unvisor.calibration.fitting.outcome import summary
from unvisor.calibration.profile import of_nobody
from unvisor.headset.names import ARKIT, ARKIT_INDEX

Floats = NDArray[np.float64]
BROW = ARKIT_INDEX["browInnerUp"]
PUFF = ARKIT_INDEX["cheekPuff"]
RATE_HZ = 30.0


def segments(
    gain: float, offset: float, *, count: int = 6, noise: float = 0.03, seed: int = 0
) -> list[tuple[Floats, Floats]]:
    """Return stretches of 20 s where brows move more than is guessed, and cheeks as is guessed."""
    rng = np.random.default_rng(seed)
    found: list[tuple[Floats, Floats]] = []
    for _ in range(count):
        guess, truth = np.full((2, 600, len(ARKIT)), np.nan)
        move = np.convolve(rng.random(600) < 0.03, np.hanning(40), "same") * 0.3
        for channel, (g, o) in ((BROW, (gain, offset)), (PUFF, (1.0, 0.0))):
            guess[:, channel] = move
            truth[:, channel] = g * move + o + rng.normal(0.0, noise, 600)
        found.append((guess, truth))
    return found


def test_the_wearers_own_range_and_habit_are_learnt_and_what_was_right_is_left() -> None:
    habits = fit_habits(segments(1.6, 0.01), rate_hz=RATE_HZ)
    assert habits.gain[BROW] == pytest.approx(1.6, abs=0.3)
    assert habits.offset[BROW] == 0.0  # rest is found anew with each take
    assert not habits.accepted[PUFF]
    assert habits.gain[PUFF] == 1.0
    assert summary(habits.outcomes).startswith("brows 0.")
    assert summary(habits.outcomes).endswith("cheeks unchanged")


def test_it_is_applied_to_what_is_hidden_alone() -> None:
    habits = fit_habits(segments(1.6, 0.01), rate_hz=RATE_HZ)
    nobody = of_nobody()
    nobody.habit_gain[:], nobody.habit_offset[:] = habits.gain, habits.offset
    guess, hidden = np.full(len(ARKIT), 0.2), np.zeros(len(ARKIT), dtype=np.bool_)
    habitual(nobody, guess, hidden)
    assert (guess == 0.2).all()
    hidden[:] = True
    habitual(nobody, guess, hidden)
    assert guess[BROW] == pytest.approx(0.31, abs=0.06)
    assert guess[PUFF] == 0.2


def test_truths_of_other_moments_teach_nothing() -> None:
    """Frames shuffled within a take: nothing of when a brow moves is left but how high it usually is."""
    rng = np.random.default_rng(1)
    shuffled = [
        (guess, truth[rng.permutation(len(truth))])
        for guess, truth in segments(1.0, 0.0, noise=0.0)
    ]
    habits = fit_habits(shuffled, rate_hz=RATE_HZ)
    before = np.mean([np.abs(t[:, BROW] - g[:, BROW]).mean() for g, t in shuffled])
    after = np.mean(
        [
            np.abs(t[:, BROW] - habits.gain[BROW] * g[:, BROW] - habits.offset[BROW]).mean()
            for g, t in shuffled
        ]
    )
    assert after <= before
    assert habits.gain[BROW] <= 1.0


def test_in_the_mean_it_is_never_worse_on_days_to_come() -> None:
    scores: list[tuple[float, float]] = []
    rng = np.random.default_rng(5)
    for seed in range(25):
        gain, offset = rng.normal(1.0, 0.3), rng.normal(0.0, 0.01)
        habits = fit_habits(segments(gain, offset, count=3, seed=seed), rate_hz=RATE_HZ)
        for guess, truth in segments(gain, offset, count=2, seed=1000 + seed):
            g, t = guess[:, BROW], truth[:, BROW]
            put_right = habits.gain[BROW] * g + habits.offset[BROW]
            scores.append((float(np.abs(t - g).mean()), float(np.abs(t - put_right).mean())))
    before, after = np.mean(scores, axis=0)
    assert after < before


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_little_is_refused(count: int) -> None:
    habits = fit_habits(segments(1.6, 0.01, count=count), rate_hz=RATE_HZ)
    assert not habits.accepted.any()
    assert "fewer than 3 stretches" in habits.outcomes[0].reason


def test_numbers_that_are_none_change_nothing() -> None:
    empty = np.full((100, len(ARKIT)), np.nan)
    habits = fit_habits([(empty, empty)] * 5, rate_hz=RATE_HZ)
    assert (habits.gain == 1.0).all()
    assert (habits.offset == 0.0).all()

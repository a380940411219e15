from __future__ import annotations

import numpy as np
import pytest

from unvisor.calibration.fitting.habits import SEGMENT_S
from unvisor.calibration.own_face import learnt, segments
from unvisor.calibration.profile import of_nobody
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.names import ARKIT, ARKIT_INDEX

BROW, SMILE = ARKIT_INDEX["browInnerUp"], ARKIT_INDEX["mouthSmileLeft"]
RATE_HZ = 30


def test_a_take_is_cut_into_stretches_and_what_was_measured_is_left_out() -> None:
    count = round(3.5 * SEGMENT_S * RATE_HZ)
    time_ns = np.arange(count) * NS_PER_S // RATE_HZ + 7 * NS_PER_S
    guess, truth = np.ones((2, count, len(ARKIT)))
    hidden = np.ones_like(guess, dtype=np.bool_)
    hidden[:, SMILE] = False
    cut = list(segments(time_ns, guess, truth, hidden))
    assert [len(one) for one, _ in cut] == [300, 300, 300, 150]
    assert all(np.isnan(one[:, SMILE]).all() and (one[:, BROW] == 1.0).all() for one, _ in cut)
    assert list(segments(time_ns[:0], guess[:0], truth[:0], hidden[:0])) == []


@pytest.mark.parametrize(("gain", "kept"), [(1.6, True), (1.0, False)])
def test_the_profile_takes_habits_through_their_gate(gain: float, kept: bool) -> None:
    rng = np.random.default_rng(0)
    time_ns = np.arange(60 * RATE_HZ) * NS_PER_S // RATE_HZ
    guess = np.full((len(time_ns), len(ARKIT)), np.nan)
    guess[:, BROW] = np.convolve(rng.random(len(time_ns)) < 0.03, np.hanning(40), "same") * 0.3
    truth = gain * guess + rng.normal(0.0, 0.02, guess.shape)
    hidden = np.ones_like(guess, dtype=np.bool_)
    taught, habits = learnt(
        of_nobody(("kept",)), list(segments(time_ns, guess, truth, hidden)), rate_hz=RATE_HZ
    )
    assert bool(habits.accepted[BROW]) is kept
    assert taught.habit_gain[BROW] == pytest.approx(gain, abs=0.15)
    assert taught.notes[0] == "kept"
    assert any(note.startswith("own face: brows") for note in taught.notes) is not kept

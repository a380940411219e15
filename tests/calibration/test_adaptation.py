from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.calibration.adaptation import MOST_DRIFT, TAU_S, RestTracker
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.frame import Origin
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX

Floats = NDArray[np.float64]
JAW, SMILE, BROW = (
    UNIFIED_INDEX[name] for name in ("JawOpen", "MouthCornerPullLeft", "BrowInnerUpLeft")
)
RATE_HZ = 20
REST = np.zeros(len(UNIFIED))


def followed(
    minutes: float,
    *,
    jaw: float = 0.0,
    creeps: float = 0.0,
    talking: bool = False,
    origin: Origin = Origin.MEASURED,
    moves: float = 0.0,
) -> RestTracker:
    """Return a tracker after some minutes of a jaw that rests where it is told to."""
    rng = np.random.default_rng(0)
    tracker = RestTracker(REST)
    count = round(minutes * 60 * RATE_HZ)
    origins = np.full(len(UNIFIED), Origin.ABSENT, dtype=np.uint8)
    origins[JAW] = origin
    for step in range(count):
        weights = np.full(len(UNIFIED), np.nan)
        weights[JAW] = jaw + creeps * step / count + rng.normal(0.0, 0.005)
        weights[JAW] += moves * (step // 20 % 2)
        tracker.take(step * NS_PER_S // RATE_HZ, weights, origins, talking=talking)
    return tracker


def test_a_rest_that_creeps_is_followed_and_worth_keeping() -> None:
    tracker = followed(10.0, creeps=0.06)
    assert tracker.drift[JAW] == pytest.approx(0.048, abs=0.01)  # two minutes behind
    assert tracker.outcome.accepted
    assert tracker.outcome.after < tracker.outcome.before
    assert not np.delete(tracker.drift, JAW).any()


def test_it_takes_minutes() -> None:
    assert followed(TAU_S / 60.0, jaw=0.05).drift[JAW] == pytest.approx(0.63 * 0.05, abs=0.006)


def test_it_is_bounded() -> None:
    assert followed(20.0, jaw=0.11).drift[JAW] == MOST_DRIFT
    assert followed(20.0, jaw=-0.11).drift[JAW] == -MOST_DRIFT


def test_a_rest_that_stays_is_not_worth_keeping() -> None:
    tracker = followed(10.0)
    assert abs(tracker.drift[JAW]) < 0.002
    assert not tracker.outcome.accepted


@pytest.mark.parametrize("origin", [Origin.INFERRED, Origin.SYNTHESISED, Origin.HELD])
def test_it_never_learns_from_what_is_not_measured(origin: Origin) -> None:
    assert not followed(5.0, jaw=0.05, origin=origin).drift.any()


def test_it_pauses_while_the_wearer_talks() -> None:
    assert not followed(5.0, jaw=0.05, talking=True).drift.any()


def test_a_face_that_is_held_or_moves_is_no_rest() -> None:
    assert not followed(5.0, jaw=0.4).drift.any()
    assert not followed(5.0, jaw=0.02, moves=0.3).drift.any()


def test_a_short_use_is_not_judged() -> None:
    outcome = followed(0.4, jaw=0.05).outcome
    assert not outcome.accepted
    assert outcome.reason == "under 1 min of quiet use"

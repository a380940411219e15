from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.names import ARKIT_INDEX, HIDDEN_14
from unvisor.reconstruct.judge.ground_truth import Take
from unvisor.reconstruct.judge.worst import worst

from .tracks import as_track, moving, relative, take

HIDDEN = [ARKIT_INDEX[name] for name in HIDDEN_14]


def failing(person: str, seed: int, *, by: float, from_s: float) -> Take:
    """A take whose model is right but for ten seconds."""
    truth = moving(seed)
    wrong = relative(truth)
    at_s = truth.time_ns / NS_PER_S
    failing = (at_s >= from_s) & (at_s < from_s + 10.0)
    wrong[:, HIDDEN] += by * failing[:, None]
    return take(person, truth, {"model": as_track(truth.time_ns, wrong)})


def test_the_stretch_with_most_error_is_found() -> None:
    takes = [failing("p", 1, by=0.2, from_s=14.0), failing("q", 2, by=0.5, from_s=25.0)]
    found = worst(takes, "model")
    assert found is not None
    assert (found.person, found.take) == ("q", "take of q")
    assert found.start_s == pytest.approx(25.0, abs=0.1)
    assert found.length_s == pytest.approx(10.0, abs=0.1)
    assert found.mae == pytest.approx(0.5, abs=0.01)
    assert found.usual_mae == pytest.approx(0.5 / 3.0, abs=0.01)


def test_who_was_seen_in_training_is_passed_over() -> None:
    takes = [failing("p", 1, by=0.2, from_s=14.0), failing("q", 2, by=0.5, from_s=25.0)]
    seen = [replace(each, trained_on={"model": frozenset({"q"})}) for each in takes]
    found = worst(seen, "model")
    assert found is not None
    assert found.person == "p"
    assert worst(seen[1:], "model") is None


def test_a_short_take_is_judged_whole() -> None:
    truth = moving(3, seconds=14.0)
    found = worst([take("p", truth, {"m": as_track(truth.time_ns, 0.0 * truth.arkit)})], "m")
    assert found is not None
    assert found.length_s == pytest.approx(4.0, abs=0.1)
    assert found.mae == pytest.approx(found.rest_mae)


def test_a_take_whose_truth_lacks_the_channels_is_passed_over() -> None:
    whole, partly = failing("p", 1, by=0.2, from_s=14.0), failing("q", 2, by=0.5, from_s=25.0)
    partly.truth.arkit[:, HIDDEN] = np.nan
    found = worst([whole, partly], "model")
    assert found is not None
    assert found.person == "p"
    assert worst([partly], "model") is None

"""While a routine is under way what is sent is the wearer's rest, and it eases there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from unvisor.calibration.routine.resting import EASED_S, Resting
from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.clock import seconds
from unvisor.headset.frame import AT_REST, FORWARD, Face, Origin
from unvisor.headset.rig import RIGS
from unvisor.reconstruct import models


def faces(resting_s: tuple[float, float]) -> list[Face]:
    """Return the faces of a laughing performance, with outputs at rest in between."""
    resting = Resting(models.reconstructor("neutral", None))
    made: list[Face] = []
    for frame in simulate(performance(), RIGS["mouth+eyes"]).frames(60):
        at_s = seconds(frame.time_ns)
        resting.resting = resting_s[0] <= at_s < resting_s[1]
        made.append(resting.reconstruct(frame))
    return made


def test_it_rests_meanwhile_and_is_itself_before_and_after() -> None:
    plain = faces((np.inf, np.inf))
    made = faces((8.3, 14.0))
    for one, other in zip(plain, made, strict=True):
        at_s = seconds(one.time_ns)
        if at_s < 8.3 or at_s > 14.0 + EASED_S:
            np.testing.assert_array_equal(one.weights, other.weights)
            np.testing.assert_array_equal(one.origin, other.origin)
        elif 8.3 + EASED_S < at_s < 14.0:
            assert np.nanmax(np.abs(other.weights)) < AT_REST
            np.testing.assert_array_equal(np.isnan(one.weights), np.isnan(other.weights))
            np.testing.assert_allclose(other.gaze, FORWARD)
            np.testing.assert_array_equal(other.openness, 1.0)
            assert not (other.origin == Origin.MEASURED).any()
            assert (other.eye_origin == Origin.HELD).all()
            assert (other.low <= other.weights)[~np.isnan(other.weights)].all()
    resting = [face for face in plain if 8.6 < seconds(face.time_ns) < 14.0]
    assert max(np.nanmax(np.abs(face.weights)) for face in resting) > 0.5, "they do move"


def test_it_goes_to_rest_and_back_without_a_step() -> None:
    plain, made = faces((np.inf, np.inf)), faces((9.0, 10.0))  # amid a smile
    largest = {
        name: max(
            float(np.nanmax(np.abs(later.weights - sooner.weights)))
            for sooner, later in pairwise(these)
            if 8.9 < seconds(sooner.time_ns) < 10.5
        )
        for name, these in (("plain", plain), ("made", made))
    }
    assert largest["made"] < largest["plain"] + 1.0 / (60 * EASED_S)

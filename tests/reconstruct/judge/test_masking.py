from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from unvisor.datasets.simulate import simulate
from unvisor.headset.errors import RecordingError
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.judge.masking import WEARERS, masked, possible

from ..faces import capture, sensed


@pytest.mark.parametrize("noise", ["none", "model"])
def test_what_is_left_is_what_the_smaller_rig_would_have_sensed(noise: str) -> None:
    whole = sensed("mouth+eyes", seconds=12.0, noise=noise)
    for rig in ("mouth", "none"):
        left = masked("x", whole, RIGS[rig])
        simulated = sensed(rig, seconds=12.0, noise=noise)
        assert left.about.rig == rig
        assert left.span_ns == whole.span_ns
        assert left.truth is whole.truth
        assert left.streams.keys() == simulated.streams.keys()
        for name, stream in left.streams.items():
            for column in fields(stream):
                ours, theirs = (
                    getattr(stream, column.name),
                    getattr(simulated.streams[name], column.name),
                )
                np.testing.assert_array_equal(ours, theirs)


def test_nothing_is_added() -> None:
    talking = simulate(capture(seconds=2.0), RIGS["mouth"], noise="none")
    with pytest.raises(RecordingError, match="x: holds no eye tracker"):
        masked("x", talking, RIGS["mouth+eyes"])
    with pytest.raises(RecordingError, match="x: holds no sound"):
        masked("x", talking, RIGS["mouth+audio"])


def test_rigs_come_as_wearers_own_them_and_what_is_lacking_is_said() -> None:
    whole = {"a": sensed(seconds=2.0), "b": sensed("mouth", seconds=2.0)}
    rigs, left_out = possible(whole)
    assert [rig.name for rig in rigs] == ["mouth", "none"]
    assert set(left_out) == set(WEARERS) - {"mouth", "none"}
    assert left_out["mouth+eyes"] == "1 of 2 hold no eye tracker (b)"
    assert "sound" in left_out["audio"]

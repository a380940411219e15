from __future__ import annotations

import numpy as np
import pytest

from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import simulate
from unvisor.datasets.streams import About, Truth
from unvisor.headset.errors import RecordingError
from unvisor.headset.names import ARKIT, ARKIT_INDEX
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.judge.ahead import ahead

from ..faces import GENERATED, sensed


def opening_and_shutting(period_s: float) -> Recording:
    """A jaw at 60 Hz that moves at one speed, up and down; it rests while it is calibrated."""
    time_s = np.arange(20 * 60) / 60.0
    arkit = np.zeros((len(time_s), len(ARKIT)))
    phase = (time_s - 5.0) % period_s / period_s
    arkit[:, ARKIT_INDEX["jawOpen"]] = np.where(time_s < 5.0, 0.0, 1.0 - np.abs(2 * phase - 1.0))
    return Recording(
        about=About(person="p", basis=GENERATED, source="jaw"),
        truth=Truth(time_ns=np.rint(time_s * 1e9).astype(np.int64), arkit=arkit),
    )


def test_steady_motion_is_foreseen_and_a_held_face_is_late() -> None:
    recording = simulate(opening_and_shutting(2.0), RIGS["mouth"], noise="none")
    found = ahead("jaw", recording, "neutral", calibration_s=5.0)
    # 30 ms at one opening a second, on one of 28 channels; the last two frames have no truth beside.
    assert found.hold_mae == pytest.approx(0.03 / 28, rel=0.05)
    assert found.ratio < 0.45  # of a jaw's change, two thirds are expected to go on
    assert np.isnan(found.lids_ratio)


def test_lids_are_told_apart_where_they_are_sensed() -> None:
    found = ahead("take", sensed(seconds=12.0), "neutral", calibration_s=5.0, label="rest")
    assert (found.model, found.rig) == ("rest", "mouth+eyes")
    assert np.isfinite(found.lids_ratio)


def test_where_nothing_is_sensed_nothing_is_foreseen() -> None:
    with pytest.raises(RecordingError, match="nothing sensed"):
        ahead("take", sensed("none", seconds=8.0), "neutral", calibration_s=5.0)
    with pytest.raises(RecordingError, match="record longer"):
        ahead("take", sensed(seconds=4.0), "neutral", calibration_s=5.0)

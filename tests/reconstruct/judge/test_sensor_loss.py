from __future__ import annotations

import pytest

from unvisor.headset.errors import RecordingError
from unvisor.reconstruct.judge.sensor_loss import sensor_losses, without_sensor

from ..faces import capture, sensed


def test_a_silent_sensor_falls_out_and_comes_back() -> None:
    recording = sensed()
    cut = without_sensor(recording, "eyes", lost=(0.4, 0.6))
    before, after = recording.streams["eyes"], cut.streams["eyes"]
    assert 0.75 < len(after.time_ns) / len(before.time_ns) < 0.85
    assert after.time_ns[-1] == before.time_ns[-1]
    assert len(cut.streams["mouth"].time_ns) == len(recording.streams["mouth"].time_ns)
    frames = {f.time_ns: f for f in cut.frames()}
    middle = sorted(frames)[len(frames) // 2]
    assert frames[middle].eyes is None


def test_a_lost_sensor_leaves_the_smaller_rig_and_no_step() -> None:
    found = sensor_losses("take", sensed(), "robust", calibration_s=20.0)
    assert [loss.source for loss in found] == ["mouth", "eyes"]
    for loss in found:
        assert loss.ratio == pytest.approx(1.0, abs=0.25)
        assert loss.step < 0.15
        assert loss.recovery_s < 0.5


def test_a_capture_without_sensors_has_none_to_lose() -> None:
    with pytest.raises(RecordingError, match="no known rig"):
        sensor_losses("take", capture(), "robust", calibration_s=20.0)


def test_a_take_too_short_to_be_calibrated_first_loses_nothing() -> None:
    assert not sensor_losses("take", sensed(seconds=12.0), "robust", calibration_s=8.0)

"""No camera is plugged in here: a film stands in for one behind OpenCV, up to the driver's door."""

from __future__ import annotations

from pathlib import Path
from threading import active_count

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.sensors.camera.plug import MOUTH, MouthCameraSettings
from unvisor.headset.sensors.camera.reader import CameraReader
from unvisor.headset.sensors.camera.uvc import Asked, grey, pictures, taken_ns
from unvisor.headset.sensors.camera.view import View

from .pictures import brightness, film, flat, read_until

LEVELS = [20, 60, 100, 140]


def test_pictures_are_decoded_and_the_end_is_as_if_unplugged(tmp_path: Path) -> None:
    path = tmp_path / "camera.avi"
    film(path, [flat(level) for level in LEVELS], 30)
    reading = pictures(str(path), Asked(rate_hz=60.0, width=640))
    for level in LEVELS:
        picture = next(reading)
        assert picture is not None
        assert picture.grey().shape == (32, 48)
        assert abs(float(picture.grey().mean()) - level) < 2
        assert picture.received_ns >= picture.time_ns
    with pytest.raises(
        SensorError, match=r"camera .*camera\.avi: gone: plug it in again; if an app"
    ):
        next(reading)


def test_a_camera_that_comes_back_is_opened_again(tmp_path: Path) -> None:
    threads = active_count()
    path = tmp_path / "camera.avi"
    camera = CameraReader(
        lambda: pictures(str(path), Asked()), {"mouth": View()}, first_pause_s=0.05
    )
    with camera:
        read_until(camera, lambda _, health: "nor a file" in health.note)
        film(path, [flat(level) for level in LEVELS], 30)
        images = read_until(camera, lambda images, _: len(images) > 2 * len(LEVELS))
        assert set(brightness(images)) <= set(LEVELS)
    assert active_count() == threads


@pytest.mark.parametrize("device", ["63", "No Such Webcam"])
def test_a_camera_that_is_not_there_is_told(device: str) -> None:
    with MOUTH.make(MouthCameraSettings(device=device)) as camera:
        read_until(camera, lambda _, health: bool(health.note))
        health = camera.health()
    assert health.state == "waiting"
    assert f"camera {device}: " in health.note
    assert health.remedy


def test_brightness_of_colours() -> None:
    colours = np.full((4, 6, 3), (50, 100, 200), np.uint8)  # blue, green, red
    assert abs(float(grey(colours).mean()) - (0.114 * 50 + 0.587 * 100 + 0.299 * 200)) < 1
    assert grey(flat(7)) is not None
    with pytest.raises(SensorError, match="2 channels"):
        grey(np.zeros((4, 6, 2), np.uint8))
    with pytest.raises(SensorError, match="a picture of 3000 x 4"):
        grey(np.zeros((4, 3000, 3), np.uint8))


@pytest.mark.parametrize(
    ("position_ms", "taken"),
    [
        (99_980.0, 99_980_000_000),  # the driver's own time, on our clock
        (100_000.1, 100_000_000_000),  # in the future: another clock
        (1200.0, 100_000_000_000),  # since the start: not said
        (0.0, 100_000_000_000),
    ],
)
def test_when_a_picture_was_taken(position_ms: float, taken: int) -> None:
    assert taken_ns(position_ms, 100_000_000_000) == taken

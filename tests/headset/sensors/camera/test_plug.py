from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unvisor.headset import settings
from unvisor.headset.errors import SensorError, UnvisorError
from unvisor.headset.frame import Reader
from unvisor.headset.plug import READER_PLUGS
from unvisor.headset.sensors.camera.plug import (
    EYES,
    LEFT_EYE,
    MOUTH,
    CameraSettings,
    EyesCameraSettings,
)
from unvisor.headset.sensors.camera.plug import MouthCameraSettings as Mouth

from .pictures import brightness, flat, read_until

NAMES = ("mouth-camera", "left-eye-camera", "right-eye-camera", "eyes-camera")


@pytest.mark.parametrize("name", NAMES)
def test_a_camera_is_opened_only_when_named(name: str) -> None:
    plug = READER_PLUGS.load(name)
    assert not plug.by_default
    assert plug.parse is None
    with pytest.raises(SensorError, match=r"no device: set device to a number"):
        plug.make(plug.settings())
    assert isinstance(plug.make(plug.settings(device="0")), Reader)


def test_all_of_it_can_be_said_on_the_command_line() -> None:
    words = (
        "device=http://10.0.0.7:81/stream,crop=1:2:30:40,rotate=270,flip=both,rate_hz=60,loop=true"
    )
    assert settings.from_words(MOUTH, words, None) == Mouth(
        device="http://10.0.0.7:81/stream",
        crop="1:2:30:40",
        rotate=270,
        flip="both",
        rate_hz=60.0,
        loop=True,
    )
    for wrong in ("rotate=45", "flip=sideways", "width=9000", "rate_hz=-1"):
        with pytest.raises(UnvisorError):
            settings.from_words(MOUTH, wrong, None)


def test_what_cannot_be_is_said_when_it_is_named() -> None:
    with pytest.raises(SensorError, match="write x,y,w,h"):
        MOUTH.make(Mouth(device="0", crop="all"))
    with pytest.raises(SensorError, match="no eye camera"):
        LEFT_EYE.make(CameraSettings(device="vive"))


def test_one_picture_of_both_eyes_is_two_images_of_one_time(tmp_path: Path) -> None:
    both = np.hstack([flat(40, 24), flat(200, 24), flat(120, 24)])
    Image.fromarray(both).save(tmp_path / "0.png")
    chosen = EyesCameraSettings(device=str(tmp_path), crop="0,0,48,32", rotate=90, left_eye="right")
    with EYES.make(chosen) as camera:
        images = read_until(camera, lambda _, health: "to its end" in health.note)
    assert [one.camera for one in images] == ["left_eye", "right_eye"]
    assert brightness(images) == [200, 40]
    assert [one.image.shape for one in images] == [(24, 32)] * 2
    assert images[0].time_ns == images[1].time_ns


def test_a_crop_outside_the_picture_is_told_while_it_lasts(tmp_path: Path) -> None:
    for index in range(20):
        Image.fromarray(flat(100)).save(tmp_path / f"{index}.png")
    chosen = Mouth(device=str(tmp_path), crop="40,0,9,9", loop=True)
    with MOUTH.make(chosen) as camera:
        read_until(camera, lambda _, health: health.dropped >= 2)
        health = camera.health()
    assert health.state == "waiting"
    assert health.note == "crop 40,0,9,9 reaches beyond a picture of 48 x 32"
    assert health.remedy == "correct crop"

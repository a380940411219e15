from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.sensors.camera import linux as camera_linux
from unvisor.headset.sensors.camera.linux import ExtensionUnit

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere: Linux alone shows cameras so"
)


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Two cameras as sysfs shows them, one of them HTC's and with a second node."""
    folder = tmp_path / "video4linux"
    for node, name, index, device in (
        (10, "HTC Multimedia Camera", 0, "htc"),
        (11, "HTC Multimedia Camera", 1, "htc"),
        (2, "HD Webcam", 0, "webcam"),
    ):
        place = folder / f"video{node}"
        place.mkdir(parents=True)
        (place / "name").write_text(f"{name}\n")
        (place / "index").write_text(f"{index}\n")
        interface = tmp_path / device / "1-1:1.0"
        interface.mkdir(parents=True, exist_ok=True)
        (place / "device").symlink_to(interface)
    (tmp_path / "htc" / "idVendor").write_text("0bb4\n")
    (tmp_path / "htc" / "idProduct").write_text("0321\n")
    (folder / "v4l-subdev0").mkdir()
    return folder


@linux
def test_cameras_by_name_and_by_usb(shown: Path) -> None:
    assert camera_linux.names(shown) == {2: "HD Webcam", 10: "HTC Multimedia Camera"}
    assert camera_linux.of_usb(0x0BB4, 0x0321, shown) == 10
    assert camera_linux.of_usb(0x0BB4, 0x0322, shown) is None


def test_where_no_cameras_are_shown(tmp_path: Path) -> None:
    assert camera_linux.names(tmp_path / "nothing") == {}
    assert camera_linux.of_usb(0x0BB4, 0x0321, tmp_path / "nothing") is None


def test_a_number_of_a_device() -> None:
    assert camera_linux.number_of("0") == 0
    assert camera_linux.number_of("No Such Webcam") is None
    assert camera_linux.number_of("²") is None
    assert camera_linux.number_of("99999999999") is None
    if sys.platform == "linux":
        assert camera_linux.number_of("/dev/video7") == 7
        assert camera_linux.number_of("/dev/null") is None


@linux
def test_who_else_has_a_device(tmp_path: Path) -> None:
    path = tmp_path / "video0"
    path.write_text("")
    assert camera_linux.holder(str(path)) is None
    with path.open() as file:
        assert camera_linux.holder(str(path)) is None  # we ourselves are no other
        with subprocess.Popen(["sleep", "60"], stdin=file) as other:
            holder = camera_linux.holder(str(path))
            other.kill()
    assert holder == f"sleep (pid {other.pid})"
    assert camera_linux.holder(str(tmp_path / "gone")) is None


@linux
def test_a_query_is_packed_as_c_would() -> None:
    asked = camera_linux.query(4, 2, camera_linux.GET_LEN, 384, 0x1122334455667788)
    if struct.calcsize("P") == 8:
        assert asked.hex() == "04028500" + "8001" + "0000" + "8877665544332211"


@linux
def test_what_is_no_camera_refuses(tmp_path: Path) -> None:
    with ExtensionUnit(os.devnull, 4, 2) as unit:
        for ask in (unit.length_bytes, lambda: unit.get(384), lambda: unit.set(bytes(384))):
            with pytest.raises(SensorError, match="/dev/null: refuses its extension unit"):
                ask()
    with (
        pytest.raises(SensorError, match="cannot be opened"),
        ExtensionUnit(str(tmp_path / "x"), 4, 2),
    ):
        pass

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unvisor.headset.errors import SensorError
from unvisor.headset.sensors.camera.jpeg import grey, grey_file

from ..hostile import MANY, mutated
from .pictures import flat, jpeg, noise


def test_a_grey_and_a_coloured_one() -> None:
    image = noise(1)
    decoded = grey(jpeg(image, quality=100))
    assert decoded.shape == image.shape
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - image).max() <= 2
    out = BytesIO()
    Image.new("RGB", (40, 30), (200, 100, 50)).save(out, "JPEG", quality=95)
    luma = 0.299 * 200 + 0.587 * 100 + 0.114 * 50  # JFIF's
    assert grey(out.getvalue()).shape == (30, 40)
    assert abs(float(grey(out.getvalue()).mean()) - luma) < 1.5


def test_what_follows_the_end_is_ignored() -> None:
    assert (grey(jpeg(flat(90)) + b"\r\n--") == grey(jpeg(flat(90)))).all()


def resized(encoded: bytes, width: int, height: int) -> bytes:
    """Say another size in a JPEG's header."""
    at = encoded.index(b"\xff\xc0") + 5
    return encoded[:at] + struct.pack(">HH", height, width) + encoded[at + 4 :]


@pytest.mark.parametrize(
    ("encoded", "says"),
    [
        (b"", "not a whole picture"),
        (b"\xff\xd8\xff", "not a whole picture"),
        (jpeg(noise(2))[:3000], "not a whole picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "not a whole picture"),
        (b"GIF89a" + bytes(60), "not a whole picture"),
        (jpeg(flat(9, 2049, 16)), "a picture of 2049 x 16"),
        (resized(jpeg(flat(9)), 65_000, 65_000), "a picture of 65000 x 65000"),
        (resized(jpeg(flat(9)), 0, 32), "picture"),
        (jpeg(noise(3), progressive=True), "progressive"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(encoded: bytes, says: str) -> None:
    with pytest.raises(SensorError, match=says):
        grey(encoded)


def test_the_largest_that_is_taken() -> None:
    assert grey(jpeg(flat(60, 2048, 2048))).shape == (2048, 2048)


def test_fuzz_pictures() -> None:
    good = [
        jpeg(noise(4, 24, 16)),
        jpeg(flat(120, 32, 32)),
        jpeg(flat(9, 16, 16), progressive=True),
    ]
    readable = 0
    for encoded in mutated(good, seed=1):
        try:
            image = grey(encoded)
        except SensorError:
            continue
        assert max(image.shape) <= 2048
        readable += 1
    assert MANY // 10 < readable < MANY


@pytest.mark.parametrize("end", ["jpg", "JPEG", "png", "bmp", "pgm"])
def test_files_of_each_kind(tmp_path: Path, end: str) -> None:
    path = tmp_path / f"one.{end}"
    path.write_bytes(b"")
    Image.fromarray(flat(80)).save(path, {"jpg": "JPEG", "pgm": "PPM"}.get(end, end.upper()))
    assert abs(int(grey_file(path)[5, 5]) - 80) <= 1


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    with pytest.raises(SensorError, match=r"one\.png: cannot be read \(No such file"):
        grey_file(path)
    path.write_text("not a picture")
    with pytest.raises(SensorError, match=r"one\.png: not a whole picture"):
        grey_file(path)
    Image.fromarray(np.full((4, 4), 60_000, np.uint16)).save(path)
    with pytest.raises(SensorError, match="store it with 8 bits a channel"):
        grey_file(path)
    with path.open("wb") as file:
        file.truncate(1 << 25)
    with pytest.raises(SensorError, match="too large"):
        grey_file(path)

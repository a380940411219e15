from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import active_count

import numpy as np
import pytest
from PIL import Image

from unvisor.headset.clock import NS_PER_MS
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import ImageSample
from unvisor.headset.sensors.camera import files as camera_files
from unvisor.headset.sensors.camera.plug import MOUTH, MouthCameraSettings

from .pictures import brightness, film, flat, read_until

LEVELS = [20, 60, 100, 140, 180, 220]


def all_shown(images: Sequence[ImageSample], dropped: int, step_ms: float) -> int:
    """Return how many pictures played, having seen that each shown stands at its own time.

    On a busy machine some are late and let go, which is counted.
    """
    order = np.array([LEVELS.index(level) for level in brightness(images)])
    steps = np.diff([one.time_ns for one in images]) / (step_ms * NS_PER_MS)
    assert np.abs(steps - np.rint(steps)).max(initial=0.0) < 0.01
    assert (steps > 0.5).all()
    assert ((np.rint(steps) - np.diff(order)) % len(LEVELS) == 0).all()
    assert all(one.received_ns >= one.time_ns for one in images)
    return len(images) + dropped


def write_folder(folder: Path) -> None:
    for index, level in enumerate(LEVELS):
        Image.fromarray(flat(level)).save(folder / f"eye_{index + 7}.png")  # 7 … 12: not by letters
    (folder / "notes.txt").write_text("not an image")


def test_a_folder_plays_in_order_at_its_rate_once(tmp_path: Path) -> None:
    write_folder(tmp_path)
    threads = active_count()
    with MOUTH.make(MouthCameraSettings(device=str(tmp_path), rate_hz=50)) as camera:
        images = read_until(camera, lambda _, health: "to its end" in health.note)
    assert active_count() == threads
    assert all_shown(images, camera.health().dropped, 20) == len(LEVELS)


def test_a_folder_may_begin_again(tmp_path: Path) -> None:
    write_folder(tmp_path)
    settings = MouthCameraSettings(device=str(tmp_path), rate_hz=100, loop=True)
    with MOUTH.make(settings) as camera:
        images = read_until(camera, lambda images, _: len(images) >= 13)
    assert all_shown(images, camera.health().dropped, 10) >= 13


def test_an_image_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "eye_9.png").write_bytes(b"\x89PNG but no more")
    with MOUTH.make(MouthCameraSettings(device=str(tmp_path), rate_hz=50)) as camera:
        images = read_until(camera, lambda _, health: "to its end" in health.note)
    assert all_shown(images, camera.health().dropped, 20) == len(LEVELS)
    assert 100 not in brightness(images)


@pytest.mark.parametrize(("end", "codec"), [("avi", "mjpeg"), ("mp4", "mpeg4")])
def test_a_film_plays_at_its_own_times(tmp_path: Path, end: str, codec: str) -> None:
    path = tmp_path / f"mouth.{end}"
    film(path, [flat(level) for level in LEVELS], 25, codec)
    with MOUTH.make(MouthCameraSettings(device=str(path))) as camera:
        images = read_until(camera, lambda _, health: "to its end" in health.note)
    assert all_shown(images, camera.health().dropped, 40) == len(LEVELS)
    assert images[0].image.shape == (32, 48)


def test_a_film_at_another_rate_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "mouth.avi"
    film(path, [flat(level) for level in LEVELS], 5)
    settings = MouthCameraSettings(device=str(path), rate_hz=100, loop=True)
    with MOUTH.make(settings) as camera:
        images = read_until(camera, lambda images, _: len(images) >= 8)
    assert all_shown(images, camera.health().dropped, 10) >= 8


def test_what_cannot_be_played(tmp_path: Path) -> None:
    with pytest.raises(SensorError, match="holds no images"):
        next(camera_files.folder(tmp_path, rate_hz=0, loop=True))
    path = tmp_path / "mouth.mp4"
    with pytest.raises(SensorError, match="cannot be read"):
        next(camera_files.folder(path, rate_hz=0, loop=True))
    path.write_text("no film")
    with pytest.raises(SensorError, match=r"mouth\.mp4: not a film"):
        next(camera_files.film(path, rate_hz=0, loop=True))
    film(path, [flat(20, 2050, 16)], 25, "mpeg4")
    with pytest.raises(SensorError, match="2050 x 16"):
        next(camera_files.film(path, rate_hz=0, loop=True))


def test_a_film_that_lists_others_reads_none_of_them(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(SensorError, match=r"list\.m3u8"):
        next(camera_files.film(path, rate_hz=0, loop=False))

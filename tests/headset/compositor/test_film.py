from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from unvisor.headset.compositor.film import Film
from unvisor.headset.errors import OutputError

SIZE = (96, 64)


def grey(level: int) -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


def test_a_film_holds_its_frames_in_order_at_its_rate(tmp_path: Path):
    place = tmp_path / "film.mp4"
    with Film(place, SIZE, 25) as film:
        for level in range(0, 250, 10):
            film.add(grey(level))
    with av.open(str(place)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == SIZE
        assert stream.average_rate == 25
        assert stream.codec_context.pix_fmt == "yuv420p"
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(25) / 25)
    levels = [frame.to_ndarray(format="rgb24").mean() for frame in frames]
    assert levels == pytest.approx(np.arange(0, 250, 10), abs=4)


def test_a_timed_film_shows_each_frame_for_as_long_as_it_was_seen(tmp_path: Path):
    place = tmp_path / "film.mp4"
    seen_ms = (5, 38, 60, 400, 411, 411, 900)  # two at once: the second is shown a moment later
    with Film(place, SIZE, 30, timed=True) as film:
        for number, at_ms in enumerate(seen_ms):
            film.add(grey(30 * number), at_ns=at_ms * 1_000_000)
    with av.open(str(place)) as container:
        frames = list(container.decode(video=0))
    times_ms = [1000 * (frame.time or 0.0) for frame in frames]
    assert times_ms == pytest.approx(np.array(seen_ms) - 5, abs=0.03)
    levels = [frame.to_ndarray(format="rgb24").mean() for frame in frames]
    assert levels == pytest.approx(np.arange(0, 210, 30), abs=4)


def test_opacity_is_passed_over(tmp_path: Path):
    place = tmp_path / "film.mp4"
    image = np.dstack([grey(120), np.zeros((SIZE[1], SIZE[0]), np.uint8)])
    with Film(place, SIZE, 30) as film:
        film.add(image)
    with av.open(str(place)) as container:
        frame = next(container.decode(video=0))
    assert frame.to_ndarray(format="rgb24").mean() == pytest.approx(120, abs=4)


def test_colours_survive(tmp_path: Path):
    place = tmp_path / "film.mp4"
    image = grey(0)
    image[:] = (200, 60, 40)
    with Film(place, SIZE, 30) as film:
        film.add(image)
    with av.open(str(place)) as container:
        frame = next(container.decode(video=0))
        assert frame.colorspace == 1  # ITU-R BT.709, as players assume of HD
        back = frame.to_ndarray(format="rgb24", src_colorspace="itu709")
    assert np.abs(back.reshape(-1, 3).mean(axis=0) - (200, 60, 40)).max() < 6


def test_the_index_comes_first_so_that_it_plays_while_it_loads(tmp_path: Path):
    place = tmp_path / "film.mp4"
    with Film(place, SIZE, 30) as film:
        film.add(grey(9))
    content = place.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_an_unfinished_film_leaves_the_old_one(tmp_path: Path):
    place = tmp_path / "film.mp4"
    place.write_bytes(b"before")
    with suppress(OutputError), Film(place, SIZE, 30) as film:
        film.add(grey(9))
        film.add(np.zeros((8, 8, 3), np.uint8))
    assert place.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [place]


@contextmanager
def no_file_beyond(size: int) -> Generator[None]:
    """Have the system refuse to let any file grow past a size, as a full disk does."""
    resource: Any = import_module("resource")  # unknown to a type checker that thinks of Windows
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: a limit on files is POSIX's")
def test_a_disk_that_fills_up_with_the_last_frames_leaves_no_draft(tmp_path: Path):
    place = tmp_path / "film.mp4"
    place.write_bytes(b"before")
    film = Film(place, (640, 480), 30).__enter__()
    rng = np.random.default_rng(3)
    for _ in range(3):  # the encoder looks ahead: all are written at the end, 100 kB and more each
        film.add(rng.integers(0, 256, (480, 640, 3)).astype(np.uint8))
    with no_file_beyond(64), pytest.raises(OutputError, match=r"film\.mp4: cannot be written"):
        film.__exit__(None, None, None)
    assert place.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [place]


def test_what_cannot_be_written_is_said(tmp_path: Path):
    with pytest.raises(OutputError, match="even size"):
        Film(tmp_path / "film.mp4", (95, 64), 30)
    with pytest.raises(OutputError, match="no folder"), Film(tmp_path / "a" / "b.mp4", SIZE, 30):
        pass
    with (
        pytest.raises(OutputError, match=r"frame 0 is \(8, 8, 3\)"),
        Film(tmp_path / "film.mp4", SIZE, 30) as film,
    ):
        film.add(np.zeros((8, 8, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []

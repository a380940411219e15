"""Filming with real OpenGL, a real encoder in a process of its own, and files that are opened again."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.context import Context, GlReport
from unvisor.headset.compositor.filming import Filming, film_size
from unvisor.headset.compositor.filming_child import filmable
from unvisor.headset.compositor.mirror import Mirror
from unvisor.headset.compositor.readback import RING
from unvisor.headset.compositor.window_stage import WindowStage
from unvisor.headset.errors import OutputError

from ...testbed.child import Child, say
from .test_film import no_file_beyond

pytestmark = pytest.mark.gl

Pixels = NDArray[np.uint8]

EYE = (160, 120)
LARGE = (640, 480)  # a picture of which no pipe holds
MS = 1_000_000
COLOURS = ((230, 40, 40), (40, 200, 60), (50, 60, 220), (240, 240, 240))


def flat(colour: tuple[int, int, int], size: tuple[int, int]) -> Callable[[int], None]:
    """Return what fills a picture with sRGB, its lower left quarter black."""
    width, height = size
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[:] = (*colour, 255)
    pixels[: height // 2, : width // 2, :3] = 0  # OpenGL's first row is the lowest

    def draw(texture: int) -> None:
        api = gl.api()
        api.glBindTexture(api.GL_TEXTURE_2D, texture)
        api.glTexSubImage2D(
            api.GL_TEXTURE_2D, 0, 0, 0, width, height, api.GL_RGBA, api.GL_UNSIGNED_BYTE, pixels
        )

    return draw


def decoded(place: Path) -> tuple[list[float], Sequence[Pixels]]:
    with av.open(str(place)) as film:
        frames = list(film.decode(video=0))
    return (
        [float(frame.time or 0.0) for frame in frames],
        [
            frame.to_ndarray(format="rgb24", src_colorspace="itu709").astype(np.uint8)
            for frame in frames
        ],
    )


def assert_shows(picture: Pixels, colour: tuple[int, int, int], atol: int) -> None:
    height, width, _ = picture.shape
    for row, column, wanted in (
        (10, 10, colour), (10, width - 10, colour), (height - 10, width - 10, colour),
        (height - 10, 10, (0, 0, 0)),
    ):  # fmt: skip
        np.testing.assert_allclose(picture[row, column].astype(int), wanted, atol=atol)


def test_frames_are_shown_when_they_were_seen(drawing: GlReport, tmp_path: Path):
    place = tmp_path / "seen.mp4"
    times_ms = (1000, 1040, 1200, 1251)
    with Context(), Filming(place, EYE) as filming:
        taken = [
            filming.take(flat(colour, EYE), at_ms * MS)
            for colour, at_ms in zip(COLOURS, times_ms, strict=True)
        ]
    assert taken == [True] * 4
    times_s, pictures = decoded(place)
    assert times_s == pytest.approx([0.0, 0.040, 0.200, 0.251], abs=2e-5)
    for picture, colour in zip(pictures, COLOURS, strict=True):
        assert_shows(picture, colour, atol=8)


def test_a_frame_that_comes_too_soon_is_not_drawn(drawing: GlReport, tmp_path: Path):
    drawn: list[int] = []
    with Context(), Filming(tmp_path / "rate.mp4", EYE, rate_hz=25) as filming:
        taken = [filming.take(drawn.append, at_ms * MS) for at_ms in (0, 20, 39, 41, 79, 80)]
    assert taken == [True, False, False, True, False, True]
    assert len(drawn) == 3


def test_a_scene_is_filmed_on_a_stage_without_a_screen(
    drawing: GlReport, ball: Avatar, tmp_path: Path
):
    place = tmp_path / "scene.mp4"
    with Context(), WindowStage(size=EYE, headless=True, rate_hz=20) as stage:
        scene = Mirror(
            ball,
            lambda: None,
            size=stage.size,
            image_format=stage.image_format,
            head=stage.head,
            samples=1,
        )
        with Filming(place, stage.size) as filming:
            for _ in range(6):
                beat = stage.wait()
                stage.show(beat, scene)
                filming.take(
                    lambda texture: scene.resolve(0, texture, filming.size, filming.image_format),
                    beat.display_ns,
                )
            frames = filming.frames
        scene.close()
        assert stage.drawn == 6
    times_s, pictures = decoded(place)
    assert frames - 2 <= len(pictures) <= frames  # the encoder starts meanwhile
    assert 0.19 <= times_s[-1] - times_s[0] <= 1.5
    last = pictures[-1].astype(int)
    corner, middle = last[5, 5], last[EYE[1] // 2 + 25, EYE[0] // 2]
    assert np.abs(corner - middle).max() > 40  # a lit ball before a dark room
    assert corner.max() < 60


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: stopping a process is POSIX's")
def test_an_encoder_that_stands_still_holds_up_no_frame(drawing: GlReport, tmp_path: Path):
    place = tmp_path / "behind.mp4"
    with Context(), Filming(place, LARGE) as filming:
        signals: Any = import_module("signal")  # unknown to a type checker that thinks of Windows
        os.kill(filming.pid, signals.SIGSTOP)
        try:
            taken = [filming.take(flat(COLOURS[0], LARGE), n * 40 * MS) for n in range(20)]
        finally:
            os.kill(filming.pid, signals.SIGCONT)
        frames = filming.frames
        assert sum(taken) == frames == RING
        assert filming.dropped == 20 - frames
    assert len(decoded(place)[0]) == frames


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: these signals are POSIX's")
def test_a_closed_terminal_and_a_stopping_service_leave_a_film_whole(
    drawing: GlReport, tmp_path: Path
):
    place = tmp_path / "asked.mp4"
    signals: Any = import_module("signal")  # unknown to a type checker that thinks of Windows
    with Context(), Filming(place, EYE) as filming:
        assert filming.take(flat(COLOURS[0], EYE), 0)
        while filming.under_way:  # until the encoder has read it, it may be no further than Python
            time.sleep(0.01)
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)
        for number in (signals.SIGHUP, signals.SIGTERM, signals.SIGINT):
            os.kill(filming.pid, number)
        assert filming.take(flat(COLOURS[1], EYE), 40 * MS)
    assert filming.trouble == ""
    _, pictures = decoded(place)
    for picture, colour in zip(pictures, COLOURS[:2], strict=True):
        assert_shows(picture, colour, atol=8)


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: a limit on files is POSIX's")
def test_a_full_disk_is_one_line_and_drawing_goes_on(
    drawing: GlReport, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with Context():
        with no_file_beyond(0):
            filming = Filming(tmp_path / "full.mp4", EYE)
        with filming:
            at_ns = until(filming, lambda: bool(filming.trouble))
            assert "full.mp4: cannot be written" in filming.trouble
            assert not filming.take(flat(COLOURS[0], EYE), at_ns + 100 * MS)
        gl.check("drawing after a film that failed")
    assert [record.getMessage() for record in caplog.records] == [f"film: {filming.trouble}"]
    assert list(tmp_path.iterdir()) == []


def until(filming: Filming, happened: Callable[[], bool], *, within_s: float = 20.0) -> int:
    """Film until something has happened; return the last frame's time."""
    at_ns, give_up = 0, time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < give_up
        at_ns += 40 * MS
        filming.take(flat(COLOURS[0], filming.size), at_ns)
        time.sleep(0.005)
    return at_ns


def hold_on(place: str) -> None:
    """Film, and be killed."""
    context, path = Context(), Path(place)
    filming = Filming(path, EYE)
    for number, colour in enumerate(COLOURS):
        assert filming.take(flat(colour, EYE), number * 40 * MS)
    while filming.under_way:
        time.sleep(0.01)
    say("filmed")
    sys.stdin.readline()
    context.close()


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: SIGKILL is POSIX's")
def test_a_film_is_whole_though_whoever_filmed_was_killed(drawing: GlReport, tmp_path: Path):
    place = tmp_path / "killed.mp4"
    python, environment = Path(sys.executable), dict(os.environ)
    with Child(python, hold_on, environment=environment, arguments={"place": str(place)}) as child:
        assert child.line() == "filmed"
        assert not place.exists()
    give_up = time.monotonic() + 20.0
    while not place.exists() and time.monotonic() < give_up:
        time.sleep(0.02)
    _, pictures = decoded(place)
    for picture, colour in zip(pictures, COLOURS, strict=True):
        assert_shows(picture, colour, atol=8)
    assert list(tmp_path.iterdir()) == [place]


def test_of_a_picture_the_last_is_kept(drawing: GlReport, tmp_path: Path):
    place = tmp_path / "seen.png"
    with Context(), Filming(place, EYE) as filming:
        for number, colour in enumerate(COLOURS):
            assert filming.take(flat(colour, EYE), number * 40 * MS)
    with Pillow.open(place) as last:
        assert last.mode == "RGB"
        assert_shows(np.asarray(last), COLOURS[3], atol=0)


def test_nothing_filmed_is_no_file(drawing: GlReport, tmp_path: Path):
    for name in ("none.mp4", "none.png"):
        with Context(), Filming(tmp_path / name, EYE) as filming:
            assert filming.frames == 0
        assert filming.trouble == ""
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_filmed_to_is_refused_at_once(tmp_path: Path):
    with pytest.raises(OutputError, match=r"neither \.mp4 nor \.png"):
        filmable(tmp_path / "film.avi")
    with pytest.raises(OutputError, match="no folder"):
        filmable(tmp_path / "a" / "film.mp4")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        filmable(tmp_path / "folder.mp4")


def test_a_film_is_even_and_no_larger_than_what_is_seen():
    assert film_size((2064, 2208), 720) == (674, 720)
    assert film_size((320, 241), 720) == (320, 240)
    assert film_size((1, 1000), 720) == (2, 720)

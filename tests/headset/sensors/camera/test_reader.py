from __future__ import annotations

from collections.abc import Callable, Generator
from threading import Event, active_count

import pytest

from unvisor.headset.clock import now_ns
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import Bytes, ImageSample
from unvisor.headset.sensors.camera.picture import Picture
from unvisor.headset.sensors.camera.reader import Camera, CameraReader
from unvisor.headset.sensors.camera.view import View

from .pictures import brightness, flat, read_until


def shown(grey: Callable[[], Bytes], skipped: int = 0) -> Picture:
    at_ns = now_ns()
    return Picture(time_ns=at_ns, received_ns=at_ns, grey=grey, skipped=skipped)


def broken() -> Bytes:
    raise SensorError("not a whole picture: check the cable")


class Webcam:
    """A camera of the test's own: it gives what it is handed, and can be pulled out."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self.ready: list[Picture] = []
        self.unplugged = Event()

    def pictures(self) -> Generator[Picture | None]:
        if self.unplugged.is_set():
            raise SensorError("camera: cannot be opened: plug it in")
        self.opened += 1
        try:
            while True:
                if self.unplugged.wait(0.002):
                    raise SensorError("camera: gone: plug it in again")
                yield self.ready.pop(0) if self.ready else None
        finally:
            self.closed += 1

    def reader(self) -> CameraReader:
        views: dict[Camera, View] = {"mouth": View()}
        return CameraReader(self.pictures, views, first_pause_s=0.01, longest_pause_s=0.02)


def test_nothing_is_opened_before_it_is_entered_and_all_is_closed_after() -> None:
    threads = active_count()
    camera = Webcam()
    reader = camera.reader()
    assert camera.opened == 0
    for _ in range(2):
        with reader:
            camera.ready.append(shown(lambda: flat(120)))
            assert brightness(read_until(reader, lambda images, _: len(images) == 1)) == [120]
        assert active_count() == threads
    assert camera.opened == camera.closed == 2
    assert reader.read() == []


def test_of_many_the_newest_few_are_kept_and_the_rest_counted() -> None:
    camera = Webcam()
    camera.ready = [shown(lambda level=10 * index: flat(level)) for index in range(20)]
    with camera.reader() as reader:
        while camera.ready or reader.health().dropped < 16:
            Event().wait(0.005)
        kept = [one for one in reader.read() if isinstance(one, ImageSample)]
        assert brightness(kept) == [160, 170, 180, 190]
        assert reader.health().dropped == 16


def test_broken_and_skipped_pictures_are_counted_and_the_next_is_shown() -> None:
    camera = Webcam()
    with camera.reader() as reader:
        camera.ready = [shown(broken), shown(broken)]
        read_until(reader, lambda _, health: health.dropped == 2)
        assert reader.health().note == "not a whole picture"
        assert reader.health().remedy == "check the cable"
        camera.ready.append(shown(lambda: flat(50), skipped=3))
        read_until(reader, lambda images, _: len(images) == 1)
        assert reader.health().dropped == 5
        assert reader.health().note == ""
    assert camera.opened == 1


def test_unplugged_it_says_so_and_returns_by_itself() -> None:
    camera = Webcam()
    with camera.reader() as reader:
        for turn in range(3):
            camera.ready.append(shown(lambda: flat(50)))
            read_until(reader, lambda images, _: len(images) == 1)
            camera.unplugged.set()
            read_until(reader, lambda _, health: health.note == "camera: cannot be opened")
            assert reader.read() == []
            assert camera.opened == camera.closed == turn + 1
            camera.unplugged.clear()


@pytest.mark.parametrize("plugged", [True, False])
def test_it_closes_while_nothing_comes(plugged: bool) -> None:
    threads = active_count()
    camera = Webcam()
    if not plugged:
        camera.unplugged.set()
    with camera.reader() as reader:
        read_until(reader, lambda _, health: camera.opened > 0 or health.note != "")
        assert reader.health().state == "waiting"
        assert reader.health().remedy
    assert active_count() == threads
    assert camera.opened == camera.closed == int(plugged)

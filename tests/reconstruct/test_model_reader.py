from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tests.reconstruct.cameras.brought_models import EYE, MOUTH, affine, brought, image
from unvisor.headset.clock import NS_PER_S, now_ns
from unvisor.headset.frame import EyeSample, FaceSample, Health, ImageSample, Reader, Sample
from unvisor.headset.meter import Meter
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.reconstruct.cameras.camera_model import CameraModel
from unvisor.reconstruct.model_reader import ModelReader

PATIENCE_S = 20.0
JAW = UNIFIED_INDEX["JawOpen"]


class Pictures:
    """A camera that gives the pictures handed to it."""

    def __init__(self) -> None:
        self.waiting: list[Sample] = []
        self.opened = 0
        self.state_health: Health | None = None
        self._meter = Meter()

    def __enter__(self) -> Self:
        self.opened += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.opened -= 1

    def show(self, grey: int, time_ns: int, camera: str = "mouth") -> ImageSample:
        self.waiting.append(image(np.full((40, 60), grey, np.uint8), camera, time_ns))
        self._meter.tick(now_ns())
        shown = self.waiting[-1]
        assert isinstance(shown, ImageSample)
        return shown

    def read(self) -> Sequence[Sample]:
        given, self.waiting = self.waiting, []
        return given

    def health(self) -> Health:
        return self.state_health or self._meter.health(note="a little dark")


def until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def seen(reader: ModelReader, count: int) -> list[Sample]:
    samples: list[Sample] = []

    def enough() -> bool:
        samples.extend(s for s in reader.read() if not isinstance(s, ImageSample))
        return len(samples) >= count

    until(enough)
    return samples


def mouth_model(folder: Path, more: str = "", factor: float = 1.0) -> CameraModel:
    path = brought(folder, affine([factor, 1, 1], [0, 0, 0]), more + MOUTH)
    return CameraModel(path, "mouth")


def test_images_pass_on_and_faces_are_added_at_the_images_times(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    camera = Pictures()
    with ModelReader(camera, mouth_model(tmp_path)) as reader:
        assert isinstance(reader, Reader)
        assert reader.health().state == "waiting"
        for step in range(1, 6):
            shown = camera.show(51 * step, step * NS_PER_S)
            assert reader.read()[-1] is shown
            (face,) = seen(reader, 1)
            assert isinstance(face, FaceSample)
            assert face.time_ns == shown.time_ns
            assert face.received_ns > 0
            assert abs(face.weights[JAW] - 0.2 * step) < 1e-6
        health = reader.health()
        assert (health.state, health.dropped, health.note) == ("live", 0, "a little dark")
    assert camera.opened == 0
    assert set(threading.enumerate()) <= threads


def test_of_many_images_the_newest_wins(tmp_path: Path) -> None:
    camera = Pictures()
    with ModelReader(camera, mouth_model(tmp_path)) as reader:
        for step in range(1, 200):
            camera.show(step, step * NS_PER_S)
        assert sum(isinstance(s, ImageSample) for s in reader.read()) == 199
        (face,) = seen(reader, 1)
        assert face.time_ns == 199 * NS_PER_S


def test_images_of_other_cameras_pass_by(tmp_path: Path) -> None:
    camera = Pictures()
    with ModelReader(camera, mouth_model(tmp_path)) as reader:
        camera.show(51, NS_PER_S, "left_eye")
        assert len(reader.read()) == 1
        camera.show(51, 2 * NS_PER_S)
        assert [sample.time_ns for sample in seen(reader, 1)] == [2 * NS_PER_S]


def test_it_runs_no_oftener_than_it_is_to(tmp_path: Path) -> None:
    camera = Pictures()
    with ModelReader(camera, mouth_model(tmp_path, "rate_hz = 30.0\n")) as reader:
        ran: list[int] = []
        start_ns = 10 * NS_PER_S
        for i in range(120):  # two seconds at 60 Hz
            time_ns = start_ns + i * NS_PER_S // 60
            camera.show(51, time_ns)
            reader.read()
            if i % 2 == 0:
                ran.extend(sample.time_ns for sample in seen(reader, 1))
        until(lambda: not [s for s in reader.read() if isinstance(s, FaceSample)])
        assert ran == [start_ns + i * NS_PER_S // 60 for i in range(0, 120, 2)]
        camera.show(51, NS_PER_S)  # a film that begins again
        assert seen(reader, 1)[0].time_ns == NS_PER_S


def test_two_readers_of_one_eye_each_tell_of_both(tmp_path: Path) -> None:
    model = CameraModel(brought(tmp_path, affine([0, 0, 1], [0, 0, 0]), EYE), "eye")
    left, right = Pictures(), Pictures()
    with ModelReader(left, model) as one, ModelReader(right, model) as other:
        left.show(51, NS_PER_S, "left_eye")
        (first,) = seen(one, 1)
        right.show(102, NS_PER_S + 1, "right_eye")
        (second,) = seen(other, 1)
    assert isinstance(first, EyeSample)
    assert isinstance(second, EyeSample)
    assert first.confidence.tolist() == [1.0, 0.0]
    assert second.confidence.tolist() == [1.0, 1.0]


def test_a_model_that_gives_no_numbers_says_so_and_images_go_on(tmp_path: Path) -> None:
    path = brought(tmp_path, affine([0, 0, 0], [np.nan] * 3), MOUTH)
    camera = Pictures()
    with ModelReader(camera, CameraModel(path, "mouth")) as reader:
        camera.show(51, NS_PER_S)
        assert len(reader.read()) == 1
        until(lambda: reader.health().dropped == 1)
        health = reader.health()
        assert health.state == "waiting"
        assert "gives no number that a face has" in health.note
        assert health.remedy == "correct its TOML"
        camera.show(51, 2 * NS_PER_S)
        assert len(reader.read()) == 1


def test_while_the_camera_is_lost_its_own_words_are_told(tmp_path: Path) -> None:
    camera = Pictures()
    camera.state_health = Health(state="lost", note="unplugged", remedy="plug it in")
    with ModelReader(camera, mouth_model(tmp_path)) as reader:
        assert reader.health() == camera.state_health


def test_closed_and_opened_again_it_begins_anew(tmp_path: Path) -> None:
    camera = Pictures()
    reader = ModelReader(camera, mouth_model(tmp_path))
    with reader:
        camera.show(51, NS_PER_S)
        reader.read()
        until(lambda: reader.health().state == "live")
    with reader:
        assert reader.read() == []
        camera.show(102, NS_PER_S)
        reader.read()
        (face,) = seen(reader, 1)
        assert isinstance(face, FaceSample)
        assert abs(face.weights[JAW] - 0.4) < 1e-6

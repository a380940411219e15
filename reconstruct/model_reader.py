"""A camera's reader with a model behind it: its images, and what the model sees in them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from threading import Condition, Thread
from types import TracebackType
from typing import Final, Self

from ..headset.clock import NS_PER_S
from ..headset.errors import ModelError
from ..headset.frame import Health, ImageSample, Reader, Sample
from ..headset.meter import Meter
from .cameras.camera_model import CameraModel

_KEPT: Final = 16  # samples between two reads


class ModelReader:
    """A `Reader` around another, whose images a model looks at.

    The model has its own thread and the newest image of each camera: while it is busy, images pass by
    unseen, and the loop never waits. Readers of two eyes' cameras share one `CameraModel`, and each
    then tells of both eyes.
    """

    def __init__(self, reader: Reader, model: CameraModel) -> None:
        """Prepare; nothing is opened."""
        self._reader = reader
        self._model = model
        self._meter = Meter()
        self._waiting: dict[str, ImageSample] = {}
        self._due_ns: dict[str, int] = {}
        self._seen: deque[Sample] = deque(maxlen=_KEPT)
        self._change = Condition()
        self._stop = False
        self._thread: Thread | None = None
        self._odd = ("", "")

    def __enter__(self) -> Self:
        self._reader.__enter__()
        self._stop, self._odd = False, ("", "")
        self._waiting.clear()
        self._due_ns.clear()
        self._seen.clear()
        self._thread = Thread(target=self._look, daemon=True, name="camera model")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        with self._change:
            self._stop = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join()
        self._thread = None
        self._reader.__exit__(kind, error, trace)

    def read(self) -> Sequence[Sample]:
        """Return what the model saw since the last call, then what the reader gives."""
        samples = self._reader.read()
        with self._change:
            for sample in samples:
                if isinstance(sample, ImageSample) and self._is_due(sample):
                    self._waiting[sample.camera] = sample
            self._change.notify()
        seen: list[Sample] = []
        while self._seen:
            seen.append(self._seen.popleft())
        return [*seen, *samples]

    def health(self) -> Health:
        """Return how the camera is doing; while it lives, how the model is."""
        camera = self._reader.health()
        if camera.state != "live":
            return camera
        note, remedy = self._odd
        model = self._meter.health(note=note, remedy=remedy)
        return replace(
            model,
            dropped=camera.dropped + model.dropped,
            note="; ".join(note for note in (camera.note, model.note) if note),
        )

    def _is_due(self, image: ImageSample) -> bool:
        if image.camera not in self._model.cameras:
            return False
        due_ns = self._due_ns.get(image.camera, image.time_ns)
        period_ns = round(NS_PER_S / self._model.rate_hz)
        # Also after a step back in time, of a film that begins again.
        if 0 < due_ns - image.time_ns <= period_ns:
            return False
        # A period after the last was due, not after it came: else a rate near the camera's is halved.
        on_time = abs(image.time_ns - due_ns) < period_ns
        self._due_ns[image.camera] = (due_ns if on_time else image.time_ns) + period_ns
        return True

    def _look(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._stop or bool(self._waiting))
                if self._stop:
                    return
                images = list(self._waiting.values())
                self._waiting.clear()
            for image in images:
                try:
                    seen = self._model.samples(image)
                except ModelError as error:
                    self._meter.drop()
                    what, _, remedy = str(error).rpartition(": ")
                    self._odd = (what, remedy)
                    continue
                self._odd = ("", "")
                self._seen.extend(seen)
                self._meter.tick(seen[-1].received_ns)

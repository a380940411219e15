"""One camera on a thread of its own: opened, decoded, and opened again when it went away."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import closing
from threading import Event, Thread
from types import TracebackType
from typing import Final, Literal, Self

from ...clock import NS_PER_S, now_ns, seconds
from ...errors import SensorError
from ...frame import Health, ImageSample, Sample
from ...meter import Meter
from .picture import Opened, Picture
from .view import View

Camera = Literal["left_eye", "right_eye", "mouth"]

_KEPT: Final = 4  # between two reads; a camera at 120 Hz brings 2 of them a 90 Hz frame
_SHORTEST_NS: Final = NS_PER_S // 250  # between two pictures: a flood is to cost no more than that
_WELL: Final = ("", "switch the camera on, or close what else reads it")  # told in silence alone
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 5.0
"""Before a camera is tried again: twice as long each time, up to this."""


class CameraReader:
    """Reads a camera.

    The camera's thread opens, waits and decodes; `read` only hands over what lies ready, the newest
    few. Whatever goes wrong there is told by `health`, and tried again by itself.
    """

    def __init__(
        self,
        opened: Opened,
        views: Mapping[Camera, View],
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            opened: Opens the camera.
            views: What its picture shows, and where: one image of each is made of every picture.
            first_pause_s: Before a camera that cannot be opened is tried again,
            longest_pause_s: and the most that this grows to.
        """
        self._opened = opened
        self._views = dict(views)
        self._pauses_s = first_pause_s, longest_pause_s
        self._meter = Meter()
        self._images: deque[Sequence[ImageSample]] = deque(maxlen=_KEPT)
        self._stop = Event()
        self._thread: Thread | None = None
        self._begun_ns = 0
        self._odd = _WELL

    def __enter__(self) -> Self:
        self._stop.clear()
        self._images.clear()
        self._odd = _WELL
        name = f"camera {' '.join(self._views)}"
        self._thread = Thread(target=self._watch, daemon=True, name=name)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def read(self) -> Sequence[Sample]:
        """Return the newest images since the last call, oldest first; never waits or raises."""
        images: list[Sample] = []
        while self._images:
            images += self._images.popleft()
        return images

    def health(self) -> Health:
        """Return how the camera is doing: pictures a second, and those that were let go."""
        note, remedy = self._odd
        return self._meter.health(note=note, remedy=remedy)

    def _watch(self) -> None:
        first_s, longest_s = self._pauses_s
        pause_s = first_s
        while not self._stop.is_set():
            try:
                with closing(self._opened()) as pictures:
                    for picture in pictures:
                        if self._stop.is_set():
                            return
                        if picture is not None and self._take(picture):
                            pause_s = first_s
                self._odd = ("played to its end", "set loop to play it again and again")
                return
            except SensorError as error:
                self._tell(error)
            self._stop.wait(pause_s)
            pause_s = min(2.0 * pause_s, longest_s)

    def _take(self, picture: Picture) -> bool:
        """Decode a picture and keep what it shows; say whether it could be read."""
        begun_ns = now_ns()
        self._meter.drop(picture.skipped)
        try:
            whole = picture.grey()
            images = [
                ImageSample(
                    time_ns=picture.time_ns,
                    received_ns=picture.received_ns,
                    camera=camera,
                    image=view.of(whole),
                )
                for camera, view in self._views.items()
            ]
        except SensorError as error:
            self._meter.drop()
            self._tell(error)
            images = []
        if images:
            if len(self._images) == _KEPT:
                self._meter.drop()  # the oldest goes
            self._images.append(images)
            self._meter.tick(picture.received_ns)
            self._odd = _WELL
        self._rest(begun_ns)
        return bool(images)

    def _rest(self, begun_ns: int) -> None:
        """Wait a little where pictures come in a flood; at a camera's own pace it costs nothing."""
        flooded, self._begun_ns = begun_ns - self._begun_ns < _SHORTEST_NS, begun_ns
        if flooded:
            self._stop.wait(max(0.0, seconds(begun_ns + _SHORTEST_NS - now_ns())))

    def _tell(self, error: SensorError) -> None:
        what, _, remedy = str(error).rpartition(": ")
        self._odd = (what, remedy)

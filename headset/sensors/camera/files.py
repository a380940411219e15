"""Pictures from files in a camera's place: a folder of images, or a film, each at its own time."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...clock import NS_PER_MS, NS_PER_S, now_ns, seconds
from ...errors import SensorError
from ...frame import Bytes
from .picture import Picture, checked_size

RATE_HZ: Final = 30.0
"""Of images in a folder, and of films that do not say."""

_LATE_NS: Final = 100 * NS_PER_MS  # later than this a picture is let go, not played faster
_WAIT_S: Final = 0.2
_DIGITS: Final = re.compile(r"([0-9]+)")


def folder(path: Path, *, rate_hz: float, loop: bool) -> Generator[Picture | None]:
    """Play the images of a folder in the order of their names, numbers as numbers.

    Args:
        path: Holds images, all else in it is ignored.
        rate_hz: Images a second; 0 is `RATE_HZ`.
        loop: Begin again at the end.

    Raises:
        SensorError: It cannot be read, or holds none.
    """
    from .jpeg import FORMATS, grey_file

    try:
        images = sorted(
            (one for one in path.iterdir() if one.suffix.lower() in FORMATS), key=_order
        )
    except OSError as cause:
        raise SensorError(f"{path}: cannot be read ({cause.strerror}): allow it") from cause
    if not images:
        raise SensorError(f"{path}: holds no images: put in {', '.join(FORMATS)}")
    playing = _Playing()
    while True:
        for index, image in enumerate(images):
            at_s = index / (rate_hz or RATE_HZ)
            yield from playing.at(at_s, partial(grey_file, image))
        if not loop:
            return
        playing.again(len(images) / (rate_hz or RATE_HZ))


def film(path: Path, *, rate_hz: float, loop: bool) -> Generator[Picture | None]:
    """Play a film.

    Args:
        path: Anything FFmpeg reads.
        rate_hz: Pictures a second; 0 is as the film says.
        loop: Begin again at the end.

    Raises:
        SensorError: It cannot be read, its pictures are too large, or it has none.
    """
    import av
    from av.error import FFmpegError

    playing = _Playing()
    while True:
        count, at_s, first_s, step_s = 0, 0.0, 0.0, 0.0
        try:
            # Files alone: a film may be a list of others, and those be anywhere.
            container: Any = av.open(str(path), options={"protocol_whitelist": "file"})
            with closing(container):
                if not container.streams.video:
                    raise SensorError(f"{path}: no pictures in it: choose a film")
                stream = container.streams.video[0]
                checked_size(stream.codec_context.width, stream.codec_context.height)
                step_s = 1.0 / (rate_hz or float(stream.average_rate or RATE_HZ))
                for frame in container.decode(stream):
                    checked_size(frame.width, frame.height)
                    own_s = None if rate_hz else frame.time
                    if own_s is None:
                        at_s = count * step_s
                    else:
                        first_s = own_s if count == 0 else first_s
                        at_s = own_s - first_s
                    count += 1
                    yield from playing.at(at_s, partial(_grey, frame))
        except (FFmpegError, OSError, ValueError) as cause:
            raise SensorError(
                f"{path}: not a film that can be read ({cause}): convert it"
            ) from cause
        if not count:
            raise SensorError(f"{path}: no pictures in it: choose a film")
        if not loop:
            return
        playing.again(at_s + step_s)


class _Playing:
    """When each picture is due on the host clock."""

    def __init__(self) -> None:
        self._start_ns = 0
        self._skipped = 0

    def at(self, at_s: float, grey: partial[Bytes]) -> Generator[Picture | None]:
        """Wait for a picture's time and give it; one that comes late is let go."""
        self._start_ns = self._start_ns or now_ns()
        due_ns = self._start_ns + round(at_s * NS_PER_S)
        while (left_s := seconds(due_ns - now_ns())) > 0.0:
            time.sleep(min(left_s, _WAIT_S))
            if left_s > _WAIT_S:
                yield None
        received_ns = now_ns()
        if received_ns - due_ns > _LATE_NS:
            self._skipped += 1
            yield None
            return
        skipped, self._skipped = self._skipped, 0
        yield Picture(time_ns=due_ns, received_ns=received_ns, grey=grey, skipped=skipped)

    def again(self, length_s: float) -> None:
        """Let the next pass begin where this one ends."""
        self._start_ns += round(length_s * NS_PER_S)


def _grey(frame: Any) -> Bytes:
    from av.error import FFmpegError

    try:
        return np.asarray(frame.to_ndarray(format="gray"), np.uint8)
    except (FFmpegError, OSError, ValueError) as cause:
        raise SensorError(f"a picture that cannot be read ({cause}): convert the film") from cause


def _order(path: Path) -> list[tuple[int, str]]:
    parts = _DIGITS.split(path.name)
    return [(int(part[:18]) if part.isdigit() and part.isascii() else 0, part) for part in parts]

"""MP4 films, H.264 where this machine has it."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from ..clock import NS_PER_S
from ..errors import OutputError
from ..files import replacing

Image = NDArray[np.uint8]

_CODECS: Final[dict[str, dict[str, str]]] = {
    # `tune` for drawn pictures and flat grounds; a minute of film is to take seconds of two cores.
    "libx264": {"preset": "veryfast", "crf": "20", "tune": "animation"},
    "mpeg4": {"qscale": "3"},
}
"""By preference, with options."""

_TICKS_HZ: Final = 57_600
"""A whole number of them fits between the frames of most monitors and headsets, 24 to 144 Hz; MPEG-4
takes no more than 65,535."""


class Film:
    """Writes frames to an MP4 file that is there whole at the end, or not at all."""

    def __init__(self, path: Path, size: tuple[int, int], fps: int, *, timed: bool = False) -> None:
        """Say where to and how large; nothing is written before entering.

        Args:
            path: Ends in `.mp4`; replaced if it exists.
            size: Width and height, pixels, both even.
            fps: Frames a second; of a timed film about so many.
            timed: Whether frames come when they come, each with its time, and are shown so.

        Raises:
            OutputError: An odd size, or no encoder in this build of PyAV.
        """
        width, height = size
        if width % 2 or height % 2 or min(size) < 2:
            raise OutputError(f"{path}: a film of {width} x {height}: choose an even size")
        self._codec = _codec(path)
        self._path, self._size, self._fps = path, size, fps
        self._tick_s = Fraction(1, _TICKS_HZ if timed else fps)
        self._frames = 0
        self._first_ns, self._ticks = 0, -1
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            draft = stack.enter_context(replacing(self._path, OutputError))
            try:
                container = av.open(
                    str(draft), "w", format="mp4", options={"movflags": "+faststart"}
                )
            except OSError as cause:
                raise OutputError(f"{self._path}: cannot be written: {cause.strerror}") from cause
            self._container: Any = stack.enter_context(container)  # its stubs are part unknown
            self._stream: Any = self._container.add_stream(
                self._codec, self._fps, options=_CODECS[self._codec]
            )
            self._stream.width, self._stream.height = self._size
            self._stream.pix_fmt = "yuv420p"
            self._stream.time_base = self._tick_s
            context = self._stream.codec_context
            context.time_base = self._tick_s
            context.colorspace = int(Colorspace.ITU709)
            context.color_range = int(ColorRange.MPEG)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:  # so that the draft goes too where the last frames cannot be written
            self._mux(None)

    def add(self, image: Image, *, at_ns: int | None = None) -> None:
        """Append a frame.

        Args:
            image: Shape (H, W, 3), sRGB; or (H, W, 4), which OpenGL has, what it shows being opaque.
            at_ns: Of a timed film, when it was seen, on any clock, after the one before.

        Raises:
            OutputError: It is not of the film's size, or cannot be written.
        """
        width, height = self._size
        if image.shape not in ((height, width, 3), (height, width, 4)):
            raise OutputError(
                f"{self._path}: frame {self._frames} is {image.shape}: give {(height, width, 3)}"
            )
        layout = "rgb24" if image.shape[2] == 3 else "rgba"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format=layout)
        frame = frame.reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        self._ticks = max(self._ticks + 1, self._tick(at_ns))
        frame.pts, frame.time_base = self._ticks, self._tick_s
        self._frames += 1
        self._mux(frame)

    def _tick(self, at_ns: int | None) -> int:
        """Return how long after the first frame one is shown."""
        if at_ns is None:
            return self._frames
        if not self._frames:
            self._first_ns = at_ns
        return round((at_ns - self._first_ns) / self._tick_s / NS_PER_S)

    def _mux(self, frame: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except OSError as cause:  # PyAV's errors of input and output are OSErrors too
            raise OutputError(f"{self._path}: cannot be written: {cause.strerror}") from cause


def _codec(path: Path) -> str:
    for name in _CODECS:
        try:
            av.Codec(name, "w")
        except UnknownCodecError:
            continue
        return name
    raise OutputError(f"{path}: PyAV has no H.264 or MPEG-4 encoder: reinstall it from its wheel")

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

from ..errors import OutputError
from ..files import replacing

Image = NDArray[np.uint8]

_CODECS: Final[dict[str, dict[str, str]]] = {
    # `tune` for drawn pictures and flat grounds; a minute of film is to take seconds of two cores.
    "libx264": {"preset": "veryfast", "crf": "20", "tune": "animation"},
    "mpeg4": {"qscale": "3"},
}
"""By preference, with options."""


class Film:
    """Writes frames to an MP4 file that is there whole at the end, or not at all."""

    def __init__(self, path: Path, size: tuple[int, int], fps: int) -> None:
        """Say where to and how large; nothing is written before entering.

        Args:
            path: Ends in `.mp4`; replaced if it exists.
            size: Width and height, pixels, both even.
            fps: Frames a second.

        Raises:
            OutputError: An odd size, or no encoder in this build of PyAV.
        """
        width, height = size
        if width % 2 or height % 2 or min(size) < 2:
            raise OutputError(f"{path}: a film of {width} x {height}: choose an even size")
        self._codec = _codec(path)
        self._path, self._size, self._fps = path, size, fps
        self._frames = 0
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
            self._stream.time_base = Fraction(1, self._fps)
            context = self._stream.codec_context
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

    def add(self, image: Image) -> None:
        """Append a frame (H, W, 3), sRGB.

        Raises:
            OutputError: It is not of the film's size, or cannot be written.
        """
        width, height = self._size
        if image.shape != (height, width, 3):
            raise OutputError(
                f"{self._path}: frame {self._frames} is {image.shape}: give {(height, width, 3)}"
            )
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame = frame.reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        frame.pts, frame.time_base = self._frames, Fraction(1, self._fps)
        self._frames += 1
        self._mux(frame)

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

"""A film, or a picture, of what the wearer sees: taken on any stage, written by another program.

    with Filming(path, stage.size) as filming:

        def left_eye(texture: int) -> None:
            scene.resolve(0, texture, filming.size, filming.image_format)

        filming.take(left_eye, now_ns())    # in each frame, after both eyes' pictures were drawn

A frame costs the loop that draws one more resolve and a few calls: it waits for neither the GPU nor the
encoder, and where those fall behind a frame of the film is left out. Frames have their true times, so
the film plays at true speed. What a runtime composes, panels, is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from ..clock import NS_PER_S
from . import gl
from .filming_child import STILL, filmable
from .filming_pipe import FilmingPipe
from .readback import Readback
from .window import picture

RATE_HZ: Final = 30
HEIGHT_PX: Final = 720
_LAST_WITHIN_NS: Final = NS_PER_S // 2


class Filming:
    """What is filmed; needs the context that draws, in its thread. A context manager.

    Attributes:
        size: Width and height of the film, pixels, even.
        image_format: OpenGL's number of the format it is given pictures in.
        frames: How many were taken.
        dropped: How many were due and left out, the encoder being behind.
    """

    def __init__(
        self,
        path: Path,
        eye: tuple[int, int],
        *,
        height_px: int = HEIGHT_PX,
        rate_hz: int = RATE_HZ,
    ) -> None:
        """Start what writes.

        Args:
            path: Ends in `.mp4`; or in `.png`, of which only the last picture is kept. Replaced once
                there is a whole one.
            eye: Width and height of what an eye sees: the film has about their proportions.
            height_px: Of the film, at most.
            rate_hz: At most so many frames a second.

        Raises:
            OutputError: Nothing can be written there.
        """
        filmable(path)
        self.size = film_size(eye, height_px)
        self.image_format = int(gl.api().GL_SRGB8_ALPHA8)
        self.frames = self.dropped = 0
        self._still = path.suffix.lower() == STILL
        self._period_ns = NS_PER_S // rate_hz
        self._due_ns: int | None = None
        self._last_ns: int | None = None
        self._texture = picture(self.size, self.image_format)
        self._readback = Readback(self._texture, self.size)
        self._pipe = FilmingPipe(path, self.size, rate_hz, done=self._readback.give_back)

    @property
    def trouble(self) -> str:
        """Why nothing is written any more, such as a full disk; empty while all is well."""
        return self._pipe.trouble

    @property
    def under_way(self) -> bool:
        """Whether any that were taken have not reached the program that writes."""
        self._hand_over()
        return self._readback.under_way

    @property
    def pid(self) -> int:
        """The program that writes."""
        return self._pipe.pid

    def take(self, draw: Callable[[int], object], at_ns: int) -> bool:
        """Film a view where it is time for one.

        Args:
            draw: Called if so, draws the view into a GL_TEXTURE_2D of `size` and `image_format`.
            at_ns: When it is seen, on the host clock.

        Returns:
            Whether it was taken.
        """
        if self.trouble:
            return False
        self._hand_over()
        if self._due_ns is not None and at_ns < self._due_ns:
            return False
        # In step with the rate, not a little behind it each time; after a gap, in step anew.
        began_ns = at_ns if self._due_ns is None else self._due_ns
        self._due_ns = max(began_ns + self._period_ns, at_ns + self._period_ns // 2)
        if not self._readback.ready:
            self.dropped += 1
            return False
        draw(self._texture)
        self._last_ns = at_ns
        self.frames += 1
        if not self._still:
            self._readback.start(at_ns)
        return True

    def close(self) -> None:
        """Finish the film, the context being current.

        Its end may be written after this returns, if the encoder is seconds behind: see `FilmingPipe`.
        """
        if self._still and self._last_ns is not None:
            self._readback.start(self._last_ns)
        self._hand_over(within_ns=_LAST_WITHIN_NS)
        self._pipe.close()
        self._readback.close()
        gl.api().glDeleteTextures(1, np.array([self._texture], np.uint32))

    def _hand_over(self, *, within_ns: int = 0) -> None:
        for arrived in self._readback.arrived(within_ns=within_ns):
            self._pipe.give(arrived)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()


def film_size(eye: tuple[int, int], height_px: int) -> tuple[int, int]:
    """Return a size no higher than that, its proportions an eye's, in the even numbers films take."""
    height = min(eye[1], height_px)
    width = height * eye[0] / eye[1]
    return max(2, 2 * round(width / 2)), max(2, 2 * (height // 2))

"""Where pictures are shown: in a room of the wearer's own, over a game, or in a window.

A *stage* has a rhythm, a size and two views; what stands on it is drawn the same everywhere:

    while (state := stage.poll()) is not StageState.CLOSED:
        if state is not StageState.RUNNING:
            …                                   # nothing to be drawn yet; wait a little
        beat = stage.wait()                     # paces: returns as a frame begins
        scene.take(newest_face)
        stage.show(beat, scene)                 # draws it, or nothing where nothing would be seen
        samples = stage.sample()

Everything here is of the one thread whose context is current.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..frame import Sample
from .panels.content import Content

Floats32 = NDArray[np.float32]
Pictures = Mapping[type[Content], NDArray[np.uint8]]
"""What panels show now, by their kind: `Painter.picture` of each; a kind left out is not seen."""

Show = Literal["room", "overlay", "window"]
"""Which stage: the headset's own session, an overlay beside a game, a window on the desktop."""


class StageState(Enum):
    """Whether frames may be drawn."""

    WAITING = "waiting"
    RUNNING = "running"
    CLOSED = "closed"
    """By the wearer, the runtime or whoever closed the window: not to be opened again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBeat:
    """What is known as a frame begins.

    Attributes:
        display_ns: When it will be seen, host clock.
        period_ns: How long frames are.
        seen: Whether anything that is drawn would be shown.
    """

    display_ns: int
    period_ns: int
    seen: bool


class Scene(Protocol):
    """What stands on a stage."""

    def draw(self, views: Floats32, display_ns: int) -> None:
        """Draw both eyes' pictures, into a target of its own.

        Args:
            views: Shape (2, 11), each eye's orientation xyzw and position in the stage's space, and
                the angles of its field of view in radians: left, right, up, down.
            display_ns: When they will be seen, host clock.
        """
        ...

    def resolve(
        self,
        eye: int,
        texture: int,
        size: tuple[int, int],
        image_format: int,
        *,
        at: tuple[int, int] = (0, 0),
        depth: int | None = None,
        encode: bool = True,
    ) -> None:
        """Write one eye's picture into a texture: `StereoRenderer.resolve`."""
        ...


class Stage(Protocol):
    """A place for pictures; a context manager that gives everything back.

    Attributes:
        size: Width and height of one eye's picture, pixels.
        image_format: OpenGL's number of the format they end in.
        transparent: Whether what is behind is seen: then a scene's background has no opacity.
        drawn: Frames with something in them so far.
    """

    size: tuple[int, int]
    image_format: int
    transparent: bool
    drawn: int

    def poll(self) -> StageState:
        """Hear what happened; never waits.

        Raises:
            HeadsetError: It is lost.
        """
        ...

    def said(self) -> tuple[str, str]:
        """Return the state in the stage's own word, such as `focused`, and what is odd, or nothing."""
        ...

    def wait(self) -> StageBeat:
        """Wait for a frame to begin.

        Raises:
            HeadsetError: It is lost.
        """
        ...

    def show(self, beat: StageBeat, scene: Scene | None) -> None:
        """End the frame: with a scene, or with nothing but panels.

        Raises:
            HeadsetError: It is lost.
        """
        ...

    def show_panels(self, pictures: Pictures) -> None:
        """Show these panels and no others; the very same array as before costs nothing."""
        ...

    def sample(self) -> Sequence[Sample]:
        """Return what was sensed since the last call."""
        ...

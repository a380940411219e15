"""Where pictures are shown: in a room of the wearer's own, over a game, or in a window.

A *stage* has a rhythm, a size and two views; what stands on it is drawn the same everywhere:

    while (state := stage.poll()) is not StageState.CLOSED:
        if state is not StageState.RUNNING:
            …                                   # nothing to be drawn yet; wait a little
        beat = stage.wait()                     # paces: returns as a frame begins
        stage.show(beat, scene)                 # draws it, or nothing where nothing would be seen
        samples = stage.sample()

Everything here is of the one thread whose context is current.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ..frame import Sample
from .panels.content import Content

Floats32 = NDArray[np.float32]
Pictures = Mapping[type[Content], NDArray[np.uint8]]
"""What panels show now, by their kind: `Painter.picture` of each; a kind left out is not seen."""

Show = Literal["room", "overlay", "window", "film"]
"""Which stage: the headset's own session, an overlay beside a game, a window on the desktop, or none
that is seen anywhere but in a film."""


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

    def hide(self, eye: int, corners: Floats32, triangles: NDArray[np.integer]) -> None:
        """Hear what one eye cannot see, behind the lens's edge: it need not be drawn.

        Args:
            eye: 0 left, 1 right.
            corners: Shape (N, 2), tangents to the right and upwards.
            triangles: Shape (M, 3), either way round; M may be 0.
        """
        ...

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
    """A place for pictures; a context manager that gives everything back."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of one eye's picture, pixels."""
        ...

    @property
    def image_format(self) -> int:
        """OpenGL's number of the format they end in."""
        ...

    @property
    def transparent(self) -> bool:
        """Whether what is behind is seen: then a scene's background has no opacity."""
        ...

    @property
    def drawn(self) -> int:
        """Frames with something in them so far."""
        ...

    @property
    def head(self) -> Floats32 | None:
        """Where the wearer's head is in the stage's space, (7,), xyzw and metres, rewritten in place.

        None where that is midway between the views, and turned as the left one is.
        """
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

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
        """Show these panels and no others; what is the very same as before costs nothing.

        Args:
            pictures: Never changed by whoever gave it: what is new is another mapping.
        """
        ...

    def recentre(self) -> None:
        """Have all that stands here stand before the wearer again: upright, where they look now."""
        ...

    def sample(self) -> Sequence[Sample]:
        """Return what was sensed since the last call."""
        ...

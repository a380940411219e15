"""Opens the stage that is asked for, in the headset process, and whoever else looks on."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .compositor.context import Context, Route
from .compositor.stage import Scene, Show, Stage
from .errors import HeadsetError
from .room_shown import Shown

if TYPE_CHECKING:
    from .compositor.filming import Filming
    from .compositor.mirror_window import MirrorWindow

_LOG: Final = logging.getLogger("unvisor")

ROUTES: Final[dict[Show, tuple[Route, ...]]] = {
    "room": ("window", "egl"),
    "overlay": ("window", "egl"),
    "window": ("window",),
    "film": ("egl", "window"),
}
"""To a context: OpenXR takes GLX or WGL everywhere, and EGL where there is no screen."""


def opened(stack: ExitStack, shown: Shown, context: Context) -> Stage:
    """Return the stage, which a stack will close.

    Args:
        stack: Whose it becomes.
        shown: Which one.
        context: By one of its `ROUTES`.

    Raises:
        HeadsetError: It may not be opened now, or cannot be; the message says what to do.
    """
    match shown.show:
        case "room":
            from .compositor.openxr.stage import OpenXrStage
            from .room_refusals import refused_now

            why = refused_now()  # what was known before all was ready may be so no more
            if why is not None:
                raise HeadsetError(why)
            return stack.enter_context(OpenXrStage(context, refresh_hz=shown.refresh_hz))
        case "overlay":
            from .compositor.overlay import open_overlay

            return stack.enter_context(open_overlay(context, refresh_hz=shown.refresh_hz))
        case "window" | "film":
            from .compositor.window_stage import WindowStage

            return stack.enter_context(WindowStage(headless=shown.show == "film"))


class Onlookers:
    """Who is shown the left eye's picture too: a film, a window beside the headset."""

    def __init__(
        self, stack: ExitStack, shown: Shown, context: Context, stage: Stage, scene: Scene
    ) -> None:
        """Open those that are asked for.

        Args:
            stack: Will close them.
            shown: Says which.
            context: Draws the scene.
            stage: What they look at is on it.
            scene: What they look at.

        Raises:
            OutputError: The film cannot be written.
        """
        self._scene = scene
        self._film: Filming | None = None
        self._window: MirrorWindow | None = None
        if shown.film is not None:
            from .compositor.filming import Filming

            self._film = stack.enter_context(Filming(Path(shown.film), stage.size))
        if shown.mirror_window and shown.show != "window":
            from .compositor.mirror_window import MirrorWindow

            try:
                self._window = MirrorWindow(stage.size)
            except HeadsetError as error:  # the wearer sees all the same
                _LOG.info("%s", error)
            else:
                stack.callback(self._window.close)
        if self._film is not None or self._window is not None:
            stack.callback(context.make_current)  # run before any of them is closed

    def take(self, at_ns: int) -> None:
        """Look, after a frame was drawn.

        Args:
            at_ns: When that was, host clock.
        """
        for one in (self._film, self._window):
            if one is not None:
                one.take(partial(self._left_eye, one.size, one.image_format), at_ns)

    def unfilmed(self) -> str:
        """Return why the film goes no further, empty while all is well."""
        return "" if self._film is None else self._film.trouble

    def _left_eye(self, size: tuple[int, int], image_format: int, texture: int) -> None:
        self._scene.resolve(0, texture, size, image_format)

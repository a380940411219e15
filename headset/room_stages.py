"""Opens the stage that is asked for, in the headset process, and whoever else looks on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from .compositor.context import Context, Route
from .compositor.stage import Scene, Show, Stage
from .errors import HeadsetError
from .room_shown import Shown

_LOG: Final = logging.getLogger("unvisor")

Onlooker = Callable[[int], object]
"""Called after a frame was drawn, with when that was on the host clock."""

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
            from .room import refused_now

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


def onlookers(
    stack: ExitStack, shown: Shown, context: Context, stage: Stage, scene: Scene
) -> list[Onlooker]:
    """Return who is shown the left eye's picture too: a film, a window beside the headset.

    Raises:
        OutputError: The film cannot be written.
    """
    looking: list[Onlooker] = []
    if shown.film is not None:
        from .compositor.filming import Filming

        film = stack.enter_context(Filming(Path(shown.film), stage.size))
        looking.append(_onlooker(film.take, scene, film.size, film.image_format))
    if shown.mirror_window and shown.show != "window":
        from .compositor.mirror_window import MirrorWindow

        try:
            window = MirrorWindow(stage.size)
        except HeadsetError as error:  # the wearer sees all the same
            _LOG.info("%s", error)
        else:
            stack.callback(window.close)
            looking.append(_onlooker(window.take, scene, window.size, window.image_format))
    if looking:
        stack.callback(context.make_current)  # run before any of them is closed
    return looking


def _onlooker(
    take: Callable[[Callable[[int], object], int], object],
    scene: Scene,
    size: tuple[int, int],
    image_format: int,
) -> Onlooker:
    def left_eye(texture: int) -> None:
        scene.resolve(0, texture, size, image_format)

    return partial(take, left_eye)

"""Why nothing may be drawn somewhere now: a second session would end a running game."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .beside import Runtime, active_runtime, scene_app
from .compositor.stage import Show
from .errors import HeadsetError
from .sensors.openxr.service import clients


def room_refusal(runtime: Runtime | None, scene: str | None) -> str | None:
    """Return why the headset process may not open its session, with the remedy; None where it may.

    Args:
        runtime: What would be asked for a session.
        scene: The app that has the headset now, None where none is known.
    """
    if runtime is None:
        return "--room: no OpenXR runtime is active here: start SteamVR, Monado or WiVRn first"
    if scene is not None:
        return (
            f"--room: {scene} has the headset, and {runtime.name} may end it for a second session: "
            "quit it first, or leave out --room"
        )
    return None


def refused_now() -> str | None:
    """Return `room_refusal` of the runtime and the app as they are now.

    Where nobody can tell whether there is a game, there may be one.
    """
    try:
        scene = scene_app()
    except HeadsetError as error:
        return f"--room: cannot tell whether a game has the headset: {error}"
    runtime = active_runtime()
    if runtime is not None and scene is None and clients(runtime):
        scene = "another OpenXR program"  # a game, as like as not: these runtimes do not say
    return room_refusal(runtime, scene)


def overlay_refused_now() -> str | None:
    """Return why no overlay can be shown now, with the remedy; None where one can."""
    from .compositor.overlay import overlay_way

    try:
        overlay_way(active_runtime())
    except HeadsetError as error:
        return str(error)
    return None


def _never() -> None:
    """A desktop is there for all."""


REFUSALS: Final[Mapping[Show, Callable[[], str | None]]] = {
    "room": refused_now, "overlay": overlay_refused_now, "window": _never, "film": _never,
}  # fmt: skip
"""By stage."""

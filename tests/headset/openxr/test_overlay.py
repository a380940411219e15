"""The mirror over a running game on a real runtime: the game keeps its focus and its frames."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.beside import active_runtime
from unvisor.headset.compositor import gl
from unvisor.headset.compositor.context import Context
from unvisor.headset.compositor.openxr.stage import OpenXrStage
from unvisor.headset.compositor.overlay import open_overlay, overlay_way
from unvisor.headset.compositor.stage import StageState
from unvisor.headset.errors import HeadsetError

from ...testbed.child import Child, say
from ...testbed.game import framebuffer, play_until_told
from ...testbed.monado import Monado
from .conftest import StartXr

pytestmark = pytest.mark.openxr

WALL, FLOOR = (89, 124, 170), (39, 39, 39)
"""The game's, sRGB: linear (.1, .2, .4), and .02."""

OPAQUE = (0.6, 0.0, 0.0, 1.0)
HALF = (0.0, 0.3, 0.0, 0.5)
"""Linear and premultiplied: what is behind shines through by half."""

SHOWN = 12
"""Frames after which what was drawn has reached the screen."""

LOOKS = 20


class Signs:
    """A `Scene`: two patches over nothing, one opaque, one half so."""

    def __init__(self) -> None:
        self._frames: dict[int, int] = {}

    def hide(self, eye: int, corners: Any, triangles: Any) -> None:
        pass

    def draw(self, views: Any, display_ns: int) -> None:
        pass

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
        api, (width, height) = gl.api(), size
        if texture not in self._frames:
            self._frames[texture] = framebuffer(texture)
        api.glBindFramebuffer(api.GL_DRAW_FRAMEBUFFER, self._frames[texture])
        api.glEnable(api.GL_FRAMEBUFFER_SRGB)
        api.glClearBufferfv(api.GL_COLOR, 0, np.zeros(4, np.float32))
        api.glEnable(api.GL_SCISSOR_TEST)
        for column, colour in ((3, OPAQUE), (5, HALF)):
            api.glScissor(column * width // 8, height // 2, width // 8, height // 8)
            api.glClearBufferfv(api.GL_COLOR, 0, np.array(colour, np.float32))
        api.glDisable(api.GL_SCISSOR_TEST)


def overlay_until_told() -> dict[str, Any]:
    """Show an overlay until a line comes; print one for each frame."""
    stop = Event()
    Thread(target=lambda: (os.read(0, 1), stop.set()), daemon=True).start()
    with Context(("window", "egl")) as context, open_overlay(context) as stage:
        assert isinstance(stage, OpenXrStage)
        scene = Signs()
        transparent = stage.transparent
        while not stop.is_set():
            if stage.poll() is not StageState.RUNNING:
                say(json.dumps({"waits": stage.said()[0]}))
                stop.wait(0.05)
                continue
            beat = stage.wait()
            stage.show(beat, scene)
            say(json.dumps({"state": stage.said()[0], "drawn": stage.drawn}))
        drawn = stage.drawn
    return {"drawn": drawn, "transparent": transparent}


def overlay_in_spite_of_death() -> list[str]:
    """Show an overlay, again and again, until a line comes; print a line for each life that is seen."""
    stop, ends = Event(), list[str]()
    Thread(target=lambda: (os.read(0, 1), stop.set()), daemon=True).start()
    with Context(("egl",)) as context:
        while not stop.is_set():
            try:
                with open_overlay(context) as stage:
                    while not stop.is_set():
                        if stage.poll() is StageState.RUNNING:
                            stage.show(stage.wait(), Signs())
                            if stage.drawn == 3:
                                say(f"life {len(ends)}")
            except HeadsetError as error:
                if not ends or ends[-1] != str(error):
                    ends.append(str(error))
                stop.wait(0.1)
    return ends


def refused_without_a_service() -> str:
    runtime = active_runtime()
    assert runtime is not None
    assert runtime.kind == "monado"
    try:
        overlay_way(runtime)
    except HeadsetError as error:
        return str(error)
    return ""


def until(child: Child, ready: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Return the lines a child prints up to the first that is what is waited for."""
    lines: list[dict[str, Any]] = []
    while not lines or not ready(lines[-1]):
        assert len(lines) < 2000, lines[-3:]
        lines.append(json.loads(child.line()))
    return lines


def eyes(runtime: Monado) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    picture = runtime.screenshot().astype(np.int64)
    return picture[:, :640], picture[:, 640:]


def part(eye: NDArray[np.int64], colour: tuple[int, int, int]) -> float:
    """Return how much of an eye's picture is of a colour, 0 to 1."""
    return float((np.abs(eye - colour).max(axis=2) <= 4).mean())


def srgb(*linear: float) -> tuple[int, int, int]:
    red, green, blue = (
        round(255 * (1.055 * one ** (1 / 2.4) - 0.055)) if one else 0 for one in linear
    )
    return red, green, blue


SIGN = srgb(*OPAQUE[:3])
VEIL = srgb(0.05, 0.3 + 0.1, 0.2)
"""The half of the game's wall that shines through, and the patch's own."""

BARE = srgb(*HALF[:3])


def seen(runtime: Monado, **parts: tuple[tuple[int, int, int], bool]) -> None:
    """Look until both eyes see, or do not see, some of each colour; a busy machine shows half frames."""
    found: dict[str, list[bool]] = {}
    for _ in range(LOOKS):
        found = {
            name: [part(eye, colour) > 0.003 for eye in eyes(runtime)]
            for name, (colour, _) in parts.items()
        }
        if all(found[name] == [there] * 2 for name, (_, there) in parts.items()):
            return
        Event().wait(0.1)
    raise AssertionError(f"after {LOOKS} looks: {found}")


@pytest.fixture(scope="module")
def runtime(monado_on_screen: Monado) -> Monado:
    return monado_on_screen


def test_it_is_seen_over_a_game_that_notices_nothing_and_when_that_is_gone(
    start_xr: StartXr, runtime: Monado
) -> None:
    game = start_xr(play_until_told, runtime=runtime)
    until(game, lambda line: line.get("state") == "FOCUSED" and line["seen"])
    overlay = start_xr(overlay_until_told, runtime=runtime)
    until(overlay, lambda line: line.get("drawn", 0) >= SHOWN)
    seen(runtime, sign=(SIGN, True), veil=(VEIL, True), wall=(WALL, True), floor=(FLOOR, True))
    game.tell("stop")
    states = until(game, lambda line: "states" in line)[-1]["states"]
    # Its session never left where it was, from its first focus to its own end.
    assert states[-1] == "FOCUSED"
    assert states.count("FOCUSED") == 1
    game.result()
    seen(runtime, sign=(SIGN, True), bare=(BARE, True), wall=(WALL, False))
    overlay.tell("stop")
    result = overlay.result()
    assert result["transparent"]
    assert result["drawn"] >= SHOWN


def test_a_runtime_that_dies_is_told_and_one_that_returns_is_joined(
    start_xr: StartXr, monado: Monado
) -> None:
    child = start_xr(overlay_in_spite_of_death)
    assert child.line() == "life 0"
    monado.kill()
    monado.restart()
    assert child.line().startswith("life")
    child.tell("stop")
    ends = child.result()
    assert ends
    assert all(": " in end for end in ends)


def test_a_service_that_does_not_run_is_not_woken(start_xr: StartXr) -> None:
    environment = {"XDG_RUNTIME_DIR": "/nowhere"}
    said = start_xr(refused_without_a_service, environment=environment).result()
    assert said.endswith(": not running: start it, then the game")

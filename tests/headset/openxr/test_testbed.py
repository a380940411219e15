# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""The testbed itself: the runtime is a real one, comes back after a crash, and can be looked at."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from ...testbed.child import say
from ...testbed.monado import Monado
from .conftest import RunXr, StartXr
from .layer_client import EYES, FACE, GAZE, HTC, PRESENCE, VISEMES, Client

pytestmark = pytest.mark.openxr


def imported() -> dict[str, list[str]]:
    import OpenGL
    import xr

    import unvisor

    extensions = xr.enumerate_instance_extension_properties()
    return {
        "modules": [module.__name__ for module in (np, OpenGL, unvisor)],
        "extensions": [extension.extension_name.decode() for extension in extensions],
        "python": [sys.executable, sys.prefix],
    }


def test_a_client_finds_the_runtime_in_the_tests_own_python(run_xr: RunXr, monado: Monado) -> None:
    found = run_xr(imported)
    assert found["modules"] == ["numpy", "OpenGL", "unvisor"]
    assert found["python"] == [str(monado.python), sys.prefix]
    assert {"XR_MND_headless", "XR_EXTX_overlay", GAZE} <= set(found["extensions"])
    assert not {FACE, VISEMES, EYES, HTC, PRESENCE} & set(found["extensions"])


def survives(times: int) -> list[str]:
    """Use the runtime until it is gone, and again once it is back; tell how that showed."""
    seen: list[str] = []
    for _ in range(times):
        client = Client()
        say("up")
        try:
            while True:
                client.poll()
                time.sleep(0.01)
        except client.xr.exception.XrException as error:
            seen.append(type(error).__name__)
        client.xr.destroy_instance(client.instance)
        say("down")
        sys.stdin.readline()
    Client().close()
    return seen


def test_the_runtime_is_killed_and_comes_back_under_one_process(
    start_xr: StartXr, monado: Monado
) -> None:
    child = start_xr(survives, times=2)
    for _ in range(2):
        assert child.line() == "up"
        monado.kill()
        assert child.line() == "down"
        monado.restart()
        child.tell("it is back")
    assert child.result() == ["InstanceLostError"] * 2


def painted() -> None:
    """Fill a window's left third with one colour and the rest with another."""
    import glfw
    from OpenGL import GL

    glfw.init()
    glfw.window_hint(glfw.DECORATED, False)
    window = glfw.create_window(300, 100, "painted", None, None)
    glfw.set_window_pos(window, 0, 0)
    glfw.make_context_current(window)
    GL.glClearColor(1.0, 0.5, 0.0, 1.0)
    GL.glClear(GL.GL_COLOR_BUFFER_BIT)
    GL.glEnable(GL.GL_SCISSOR_TEST)
    GL.glScissor(0, 0, 100, 100)
    GL.glClearColor(0.0, 0.5, 1.0, 1.0)
    GL.glClear(GL.GL_COLOR_BUFFER_BIT)
    glfw.swap_buffers(window)
    GL.glFinish()
    say("painted")
    sys.stdin.readline()
    glfw.terminate()


def test_the_screen_can_be_read(start_xr: StartXr, monado_on_screen: Monado) -> None:
    child = start_xr(painted, runtime=monado_on_screen)
    assert child.line() == "painted"
    screen = monado_on_screen.screenshot()
    child.tell("seen")
    child.result()
    assert screen.shape == (720, 1280, 3)
    assert abs(screen[50, 50].astype(int) - [0, 128, 255]).max() <= 1
    assert abs(screen[50, 200].astype(int) - [255, 128, 0]).max() <= 1

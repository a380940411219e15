"""The mirror window on a real screen, beside a real runtime's."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.compositor import gl
from unvisor.headset.compositor.context import Context
from unvisor.headset.compositor.mirror_window import RATE_HZ, MirrorWindow

from ...testbed.child import say
from ...testbed.monado import Monado
from .conftest import StartXr

pytestmark = pytest.mark.openxr

EYE = (400, 300)
SHOWN = (200, 150)
LINEAR = (0.1, 0.2, 0.4)
SRGB = (89, 124, 170)
PERIOD_NS = round(NS_PER_S / RATE_HZ)


def filled(texture: int, light: tuple[float, ...]) -> None:
    """Fill a picture with a colour, its lower left quarter with nothing."""
    api = gl.api()
    frame = int(api.glGenFramebuffers(1))
    api.glBindFramebuffer(api.GL_FRAMEBUFFER, frame)
    api.glFramebufferTexture2D(
        api.GL_FRAMEBUFFER, api.GL_COLOR_ATTACHMENT0, api.GL_TEXTURE_2D, texture, 0
    )
    api.glEnable(api.GL_FRAMEBUFFER_SRGB)
    api.glClearBufferfv(api.GL_COLOR, 0, np.array((*light, 1.0), np.float32))
    api.glEnable(api.GL_SCISSOR_TEST)
    api.glScissor(0, 0, SHOWN[0] // 2, SHOWN[1] // 2)
    api.glClearBufferfv(api.GL_COLOR, 0, np.zeros(4, np.float32))
    api.glDisable(api.GL_SCISSOR_TEST)
    api.glDeleteFramebuffers(1, np.array([frame], np.uint32))


def mirror() -> dict[str, Any]:
    """Show two views, waiting for a line after each, then have the desktop close the window."""
    told: dict[str, Any] = {}
    blue, orange = (partial(filled, light=light) for light in (LINEAR, LINEAR[::-1]))
    with Context(("window",)):
        window = MirrorWindow(EYE, height_px=SHOWN[1])
        told["size"] = window.size
        told["taken"] = [window.take(blue, at_ns) for at_ns in (0, PERIOD_NS - 1)]
        show_and_wait()
        told["taken"].append(window.take(orange, PERIOD_NS))
        show_and_wait()
        ask_to_close(SHOWN)
        told["after"] = [window.take(blue, number * PERIOD_NS) for number in (2, 3, 4)]
        told["closed"] = window.closed
        show_and_wait()
        window.close()
        name = gl.buffer(16)  # the context is still the one it was
        told["context"] = bool(gl.api().glIsBuffer(name))
        gl.check("making a buffer after the window")
    return told


def show_and_wait() -> None:
    gl.api().glFinish()
    say("shown")
    sys.stdin.readline()


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent, with room for what an XEvent may hold."""

    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("sent", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("message", ctypes.c_ulong),
        ("format", ctypes.c_int), ("words", ctypes.c_long * 5), ("rest", ctypes.c_long * 24),
    ]  # fmt: skip


def window_of(x: ctypes.CDLL, size: tuple[int, int]) -> tuple[ctypes.c_void_p, int]:
    """Return a connection to the screen, to be closed, and its window of a size."""
    x.XOpenDisplay.restype = x.XDefaultRootWindow.restype = x.XInternAtom.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x.XOpenDisplay(None))
    root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
    windows = ctypes.POINTER(ctypes.c_ulong)()
    top = ctypes.c_ulong(x.XDefaultRootWindow(display))
    x.XQueryTree(
        display, top, ctypes.byref(root), ctypes.byref(parent), ctypes.byref(windows),
        ctypes.byref(count),
    )  # fmt: skip
    for window in windows[: count.value]:
        numbers = [ctypes.c_uint() for _ in range(6)]
        x.XGetGeometry(
            display, ctypes.c_ulong(window), ctypes.byref(root), *map(ctypes.byref, numbers)
        )
        if (numbers[2].value, numbers[3].value) == size:
            return display, window
    raise AssertionError(f"no window of {size}")


def ask_to_close(size: tuple[int, int]) -> None:
    """Do what a desktop does when someone closes the window of a size."""
    x = ctypes.CDLL("libX11.so.6")
    display, window = window_of(x, size)
    event = ClientMessage(type=33, window=window, format=32)
    event.message = x.XInternAtom(display, b"WM_PROTOCOLS", 0)
    event.words[0] = x.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
    x.XSendEvent(display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event))
    x.XSync(display, 0)
    x.XCloseDisplay(display)


def corner(runtime: Monado, size: tuple[int, int]) -> NDArray[np.int64]:
    """Return the screen's upper left, where a window stands that nobody placed."""
    return runtime.screenshot()[: size[1], : size[0]].astype(np.int64)


def settled(
    runtime: Monado,
    seen: Callable[[NDArray[np.int64]], bool],
    *,
    size: tuple[int, int] = SHOWN,
    within_s: float = 10.0,
) -> NDArray[np.int64]:
    """Return the corner once it is as wanted, or as it is when that lasts too long.

    The screen is another process: what was asked of it comes after the asking returns.
    """
    until = time.monotonic() + within_s
    while not seen(picture := corner(runtime, size)) and time.monotonic() < until:
        time.sleep(0.02)
    return picture


def near(colour: tuple[int, ...], picture: NDArray[np.int64]) -> bool:
    return bool(np.abs(picture[10, 10] - colour).max() <= 2)


def test_what_is_drawn_is_seen_in_the_window_until_it_is_closed(
    start_xr: StartXr, monado_on_screen: Monado
) -> None:
    child = start_xr(mirror, runtime=monado_on_screen)
    for colour in (SRGB, SRGB[::-1]):
        assert child.line() == "shown"
        picture = settled(monado_on_screen, partial(near, colour))
        child.tell("on")
        for row, column, seen in (
            (10, 10, colour), (10, 190, colour), (140, 190, colour), (140, 10, (0, 0, 0)),
        ):  # fmt: skip
            np.testing.assert_allclose(picture[row, column], seen, atol=2)
    assert child.line() == "shown"
    hidden = settled(monado_on_screen, lambda picture: not near(SRGB[::-1], picture))
    child.tell("on")
    assert not near(SRGB[::-1], hidden)
    assert child.result() == {
        "size": list(SHOWN),
        "context": True,
        "taken": [True, False, True],
        "after": [False, False, False],
        "closed": True,
    }

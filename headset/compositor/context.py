"""An OpenGL context without anything on the screen.

Two routes. `egl` needs no display: on a server, in a container, in tests. `window` is a hidden GLFW
window: Windows has only that, and on Linux it is GLX, which OpenXR's OpenGL binding asks for.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, Self

from ..errors import HeadsetError
from . import gl
from .egl import Egl, EglContext
from .gl import VERSIONS

Route = Literal["egl", "window"]

PACKAGES: Final = "libegl1 libgl1-mesa-dri libopengl0"
"""What Debian and Ubuntu call the least that draws without a display, in software if need be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlReport:
    """What draws here.

    Attributes:
        route: How the context was made: `egl surfaceless`, `egl device 0`, `egl default`, `window`.
        vendor: The driver's maker.
        renderer: The device, or the software that stands in for one.
        version: Of OpenGL.
        software: Whether the CPU does the drawing.
    """

    route: str
    vendor: str
    renderer: str
    version: tuple[int, int]
    software: bool


class WindowContext:
    """A core context on a hidden GLFW window; GLFW is left running for other windows."""

    route = "window"
    platform = {"win32": "nt", "darwin": "darwin"}.get(sys.platform, "glx")

    def __init__(self) -> None:
        """Make it and make it current.

        Raises:
            HeadsetError: No display, or its driver has no OpenGL core context.
        """
        import glfw  # starts by searching for its library, so only where it is wanted

        self._glfw = glfw
        glfw.ERROR_REPORTING = "ignore"  # asked for below; the default prints warnings
        if sys.platform.startswith("linux"):
            glfw.init_hint(glfw.PLATFORM, glfw.PLATFORM_X11)  # OpenXR binds Xlib and GLX
        if not glfw.init():
            raise HeadsetError(f"window: {self._why()}")
        glfw.window_hint(glfw.VISIBLE, glfw.FALSE)
        glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
        glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE)
        for major, minor in VERSIONS:
            glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, major)
            glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, minor)
            self._window = glfw.create_window(16, 16, "unvisor", None, None)
            if self._window:
                glfw.make_context_current(self._window)
                return
        raise HeadsetError(f"window: {self._why()}")

    def _why(self) -> str:
        error: tuple[int, Any] = self._glfw.get_error()
        text = error[1]  # bytes, whatever the stub says
        return text.decode(errors="replace") if text else "GLFW gives no reason"

    def make_current(self) -> None:
        """Make it this thread's context."""
        self._glfw.make_context_current(self._window)

    def close(self) -> None:
        """Give it back."""
        self._glfw.destroy_window(self._window)


_Native = EglContext | WindowContext

_thread = threading.local()
"""Which context is this thread's: asking the driver for what is so already can make it flush."""


class Context:
    """A current OpenGL context; leaving it gives it back.

    Attributes:
        report: What draws.
    """

    def __init__(self, routes: Sequence[Route] | None = None) -> None:
        """Open the first route that leads to a GPU, else the first that draws at all.

        Args:
            routes: What to try, in order; by default EGL then a window on Linux, else a window.

        Raises:
            HeadsetError: None leads anywhere; the message says why and what to install.
        """
        if routes is None:
            routes = ("egl", "window") if sys.platform.startswith("linux") else ("window",)
        self._native, self.report = _best(routes)
        _thread.current = None
        self.make_current()

    def make_current(self) -> None:
        """Make it this thread's context, if it is not; a context serves one thread at a time."""
        if getattr(_thread, "current", None) is not self:
            self._native.make_current()
            _thread.current = self

    def close(self) -> None:
        """Give it back, and all that was made in it."""
        self._native.close()
        _thread.current = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def probe() -> GlReport:
    """Open a context, say what draws, and close it.

    Raises:
        HeadsetError: Nothing draws here; the message names the remedy.
    """
    with Context() as context:
        return context.report


class _Way(NamedTuple):
    """One thing to try."""

    route: Route
    software: bool
    start: Callable[[], _Native]


def _best(routes: Sequence[Route]) -> tuple[_Native, GlReport]:
    """Return the first context on a GPU, else the first in software; close the others."""
    refusals: list[str] = []
    spare: tuple[_Native, GlReport] | None = None
    spare_route: Route | None = None
    for way in _ways(routes, refusals):
        # PyOpenGL serves one kind of context in a process: once one works, no other is tried.
        if spare is not None and (way.software or way.route != spare_route):
            continue
        try:
            native = way.start()
        except HeadsetError as error:
            refusals.append(str(error))
            continue
        report = _report(native)
        if spare is None and report.software:
            spare, spare_route = (native, report), way.route
        elif report.software:
            native.close()
        else:
            if spare is not None:
                spare[0].close()
            return native, report
    if spare is None:
        raise HeadsetError(_missing("; ".join(refusals) or "no route to try"))
    return spare


def _ways(routes: Sequence[Route], refusals: list[str]) -> Iterator[_Way]:
    """Yield what a route offers to try; say in `refusals` why it offers nothing."""
    for route in routes:
        if route == "egl":
            try:
                egl = Egl()
            except HeadsetError as error:
                refusals.append(str(error))
                continue
            for name, display, software in egl.displays():
                if not display:
                    refusals.append(f"{name}: no driver offers it")
                else:
                    yield _Way(route, software, partial(EglContext, egl, display, name))
        elif sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            refusals.append("window: no DISPLAY")
        else:
            yield _Way(route, False, WindowContext)


def _report(native: _Native) -> GlReport:
    """Ask a current context what it is."""
    api = gl.load(native.platform)
    vendor, renderer = (
        (api.glGetString(name) or b"").decode(errors="replace")
        for name in (api.GL_VENDOR, api.GL_RENDERER)
    )
    lowered = renderer.lower()
    return GlReport(
        route=native.route,
        vendor=vendor,
        renderer=renderer,
        version=(
            int(api.glGetIntegerv(api.GL_MAJOR_VERSION)),
            int(api.glGetIntegerv(api.GL_MINOR_VERSION)),
        ),
        software=any(name in lowered for name in ("llvmpipe", "softpipe", "swrast", "gdi generic")),
    )


def _missing(why: str) -> str:
    if sys.platform == "win32":
        remedy = (
            "install the graphics maker's own driver (NVIDIA, AMD or Intel; Windows' basic and "
            "Remote Desktop drivers have no OpenGL 4)"
        )
    else:
        remedy = f"on Debian or Ubuntu run `apt-get install {PACKAGES}`"
    return f"OpenGL: {why}: {remedy}"

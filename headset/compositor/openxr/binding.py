"""The current OpenGL context, as OpenXR wants it handed over: GLX, EGL or WGL.

OpenXR takes the system's own handles. They are asked of the system, which knows what is current, so
that contexts need not know of OpenXR. The structures are the specification's, written out here:
pyopenxr has each only on its own system, and with other types.

WGL has not been run yet.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from ctypes import CDLL, POINTER, byref, c_char_p, c_int, c_uint32, c_ulong, c_void_p
from functools import cache
from typing import Any, Final

from ...errors import HeadsetError
from ...sensors.openxr.instance import Instance
from ..context import Context

OPENGL: Final = "XR_KHR_opengl_enable"
EGL: Final = "XR_MNDX_egl_enable"
"""Monado and what grew from it have this, other runtimes on Linux take GLX alone."""

# openxr.h, openxr_platform.h
_TYPE_WIN32, _TYPE_XLIB, _TYPE_EGL = 1000023000, 1000023001, 1000048004
# egl.h
_EGL_CONFIG_ID, _EGL_NONE = 0x3028, 0x3038

_Head: Final[list[tuple[str, Any]]] = [("type", c_uint32), ("next", c_void_p)]


class XlibBinding(ctypes.Structure):
    """XrGraphicsBindingOpenGLXlibKHR."""

    _fields_ = [
        *_Head,
        ("display", c_void_p),
        ("visual", c_uint32),
        ("config", c_void_p),
        ("drawable", c_ulong),
        ("context", c_void_p),
    ]

    def make_current(self) -> None:
        """Make its context this thread's again."""
        call = _function(
            _library("libGL.so.1"), "glXMakeCurrent", c_int, c_void_p, c_ulong, c_void_p
        )
        call(self.display, self.drawable, self.context)


class EglBinding(ctypes.Structure):
    """XrGraphicsBindingEGLMNDX."""

    _fields_ = [
        *_Head,
        ("get_function", c_void_p),
        ("display", c_void_p),
        ("config", c_void_p),
        ("context", c_void_p),
    ]

    def make_current(self) -> None:
        """Make its context this thread's again."""
        call = _function(_library("libEGL.so.1"), "eglMakeCurrent", c_uint32, *(c_void_p,) * 4)
        call(self.display, None, None, self.context)


class Win32Binding(ctypes.Structure):
    """XrGraphicsBindingOpenGLWin32KHR."""

    _fields_ = [*_Head, ("device", c_void_p), ("context", c_void_p)]

    def make_current(self) -> None:
        """Make its context this thread's again."""
        call = _function(_library("opengl32.dll"), "wglMakeCurrent", c_int, c_void_p, c_void_p)
        call(self.device, self.context)


Binding = XlibBinding | EglBinding | Win32Binding
"""Its context is made current anew before each frame: some runtimes leave another one behind
(GRAPHICS 5, SteamVR on Linux), which neither GLFW nor `Context` would notice."""


def extensions(context: Context) -> tuple[str, ...]:
    """Return what an instance must enable for this context."""
    return (OPENGL, EGL) if context.report.route.startswith("egl") else (OPENGL,)


def bound(context: Context, instance: Instance) -> Binding:
    """Return a context as a session takes it; it is made current.

    Raises:
        HeadsetError: The system does not say what it is, or the runtime wants a newer OpenGL.
    """
    _check_version(context, instance)
    context.make_current()
    if context.report.route.startswith("egl"):
        made: Binding = _egl()
    elif sys.platform == "win32":
        made = _win32()
    else:
        made = _xlib()
    if not made.context:
        raise HeadsetError("OpenGL: no context is current: use it in the thread that opened it")
    return made


def _check_version(context: Context, instance: Instance) -> None:
    """Ask what OpenGL the runtime takes; a session may be made only after that."""
    needed = instance.xr.GraphicsRequirementsOpenGLKHR()
    call = "xrGetOpenGLGraphicsRequirementsKHR"
    instance.call(call, instance.handle, instance.system_id, byref(needed))
    least = instance.xr.Version(needed.min_api_version_supported)
    if context.report.version < (least.major, least.minor):
        raise HeadsetError(
            f"{instance.runtime}: wants OpenGL {least.major}.{least.minor}, and here is "
            f"{'.'.join(map(str, context.report.version))}: update the graphics driver"
        )


@cache
def _library(name: str) -> CDLL:
    try:
        return CDLL(name)  # loaded already where a context came from it
    except OSError as cause:
        raise HeadsetError(
            f"OpenGL: {name} is missing: on Debian or Ubuntu run `apt-get install libgl1 libegl1`"
        ) from cause


def _function(library: CDLL, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


def _xlib() -> XlibBinding:
    glx = _library("libGL.so.1")
    # Its visual and configuration are left out, as hello_xr and pyopenxr do: runtimes know them by the
    # context, and to ask the X server of a context that it did not make ends the process.
    return XlibBinding(
        type=_TYPE_XLIB,
        display=_function(glx, "glXGetCurrentDisplay", c_void_p)(),
        drawable=_function(glx, "glXGetCurrentDrawable", c_ulong)(),
        context=_function(glx, "glXGetCurrentContext", c_void_p)(),
    )


def _egl() -> EglBinding:
    egl = _library("libEGL.so.1")
    display = _function(egl, "eglGetCurrentDisplay", c_void_p)()
    context = _function(egl, "eglGetCurrentContext", c_void_p)()
    number, count, config = c_int(), c_int(), c_void_p()
    query = _function(egl, "eglQueryContext", c_uint32, c_void_p, c_void_p, c_int, POINTER(c_int))
    choose = _function(
        egl, "eglChooseConfig", c_uint32,
        c_void_p, POINTER(c_int), POINTER(c_void_p), c_int, POINTER(c_int),
    )  # fmt: skip
    query(display, context, _EGL_CONFIG_ID, byref(number))
    wanted = (c_int * 3)(_EGL_CONFIG_ID, number.value, _EGL_NONE)
    choose(display, wanted, byref(config), 1, byref(count))
    address: Any = _function(egl, "eglGetProcAddress", c_void_p, c_char_p)
    return EglBinding(
        type=_TYPE_EGL,
        get_function=ctypes.cast(address, c_void_p),
        display=display,
        config=config if count.value else None,
        context=context,
    )


def _win32() -> Win32Binding:
    wgl = _library("opengl32.dll")  # on 64 bits its calls are C's
    return Win32Binding(
        type=_TYPE_WIN32,
        device=_function(wgl, "wglGetCurrentDC", c_void_p)(),
        context=_function(wgl, "wglGetCurrentContext", c_void_p)(),
    )

"""OpenGL without a display, by EGL and ctypes.

PyOpenGL has an EGL module too, but it fails to import with error checking off (3.1.10), and the
context must stand before PyOpenGL is imported at all.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..errors import HeadsetError
from .gl import VERSIONS

# egl.h, eglext.h
_SURFACELESS: Final = 0x31DD
_DEVICE: Final = 0x313F
_OPENGL_API: Final = 0x30A2
_EXTENSIONS: Final = 0x3055
_NONE: Final = 0x3038
_MAJOR, _MINOR, _PROFILE_MASK, _CORE_PROFILE = 0x3098, 0x30FB, 0x30FD, 1
_SURFACE_TYPE, _PBUFFER, _RENDERABLE_TYPE, _OPENGL_BIT = 0x3033, 1, 0x3040, 8

_Pointer = ctypes.c_void_p
_Bool = ctypes.c_uint
_Ints = ctypes.POINTER(ctypes.c_int)
_Pointers = ctypes.POINTER(ctypes.c_void_p)

_SIGNATURES: Final[dict[str, tuple[Any, ...]]] = {  # result, then arguments
    "eglGetProcAddress": (_Pointer, ctypes.c_char_p),
    "eglGetDisplay": (_Pointer, _Pointer),
    "eglInitialize": (_Bool, _Pointer, _Ints, _Ints),
    "eglBindAPI": (_Bool, ctypes.c_uint),
    "eglChooseConfig": (_Bool, _Pointer, _Ints, _Pointers, ctypes.c_int, _Ints),
    "eglCreateContext": (_Pointer, _Pointer, _Pointer, _Pointer, _Ints),
    "eglMakeCurrent": (_Bool, _Pointer, _Pointer, _Pointer, _Pointer),
    "eglDestroyContext": (_Bool, _Pointer, _Pointer),
    "eglGetPlatformDisplayEXT": (_Pointer, ctypes.c_uint, _Pointer, _Ints),
    "eglQueryDevicesEXT": (_Bool, ctypes.c_int, _Pointers, _Ints),
    "eglQueryDeviceStringEXT": (ctypes.c_char_p, _Pointer, ctypes.c_int),
}


class Egl(ctypes.CDLL):
    """libEGL's few functions, by ctypes."""

    def __init__(self) -> None:
        try:
            super().__init__("libEGL.so.1")
        except OSError as cause:
            raise HeadsetError("egl: libEGL.so.1 is not installed") from cause
        for name, (result, *arguments) in _SIGNATURES.items():
            if not name.endswith("EXT"):
                function = getattr(self, name)
                function.restype, function.argtypes = result, arguments

    def extension(self, name: str) -> Callable[..., Any] | None:
        """Return an extension's function, None where this library has it not."""
        address = self.eglGetProcAddress(name.encode())
        return ctypes.CFUNCTYPE(*_SIGNATURES[name])(address) if address else None

    def displays(self) -> Iterator[tuple[str, int | None, bool]]:
        """Yield (route, display, known to be software), the least demanding first."""
        display_of = self.extension("eglGetPlatformDisplayEXT")
        if display_of is not None:
            yield "egl surfaceless", display_of(_SURFACELESS, None, None), False
            for number, device in enumerate(self._devices()):
                software = b"EGL_MESA_device_software" in self._device_extensions(device)
                yield f"egl device {number}", display_of(_DEVICE, device, None), software
        yield "egl default", self.eglGetDisplay(None), False

    def _devices(self) -> list[int]:
        query = self.extension("eglQueryDevicesEXT")
        if query is None:
            return []
        count = ctypes.c_int()
        query(0, None, ctypes.byref(count))
        devices = (_Pointer * max(1, count.value))()
        query(count.value, devices, ctypes.byref(count))
        return [device for device in devices[: count.value] if device]

    def _device_extensions(self, device: int) -> bytes:
        query = self.extension("eglQueryDeviceStringEXT")
        return (query(device, _EXTENSIONS) or b"") if query is not None else b""


class EglContext:
    """A core context on an EGL display, without a surface."""

    platform = "egl"

    def __init__(self, egl: Egl, display: int, route: str) -> None:
        """Make it and make it current.

        Raises:
            HeadsetError: This display gives no OpenGL core context.
        """
        self._egl, self._display, self.route = egl, display, route
        self._context: int | None = None
        if not egl.eglInitialize(display, None, None) or not egl.eglBindAPI(_OPENGL_API):
            raise HeadsetError(f"{route}: does not start")
        wanted = (ctypes.c_int * 5)(_SURFACE_TYPE, _PBUFFER, _RENDERABLE_TYPE, _OPENGL_BIT, _NONE)
        config, count = _Pointer(), ctypes.c_int()
        egl.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(count))
        for major, minor in VERSIONS:
            attributes = (_MAJOR, major, _MINOR, minor, _PROFILE_MASK, _CORE_PROFILE, _NONE)
            self._context = egl.eglCreateContext(
                display, config if count.value else None, None, (ctypes.c_int * 7)(*attributes)
            )
            if self._context and egl.eglMakeCurrent(display, None, None, self._context):
                return
        raise HeadsetError(f"{route}: gives no OpenGL 4 core context")

    def make_current(self) -> None:
        """Make it this thread's context."""
        self._egl.eglMakeCurrent(self._display, None, None, self._context)

    def close(self) -> None:
        """Give it back. The display stays: others of this process may share it."""
        self._egl.eglMakeCurrent(self._display, None, None, None)
        if self._context:
            self._egl.eglDestroyContext(self._display, self._context)
        self._context = None

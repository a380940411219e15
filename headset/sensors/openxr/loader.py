"""The seam over pyopenxr: its module, imported without what it does to PyOpenGL, and its errors.

pyopenxr is untyped to us, so `openxr()` gives it as `Any`. Of it we use the structures, the function
types and the loader; functions are called by `Instance.function`, for its wrappers of several getters
pass empty arrays, and cost more than the calls do.

On Linux the import would load libGL and turn PyOpenGL to GLX, for a few types of structures that only
a session with graphics uses; it would break EGL in this process, and fail where there is no libGL.
So it is shown plain pointers in their place. Nothing else may import PyOpenGL meanwhile.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from types import ModuleType
from typing import Any, Final

from ...errors import HeadsetError

_QUIET: Final = {"XR_LOADER_DEBUG": "none", "OXR_NO_PRINTING": "1", "IPC_LOG": "off"}
"""The loader and Monado's and WiVRn's libraries print what they also return; unless told to."""

_IMPORTING: Final = Lock()

_GONE: Final = {
    "ERROR_INSTANCE_LOST", "ERROR_SESSION_LOST", "ERROR_RUNTIME_UNAVAILABLE", "ERROR_HANDLE_INVALID",
}  # fmt: skip


class OpenXrError(HeadsetError):
    """A call that OpenXR refused.

    Attributes:
        result: Its name: `ERROR_SESSION_LOST`.
        gone: Whether session or instance are beyond use; all must be closed and opened anew.
    """

    def __init__(self, message: str, *, result: str = "", gone: bool = False) -> None:
        super().__init__(message)
        self.result = result
        self.gone = gone or result in _GONE


def openxr() -> Any:
    """Return pyopenxr's module `xr`.

    Raises:
        HeadsetError: It, or its loader's library, cannot be loaded here.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        with _IMPORTING:
            if "xr" in sys.modules:
                return import_module("xr")
            with _without_opengl():
                return import_module("xr")
    except (ImportError, AttributeError, OSError, NotImplementedError) as cause:
        raise HeadsetError(
            f"pyopenxr: cannot be loaded ({cause}): run `pip install --force-reinstall pyopenxr`"
        ) from cause


def checked(call: str, result: int) -> int:
    """Return the result of a call that was not refused (some say more than success).

    Raises:
        OpenXrError: It was refused.
    """
    if result >= 0:
        return result
    try:
        name = str(openxr().Result(result).name)
    except ValueError:  # newer than pyopenxr
        name = f"error {result}"
    remedy = "it is opened again by itself" if name in _GONE else "see the runtime's own log"
    raise OpenXrError(f"OpenXR: {call} says {name}: {remedy}", result=name)


@contextmanager
def _without_opengl() -> Generator[None]:
    """Let an import see the few types it wants of PyOpenGL, and PyOpenGL not notice it."""
    if not sys.platform.startswith("linux"):
        yield  # there it asks for no more than types
        return
    package, platform = ModuleType("OpenGL"), ModuleType("OpenGL.platform")
    glx_platform, glx = ModuleType("OpenGL.platform.glx"), ModuleType("OpenGL.GLX")
    vars(glx_platform)["GLXPlatform"] = type("GLXPlatform", (), {})
    vars(platform)["PLATFORM"] = vars(glx_platform)["GLXPlatform"]()
    vars(glx).update(
        Display=ctypes.c_void_p,
        GLXFBConfig=ctypes.c_void_p,
        GLXContext=ctypes.c_void_p,
        GLXDrawable=ctypes.c_ulong,
    )
    vars(package).update(platform=platform, GLX=glx)
    shown: dict[str, ModuleType | None] = {
        "OpenGL": package,
        "OpenGL.platform": platform,
        "OpenGL.platform.glx": glx_platform,
        "OpenGL.GLX": glx,
        "OpenGL.EGL": None,  # pyopenxr then takes pointers for its types by itself
    }
    hidden = {name: sys.modules.pop(name, None) for name in shown}
    sys.modules.update(shown)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name, module in hidden.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module

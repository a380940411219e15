"""The seam over PyOpenGL: imported once a context stands, and the few objects made with it.

PyOpenGL is untyped, so `api()` gives its `OpenGL.GL` as `Any` and everything kept longer than a
frame is made by a typed function or class here. Written to OpenGL 4.1 (bind, then edit); what is
newer, compute and persistent mapping, is asked for by `at_least`.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import HeadsetError

Array = NDArray[Any]

VERSIONS: Final = ((4, 5), (4, 1))
"""Asked for in turn, core profile: with compute; without it, for the morph on the CPU."""

_FLAGS: Final[dict[str, bool]] = {
    "ERROR_CHECKING": False,  # a glGetError after each call syncs threaded drivers; see `check`
    "ERROR_LOGGING": False,
    "ERROR_ON_COPY": True,  # an array that would be copied silently is a mistake of ours
    "STORE_POINTERS": False,  # honoured only together with ERROR_ON_COPY
    "ARRAY_SIZE_CHECKING": False,
}

_api: Any = None
_platform: str | None = None

NULL: Final = ctypes.c_void_p(0)


def offset(start: int) -> ctypes.c_void_p:
    """Return a place in a bound buffer, in bytes, as OpenGL takes it."""
    return ctypes.c_void_p(start)


def load(platform: str) -> Any:
    """Import PyOpenGL for a kind of context, which must be current.

    PyOpenGL asks its platform for the current context, so a platform that differs from the
    context's makes every later call fail; it is chosen by an environment variable, once.

    Args:
        platform: `egl`, `glx`, `nt` or `darwin`.

    Returns:
        The module `OpenGL.GL`.

    Raises:
        HeadsetError: This interpreter has PyOpenGL loaded for another platform, or none at all.
    """
    global _api, _platform
    if _platform is None:
        before = os.environ.get("PYOPENGL_PLATFORM")
        os.environ["PYOPENGL_PLATFORM"] = platform
        try:
            package = import_module("OpenGL")
            for flag, value in _FLAGS.items():
                setattr(package, flag, value)
            _api = import_module("OpenGL.GL")
            if not _api.glGetString:  # PyOpenGL imports without libOpenGL, its functions empty
                raise OSError("libOpenGL.so.0 is not installed")
        except (ImportError, AttributeError, OSError) as cause:
            _api = None
            raise HeadsetError(
                f"PyOpenGL: does not load for {platform} ({cause}): on Debian or Ubuntu run "
                "`apt-get install libegl1 libgl1-mesa-dri libopengl0`"
            ) from cause
        finally:
            if before is None:
                del os.environ["PYOPENGL_PLATFORM"]
            else:
                os.environ["PYOPENGL_PLATFORM"] = before
        _platform = platform
    elif _platform != platform:
        raise HeadsetError(
            f"OpenGL: loaded for {_platform}, now asked for {platform}: use one kind of context "
            "in one process"
        )
    return _api


def api() -> Any:
    """Return the module `OpenGL.GL`.

    Raises:
        HeadsetError: No context was opened yet.
    """
    if _api is None:
        raise HeadsetError("OpenGL: no context: open one first (`compositor.context`)")
    return _api


@contextmanager
def seen_through(seen: Callable[[Any], Any]) -> Generator[None]:
    """Have `api` return what is made of it, for a while: something that counts or times calls.

    Args:
        seen: From the module to what stands for it.
    """
    global _api
    before = api()
    _api = seen(before)
    try:
        yield
    finally:
        _api = before


def at_least(major: int, minor: int) -> bool:
    """Say whether the current context is of this OpenGL version or newer."""
    gl = api()
    return (gl.glGetIntegerv(gl.GL_MAJOR_VERSION), gl.glGetIntegerv(gl.GL_MINOR_VERSION)) >= (
        major,
        minor,
    )


def has(extension: str) -> bool:
    """Say whether the current context has an extension, e.g. `GL_ARB_clip_control`."""
    gl = api()
    count = int(gl.glGetIntegerv(gl.GL_NUM_EXTENSIONS))
    wanted = extension.encode()
    return any(gl.glGetStringi(gl.GL_EXTENSIONS, number) == wanted for number in range(count))


def check(what: str) -> None:
    """Raise what OpenGL has to complain of since the last check.

    Raises:
        HeadsetError: There is an error; the message says during what.
    """
    error = api().glGetError()
    if error:
        raise HeadsetError(
            f"OpenGL: error 0x{int(error):04x} during {what}: update the graphics driver, or "
            "report this together with `unvisor doctor`"
        )


def shader_text(
    *names: str, defines: dict[str, str], version: int, extension: str | None = None
) -> str:
    """Return shader files of this package joined into one source, which says their names.

    Args:
        names: File names without `.glsl`, in order.
        defines: Macros set before the first file.
        version: Of the shading language, e.g. 410.
        extension: What it asks for beyond that.
    """
    parts = [f"#version {version} core", f"// {' '.join(names)}"]
    parts += [f"#extension {extension} : require"] if extension else []
    parts += [f"#define {name} {value}" for name, value in defines.items()]
    for number, name in enumerate(names):  # so that a compiler names the file by its number
        text = files(__package__ or "").joinpath(f"{name}.glsl").read_text(encoding="utf-8")
        parts += [f"#line 1 {number}", text]
    return "\n".join(parts)


def program(**stages: str) -> int:
    """Compile and link a program.

    Args:
        stages: Source by stage: `vertex`, `fragment`, `compute`.

    Raises:
        HeadsetError: The driver refuses it; carries the compiler's first words.
    """
    gl = api()
    kinds = {
        "vertex": gl.GL_VERTEX_SHADER,
        "fragment": gl.GL_FRAGMENT_SHADER,
        "compute": gl.GL_COMPUTE_SHADER,
    }
    made = gl.glCreateProgram()
    for stage, source in stages.items():
        shader = gl.glCreateShader(kinds[stage])
        gl.glShaderSource(shader, source.encode())
        gl.glCompileShader(shader)
        if not gl.glGetShaderiv(shader, gl.GL_COMPILE_STATUS):
            raise _refused(f"{stage} shader", gl.glGetShaderInfoLog(shader))
        gl.glAttachShader(made, shader)
        gl.glDeleteShader(shader)  # lives on with the program
    gl.glLinkProgram(made)
    if not gl.glGetProgramiv(made, gl.GL_LINK_STATUS):
        raise _refused("shader program", gl.glGetProgramInfoLog(made))
    return int(made)


def _refused(what: str, log: bytes | str) -> HeadsetError:
    text = log.decode(errors="replace") if isinstance(log, bytes) else log
    return HeadsetError(
        f"OpenGL: the driver refuses a {what} ({text.strip()[:300]}): update the graphics driver"
    )


def bind_block(made: int, block: str, binding: int) -> None:
    """Tie a program's uniform block to a binding point; a block it does not use is passed over."""
    gl = api()
    index = gl.glGetUniformBlockIndex(made, block.encode())
    if index != gl.GL_INVALID_INDEX:
        gl.glUniformBlockBinding(made, index, binding)


def buffer(content: Array | int, *, dynamic: bool = False) -> int:
    """Make a buffer.

    Args:
        content: What it holds, contiguous; or its size in bytes, unfilled.
        dynamic: Whether it is written again later.
    """
    gl = api()
    name = int(gl.glGenBuffers(1))
    gl.glBindBuffer(gl.GL_ARRAY_BUFFER, name)
    usage = gl.GL_DYNAMIC_DRAW if dynamic else gl.GL_STATIC_DRAW
    if isinstance(content, int):
        gl.glBufferData(gl.GL_ARRAY_BUFFER, content, None, usage)
    else:
        gl.glBufferData(gl.GL_ARRAY_BUFFER, content.nbytes, np.ascontiguousarray(content), usage)
    return name


def rewrite(name: int, content: Array) -> None:
    """Overwrite a buffer from its start."""
    gl = api()
    gl.glBindBuffer(gl.GL_ARRAY_BUFFER, name)
    gl.glBufferSubData(gl.GL_ARRAY_BUFFER, 0, content.nbytes, content)


def contents(name: int, nbytes: int) -> NDArray[np.uint8]:
    """Return what a buffer holds, waiting for the GPU: for tests, not for frames."""
    gl = api()
    out = np.empty(nbytes, np.uint8)
    gl.glBindBuffer(gl.GL_ARRAY_BUFFER, name)
    gl.glGetBufferSubData(gl.GL_ARRAY_BUFFER, 0, nbytes, out)
    return out


def delete_buffers(*names: int) -> None:
    """Give buffers back."""
    api().glDeleteBuffers(len(names), np.array(names, np.uint32))

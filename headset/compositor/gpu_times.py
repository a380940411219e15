"""How long the GPU takes for each part of a stereo frame, by timer queries.

Between us and OpenGL stands, for as long as that is measured, what notes the GPU's own time before and
after each call that gives it work; a frame that nobody measures has nothing to do with it. Work is named
by the program that does it, and that by its shader's files: `morph`, `normals`, `skin`, `eye`, …
"""

from __future__ import annotations

import ctypes
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT
from . import gl
from .avatar import Avatar
from .context import Context, GlReport
from .stereo.renderer import StereoRenderer
from .stereo.views import EYES, EyeViews

FULL: Final = (2064, 2208)
"""One eye's picture of a current headset (Quest 3, at 100 %), pixels."""

SMALL: Final = (516, 552)
"""A sixteenth of that: what a CPU can draw meanwhile."""

FEW: Final = 20
"""Frames that a CPU draws in a bearable time."""

WHOLE: Final = "whole frame"
"""From the first work's start to the last one's end."""

_WORK: Final = re.compile(r"gl(Draw|MultiDraw|Dispatch|Blit|Clear(Named)?(Framebuffer|Buffer))\w*")
_SHARED: Final = frozenset(
    {"blocks", "light", "vertex", "fragment", "screen", "studio", "material", "dressed"}
)
_WARM_UP: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuTimes:
    """What a measurement found.

    Attributes:
        report: What drew.
        size: Width and height of one eye's picture, pixels.
        samples: To a pixel, asked for.
        vertices: The avatar's.
        targets: Those of ARKit's that it has.
        layered: Whether both eyes were drawn at once.
        stages_ns: By name, one number a frame; all of a name's work in a frame is added up.
    """

    report: GlReport
    size: tuple[int, int]
    samples: int
    vertices: int
    targets: int
    layered: bool
    stages_ns: dict[str, list[int]]


class _Timed:
    """Stands for the module OpenGL.GL, with a timestamp on either side of work."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._names: dict[int, str] = {}
        self._shaders: dict[int, str] = {}
        self._program = 0
        self._queries: list[int] = []
        self._noted: list[str] = []
        self._out = (ctypes.c_uint64 * 1)()  # PyOpenGL 3.1 knows no numpy type for these

    def __getattr__(self, name: str) -> Any:
        """Return a function or constant of the module; once, then it is an attribute."""
        found = getattr(self._module, name)
        if name.startswith("gl") and _WORK.fullmatch(name):
            found = self._timing(name, found)
        setattr(self, name, found)
        return found

    def glShaderSource(self, shader: int, source: bytes) -> None:  # noqa: N802 - OpenGL's word
        """Hear which files a shader is of: `gl.shader_text` says so in its second line."""
        said = source.partition(b"\n// ")[2].partition(b"\n")[0].decode()
        own = [word for word in said.split() if word not in _SHARED]
        self._shaders[int(shader)] = " ".join(own)
        self._module.glShaderSource(shader, source)

    def glAttachShader(self, program: int, shader: int) -> None:  # noqa: N802
        """Hear which shaders a program is of; the last one that has files of its own names it."""
        self._names[int(program)] = self._shaders.get(int(shader)) or self._names.get(program, "")
        self._module.glAttachShader(program, shader)

    def glUseProgram(self, program: int) -> None:  # noqa: N802
        """Hear which program does the work that follows."""
        self._program = int(program)
        self._module.glUseProgram(program)

    def frame(self) -> dict[str, int]:
        """Return what the work since the last call took, nanoseconds; waits for the GPU."""
        self._module.glFinish()
        spent: defaultdict[str, int] = defaultdict(int)
        if self._noted:
            times = [self._read(query) for query in self._queries[: 2 * len(self._noted)]]
            for name, began, ended in zip(self._noted, times[::2], times[1::2], strict=True):
                spent[name] += ended - began
            spent[WHOLE] = times[-1] - times[0]
        self._noted.clear()
        return spent

    def close(self) -> None:
        """Give the queries back."""
        names = np.array(self._queries, np.uint32)
        self._module.glDeleteQueries(len(names), names)

    def _timing(self, name: str, work: Any) -> Any:
        fixed = "clear" if "Clear" in name else "resolve" if "Blit" in name else ""

        def timed(*arguments: Any) -> None:
            self._note(2 * len(self._noted))
            work(*arguments)
            self._noted.append(fixed or self._names.get(self._program) or "unnamed")
            self._note(2 * len(self._noted) - 1)

        return timed

    def _note(self, number: int) -> None:
        while number >= len(self._queries):
            self._queries += [int(name) for name in self._module.glGenQueries(64)]
        self._module.glQueryCounter(self._queries[number], self._module.GL_TIMESTAMP)

    def _read(self, query: int) -> int:
        self._module.glGetQueryObjectui64v(query, self._module.GL_QUERY_RESULT, self._out)
        return int(self._out[0])


def gpu_times(
    avatar: Avatar, *, size: tuple[int, int] | None = None, samples: int = 4, frames: int = 200
) -> GpuTimes:
    """Draw an avatar for two eyes, half a metre off, every target moving, and time the GPU's work.

    Args:
        avatar: What to draw.
        size: Width and height of one eye's picture; `FULL` by default, `SMALL` where a CPU draws.
        samples: To a pixel.
        frames: How many to time; `FEW` where a CPU draws.

    Raises:
        HeadsetError: Nothing draws here, or not so.
    """
    with Context() as context:
        if context.report.software:
            size, frames = size or SMALL, min(frames, FEW)
        size = size or FULL
        timed = _Timed(gl.api())
        lit = np.ones((len(avatar.positions), 4), np.float32)  # to bake it would change no time
        with (
            gl.seen_through(lambda _: timed),
            StereoRenderer(avatar, light=lit, size=size, samples=samples) as renderer,
        ):
            stages = _timed_frames(timed, renderer, frames)
            layered = renderer.layered
        timed.close()
    return GpuTimes(
        report=context.report,
        size=size,
        samples=samples,
        vertices=len(avatar.positions),
        targets=len(avatar.targets),
        layered=layered,
        stages_ns=stages,
    )


def _timed_frames(timed: _Timed, renderer: StereoRenderer, frames: int) -> dict[str, list[int]]:
    api = gl.api()
    images = [texture(api.GL_SRGB8_ALPHA8, renderer.size) for _ in range(EYES)]
    views, located = EyeViews(), before_a_face()
    moved = np.random.default_rng(0).uniform(0.0, 1.0, (_WARM_UP + frames, len(ARKIT)))
    stages: defaultdict[str, list[int]] = defaultdict(list)
    timed.frame()
    for number, weights in enumerate(moved):
        views.place(located, np.eye(4))
        renderer.draw(views, weights, np.full((2, 3), np.nan))
        for eye, image in enumerate(images):
            renderer.resolve(eye, image, renderer.size, api.GL_SRGB8_ALPHA8)
        spent = timed.frame()
        if number >= _WARM_UP:
            for name, ns in spent.items():
                stages[name].append(ns)
    gl.check("timing the GPU's work")
    renderer.forget()
    api.glDeleteTextures(len(images), np.array(images, np.uint32))
    return dict(stages)


def before_a_face(distance_m: float = 0.5) -> NDArray[np.float32]:
    """Return two eyes (2, 11), as `EyeViews.place` takes them, so far before the origin."""
    half_rad, eyes_m = 0.8, 0.063
    views = np.zeros((EYES, 11), np.float32)
    views[:, 3] = 1.0
    views[:, 4] = -eyes_m / 2, eyes_m / 2
    views[:, 6] = distance_m
    views[:, 7:] = -half_rad, half_rad, half_rad, -half_rad
    return views


def texture(image_format: int, size: tuple[int, int]) -> int:
    """Make a texture to resolve into, as a runtime would."""
    api = gl.api()
    name = int(api.glGenTextures(1))
    api.glBindTexture(api.GL_TEXTURE_2D, name)
    depth = image_format == api.GL_DEPTH_COMPONENT32F
    layout, component = (
        (api.GL_DEPTH_COMPONENT, api.GL_FLOAT) if depth else (api.GL_RGBA, api.GL_UNSIGNED_BYTE)
    )
    api.glTexImage2D(api.GL_TEXTURE_2D, 0, image_format, *size, 0, layout, component, gl.NULL)
    return name

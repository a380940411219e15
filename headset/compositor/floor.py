"""What drawing costs the CPU when the GPU costs nothing.

Mesa's drivers do no work under `GALLIUM_NOOP=1`, so what is left is ours: Python, PyOpenGL and the
driver's front. The variable counts only before the driver is loaded, hence a process of its own.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_MS, now_ns
from ..errors import HeadsetError
from ..frame import FORWARD
from ..link_layout import FACE, DrawnFace
from ..names import ARKIT
from . import gl
from .avatar import Avatar, Region, Target
from .context import Context
from .renderer import Renderer
from .stereo.renderer import StereoRenderer
from .stereo.views import EYES, EyeViews

_WARM_UP: Final = 50
_TIMEOUT_S: Final = 120.0


def cpu_cost_ms(frames: int, *, timeout_s: float = _TIMEOUT_S) -> NDArray[np.float64]:
    """Return what each of so many `Renderer.draw` calls costs the CPU, milliseconds, (frames,).

    On a driver that is not Mesa's the variable does nothing, and the driver's own work is in it.

    Raises:
        HeadsetError: Nothing draws here, or not within `timeout_s`.
    """
    return _apart("one", frames, timeout_s)


def cpu_cost_stereo_ms(frames: int, *, timeout_s: float = _TIMEOUT_S) -> NDArray[np.float64]:
    """Return what each of so many frames for two eyes costs the CPU, milliseconds, (frames,).

    All of a frame that is ours: placing the views, carrying the newest face on, both pictures behind a
    mask, their resolving with depth. On a driver that is not Mesa's the driver's own work is in it.

    Raises:
        HeadsetError: Nothing draws here, or not within `timeout_s`.
    """
    return _apart("two", frames, timeout_s)


def _apart(eyes: str, frames: int, timeout_s: float) -> NDArray[np.float64]:
    """Time frames in a process of its own."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-m", __name__, eyes, str(frames)],
            env={**os.environ, "GALLIUM_NOOP": "1"},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as cause:
        raise HeadsetError(
            f"compositor: {frames} frames took over {timeout_s:g} s to time: "
            "time fewer, or see `unvisor doctor`"
        ) from cause
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise HeadsetError(f"compositor: cannot be timed ({reason[0]}): see `unvisor doctor`")
    return np.array(json.loads(done.stdout))


def timed_ms(frames: int) -> NDArray[np.float64]:
    """Time `Renderer.draw` in this process, milliseconds, (frames,).

    A small mesh with all targets: under a driver that does nothing its size is of no account.
    """
    weights = np.full(len(ARKIT), 0.3)
    with Renderer(small_head(), size=(64, 64)) as renderer:
        return _timed_ms(lambda: renderer.draw(weights, FORWARD), frames)


def timed_stereo_ms(frames: int) -> NDArray[np.float64]:
    """Time frames for two eyes in this process, milliseconds, (frames,)."""
    size = (64, 64)
    located = np.tile(
        np.array([0, 0, 0, 1, 0, 0, 0.7, -0.8, 0.7, 0.7, -0.8], np.float32), (EYES, 1)
    )
    face, model, views = DrawnFace(np.zeros(1, FACE.record)[0]), np.eye(4), EyeViews()
    with Context(), StereoRenderer(small_head(), size=size) as renderer:
        api = gl.api()
        images = [_texture(api.GL_SRGB8_ALPHA8, size) for _ in range(EYES)]
        depths = [_texture(api.GL_DEPTH_COMPONENT32F, size) for _ in range(EYES)]
        for eye in range(EYES):
            renderer.hide(eye, np.eye(3, 2, dtype=np.float32), np.arange(3).reshape(1, 3))

        def frame() -> None:
            views.place(located, model)
            renderer.draw_latched(views, face.at, 0)
            for eye, (image, depth) in enumerate(zip(images, depths, strict=True)):
                renderer.resolve(eye, image, size, api.GL_SRGB8_ALPHA8, depth=depth)

        spent = _timed_ms(frame, frames)
        gl.check("timing two eyes' pictures")
    return spent


def _timed_ms(frame: Callable[[], None], frames: int) -> NDArray[np.float64]:
    """Time a call so many times, after a few to warm up; without the collector, as in a headset."""
    spent = np.empty(_WARM_UP + frames)
    gc.collect()
    gc.disable()
    try:
        for number in range(len(spent)):
            start = now_ns()
            frame()
            spent[number] = (now_ns() - start) / NS_PER_MS
    finally:
        gc.enable()
    return spent[_WARM_UP:]


def _texture(image_format: int, size: tuple[int, int]) -> int:
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


def small_head() -> Avatar:
    """Return the least that uses all of the renderer: a square in every region, every target."""
    square = np.array([[-0.1, -0.1, 0], [0.1, -0.1, 0], [0.1, 0.1, 0], [-0.1, 0.1, 0]], np.float32)
    regions = len(Region)
    corners = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)
    target = Target(
        index=np.arange(4 * regions, dtype=np.uint32),
        delta=np.full((4 * regions, 3), 0.001, np.float32),
    )
    return Avatar(
        positions=np.tile(square, (regions, 1)),
        triangles=np.concatenate([corners + 4 * region for region in range(regions)]).astype(
            np.uint32
        ),
        colours=np.full((4 * regions, 4), 0.5, np.float32),
        region=np.repeat(np.arange(regions, dtype=np.uint8), 4),
        targets=dict.fromkeys(ARKIT, target),
        eye_centre=np.array([[0.03, 0, 0], [-0.03, 0, 0]], np.float32),
        eye_radius_m=0.012,
        eye=np.full(4 * regions, -1, np.int8),
    )


if __name__ == "__main__":
    timed = timed_stereo_ms if sys.argv[1] == "two" else timed_ms
    sys.stdout.write(json.dumps(timed(int(sys.argv[2])).tolist()))

"""What `floor` times, in a process of its own."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_MS, NS_PER_S, now_ns
from ..frame import FORWARD
from ..link_layout import FACE, DrawnFace
from ..names import ARKIT
from ..pace import sleep_until
from . import gl
from .baked import prepared_head
from .context import Context
from .floor import small_head
from .gpu_times import before_a_face, texture
from .renderer import Renderer
from .stereo.renderer import SAMPLES, StereoRenderer
from .stereo.views import EYES, EyeViews

_WARM_UP: Final = 50
_FINE_S: Final = 1e-5
"""Of a clock that can tell what one frame's work takes."""


def timed_ms(frames: int, rate_hz: float | None = None) -> NDArray[np.float64]:
    """Time `Renderer.draw` in this process, milliseconds, (2, frames).

    A small mesh with all targets: under a driver that does nothing its size is of no account.
    """
    weights = np.full(len(ARKIT), 0.3)
    with Renderer(small_head(), size=(64, 64)) as renderer:
        return repeated_ms(lambda: renderer.draw(weights, FORWARD), frames, rate_hz)


def timed_stereo_ms(frames: int, rate_hz: float | None = None) -> NDArray[np.float64]:
    """Time frames for two eyes in this process, milliseconds, (2, frames)."""
    size = (64, 64)
    located = before_a_face()
    face, model, views = DrawnFace(np.zeros(1, FACE.record)[0]), np.eye(4), EyeViews()
    with Context(), StereoRenderer(small_head(), size=size) as renderer:
        api = gl.api()
        images = [texture(api.GL_SRGB8_ALPHA8, size) for _ in range(EYES)]
        depths = [texture(api.GL_DEPTH_COMPONENT32F, size) for _ in range(EYES)]
        for eye in range(EYES):
            renderer.hide(eye, np.eye(3, 2, dtype=np.float32), np.arange(3).reshape(1, 3))

        def frame() -> None:
            views.place(located, model)
            renderer.draw_latched(views, face.at, 0)
            for eye, (image, depth) in enumerate(zip(images, depths, strict=True)):
                renderer.resolve(eye, image, size, api.GL_SRGB8_ALPHA8, depth=depth)

        spent = repeated_ms(frame, frames, rate_hz)
        gl.check("timing two eyes' pictures")
    return spent


def yardstick_ms(frames: int, rate_hz: float | None = None) -> NDArray[np.float64]:
    """Return what a fixed piece of Python costs, (2, frames): what pacing makes of any work.

    Two hundred turns of a loop, and twenty small calls of NumPy's; it allocates nothing that stays.
    """
    left, right, out = np.ones((4, 4), np.float32), np.eye(4, dtype=np.float32), np.empty((4, 4))

    def work() -> None:
        total = 0
        for number in range(200):
            total += number
        for _ in range(20):
            np.add(left, right, out=out)

    return repeated_ms(work, frames, rate_hz)


def first_picture(cached: int) -> NDArray[np.float64]:
    """Draw the default head for both eyes in this process, once, with a light from the cache or not."""
    size = (258, 276)  # what a CPU would take long for is not what is timed
    with Context() as context:
        head, light = prepared_head(cached=bool(cached))
        with StereoRenderer(
            head, light=light, size=size, samples=1 if context.report.software else SAMPLES
        ) as renderer:
            api, views = gl.api(), EyeViews()
            views.place(before_a_face(), np.eye(4))
            renderer.draw(views, np.zeros(len(ARKIT)), FORWARD)
            for eye in range(EYES):
                image = texture(api.GL_SRGB8_ALPHA8, size)
                renderer.resolve(eye, image, size, api.GL_SRGB8_ALPHA8)
            api.glFinish()
            gl.check("drawing the first picture")
    return np.zeros(0)


def repeated_ms(
    frame: Callable[[], None], frames: int, rate_hz: float | None = None
) -> NDArray[np.float64]:
    """Time a call so many times, after a few to warm up; without the collector, as in a headset."""
    spent = np.empty((2, _WARM_UP + frames))
    fine = time.get_clock_info("thread_time").resolution < _FINE_S
    period_ns = 0 if rate_hz is None else round(NS_PER_S / rate_hz)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        due_ns = now_ns()
        for number in range(_WARM_UP + frames):
            due_ns += period_ns
            if period_ns:
                sleep_until(due_ns)
            start_ns, worked_ns = now_ns(), time.thread_time_ns()
            frame()
            spent[1, number] = (time.thread_time_ns() - worked_ns) / NS_PER_MS
            spent[0, number] = (now_ns() - start_ns) / NS_PER_MS
    finally:
        gc.enable()
        gc.unfreeze()
    if not fine:
        spent[1] = np.nan
    return spent[:, _WARM_UP:]


def main(what: str, frames: str, rate_hz: str | None = None) -> None:
    """Print what was timed, as JSON."""
    count, rate = int(frames), None if rate_hz is None else float(rate_hz)
    match what:
        case "one":
            spent = timed_ms(count, rate)
        case "two":
            spent = timed_stereo_ms(count, rate)
        case "yardstick":
            spent = yardstick_ms(count, rate)
        case _:
            spent = first_picture(count)
    sys.stdout.write(json.dumps(spent.tolist()))


if __name__ == "__main__":
    main(*sys.argv[1:])

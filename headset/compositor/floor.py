"""What drawing costs the CPU when the GPU costs nothing.

Mesa's drivers do no work under `GALLIUM_NOOP=1`, so what is left is ours: Python, PyOpenGL and the
driver's front. The variable counts only before the driver is loaded, hence a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clock import now_ns, seconds
from ..errors import HeadsetError
from ..names import ARKIT
from .avatar import Avatar, Region, Target

_TIMEOUT_S: Final = 120.0
_INSIDE: Final = "unvisor.headset.compositor.floor_inside"


def cpu_cost_ms(frames: int, *, timeout_s: float = _TIMEOUT_S) -> NDArray[np.float64]:
    """Return what each of so many `Renderer.draw` calls costs, milliseconds, (2, frames).

    The time that passes, and what of it the processor works for us: others may have it meanwhile. The
    second is NaN where the system does not tell so finely (Windows).

    On a driver that is not Mesa's the variable does nothing, and the driver's own work is in it.

    Raises:
        HeadsetError: Nothing draws here, or not within `timeout_s`.
    """
    return _apart("one", frames, timeout_s)


def cpu_cost_stereo_ms(
    frames: int, *, rate_hz: float | None = None, timeout_s: float = _TIMEOUT_S
) -> NDArray[np.float64]:
    """Return what each of so many frames for two eyes costs, milliseconds, (2, frames).

    Time and processor's time, as `cpu_cost_ms` has them, of all of a frame that is ours: placing the
    views, carrying the newest face on, both pictures behind a mask, their resolving with depth.

    Args:
        frames: How many.
        rate_hz: Frames a second, the time between them slept away, as on a display: then caches go cold
            and the processor slows down. By default one follows the other.
        timeout_s: How long that may take.

    Raises:
        HeadsetError: Nothing draws here, or not within `timeout_s`.
    """
    return _apart("two", frames, timeout_s, rate_hz)


def yardstick_ms(
    frames: int, *, rate_hz: float | None = None, timeout_s: float = _TIMEOUT_S
) -> NDArray[np.float64]:
    """Return what a fixed piece of Python costs, milliseconds, (2, frames).

    It shows what pacing makes of any work on this machine; 30 µs where nothing else runs.

    Raises:
        HeadsetError: Not within `timeout_s`.
    """
    return _apart("yardstick", frames, timeout_s, rate_hz)


def first_picture_s(*, cached: bool, timeout_s: float = _TIMEOUT_S) -> float:
    """Return how long a fresh process takes to both eyes' first picture of the default head, seconds.

    From its start: importing, a context, head and light, shaders, drawing, the GPU's end. A session of
    the headset's comes on top.

    Args:
        cached: Whether head and light may come from the user's cache; else they are made.
        timeout_s: How long it may take.

    Raises:
        HeadsetError: Nothing draws here, or not within `timeout_s`.
    """
    began_ns = now_ns()
    _apart("first", int(cached), timeout_s, noop=False)
    return seconds(now_ns() - began_ns)


def _apart(
    what: str, frames: int, timeout_s: float, rate_hz: float | None = None, *, noop: bool = True
) -> NDArray[np.float64]:
    """Run `floor_inside.main` in a process of its own; return what it prints."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-P", "-m", _INSIDE, what, str(frames)]
            + ([] if rate_hz is None else [str(rate_hz)]),
            env={**os.environ, **({"GALLIUM_NOOP": "1"} if noop else {})},
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

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

from ..clock import NS_PER_MS, now_ns
from ..errors import HeadsetError
from ..frame import FORWARD
from ..names import ARKIT
from .avatar import Avatar, Region, Target
from .renderer import Renderer

_WARM_UP: Final = 50
_TIMEOUT_S: Final = 120.0


def cpu_cost_ms(frames: int, *, timeout_s: float = _TIMEOUT_S) -> NDArray[np.float64]:
    """Return what each of so many `Renderer.draw` calls costs the CPU, milliseconds, (frames,).

    On a driver that is not Mesa's the variable does nothing, and the driver's own work is in it.

    Raises:
        HeadsetError: Nothing draws here, or not within `timeout_s`.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-m", __name__, str(frames)],
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
    spent = np.empty(_WARM_UP + frames)
    with Renderer(small_head(), size=(64, 64)) as renderer:
        for number in range(len(spent)):
            start = now_ns()
            renderer.draw(weights, FORWARD)
            spent[number] = (now_ns() - start) / NS_PER_MS
    return spent[_WARM_UP:]


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
    sys.stdout.write(json.dumps(timed_ms(int(sys.argv[1])).tolist()))

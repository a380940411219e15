"""What drawing costs on this machine, each figure beside the goal it is held to."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from ...headset.clock import NS_PER_S, now_ns, seconds
from ...headset.compositor import floor
from ...headset.compositor.avatar import Avatar
from ...headset.compositor.avatars.file import load
from ...headset.compositor.baked import default_head
from ...headset.compositor.context import Context
from ...headset.compositor.figure import Figure
from ...headset.compositor.gpu_times import SMALL, WHOLE, GpuTimes, gpu_times
from ...headset.compositor.morph import Morph
from ...headset.compositor.occlusion import baked_light
from ...headset.errors import HeadsetError
from ...headset.expressions import gaze_from_angles
from ...headset.names import ARKIT
from .benchmark import Cost, cost
from .benchmark_avatars import finer, harmful, write

DISPLAY_HZ: Final = 90.0
MANY: Final = 60_000
"""Vertices of a large avatar."""

USUAL: Final = 26_000
"""Vertices of an avatar as a capture's rig has it."""

GOALS_MS: Final = {50: 0.5, 99: 1.5}
"""What a stereo frame is to cost at the median and at the 99th percentile."""

_POSES: Final = 20
_NS_PER_MS: Final = NS_PER_S // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure.

    Attributes:
        stage: Of what.
        value: How much, in `unit`.
        unit: Its unit.
        goal: What it is not to exceed; None where there is no such thing.
    """

    stage: str
    value: float
    unit: str
    goal: float | None = None


Step = Callable[[str], None]


def drawing(frames: int, step: Step) -> list[Measured]:
    """Measure all of it.

    Args:
        frames: Of those that are timed one by one; paced ones are a quarter as many.
        step: Told what was done, `STEPS` times.

    Raises:
        HeadsetError: Nothing draws here.
    """
    found = cpu(frames)
    step("processor")
    found += start()
    step("first picture")
    found += software()
    step("drawing")
    head = default_head()
    large = finer(head, MANY)
    found += loading(large)
    step("loading")
    found += harm()
    step("harmful files")
    found += [*oracle("default head", head), *oracle(f"{MANY} vertices", large)]
    step("morph")
    return found


STEPS: Final = 6


def cpu(frames: int) -> list[Measured]:
    """Measure what a stereo frame costs the processor on a driver that does nothing."""
    found: list[Measured] = []
    for rate_hz, count in ((None, frames), (DISPLAY_HZ, max(100, frames // 4))):
        paced = "back to back" if rate_hz is None else f"paced at {rate_hz:g} Hz"
        for what, goals, spent in (
            ("stereo frame", GOALS_MS, floor.cpu_cost_stereo_ms(count, rate_hz=rate_hz)),
            ("a fixed piece of Python", {}, floor.yardstick_ms(count, rate_hz=rate_hz)),
        ):
            for of, times in zip(("time", "processor"), spent, strict=True):
                found += [
                    Measured(
                        stage=f"{what}, {paced}, {of} p{share}",
                        value=float(np.quantile(times, share / 100)),
                        unit="ms",
                        goal=goals.get(share),
                    )
                    for share in (50, 99)
                    if np.isfinite(times).all()
                ]
    return found


def start() -> list[Measured]:
    """Measure how long a fresh process takes to its first picture."""
    default_head()  # what the cache is to hold
    floor.first_picture_s(cached=True)
    return [
        Measured(stage="first picture, all made", value=floor.first_picture_s(cached=False), unit="s"),
        Measured(stage="first picture, from the cache", value=floor.first_picture_s(cached=True),
                 unit="s"),
    ]  # fmt: skip


def software() -> list[Measured]:
    """Measure drawing at a size that a CPU can draw too."""
    times = gpu_times(default_head(), size=SMALL, samples=1, frames=30)
    whole_ms = float(np.median(times.stages_ns[WHOLE])) / _NS_PER_MS
    what = f"both eyes, {SMALL[0]} x {SMALL[1]}, by {times.report.renderer}"
    return [Measured(stage=what, value=whole_ms, unit="ms")]


def loading(avatar: Avatar) -> list[Measured]:
    """Measure reading an avatar from a file, and baking its light."""
    with TemporaryDirectory(prefix="unvisor-") as folder:
        path = Path(folder) / "large.glb"
        write(path, avatar)
        began_ns = now_ns()
        found = load(path)
        took_s = seconds(now_ns() - began_ns)
    with Context():
        began_ns = now_ns()
        baked_light(found)
        lit_s = seconds(now_ns() - began_ns)
    what = f"load {len(found.positions)} vertices, {len(found.targets)} targets"
    return [
        Measured(stage=what, value=took_s, unit="s", goal=2.0),
        Measured(stage="its light, the first time", value=lit_s, unit="s"),
    ]


def harm() -> list[Measured]:
    """Measure the worst of refusing files that would do harm."""
    longest_s = most_mb = 0.0
    let_in: list[str] = []
    with TemporaryDirectory(prefix="unvisor-") as folder:
        path = Path(folder) / "harmful.glb"
        for what, content in harmful():
            path.write_bytes(content)
            began_ns = now_ns()
            if not _refused(path):
                let_in.append(what)
            longest_s = max(longest_s, seconds(now_ns() - began_ns))
            tracemalloc.start()
            _refused(path)
            most_mb = max(most_mb, tracemalloc.get_traced_memory()[1] / 1e6)
            tracemalloc.stop()
    return [
        Measured(stage="harmful files let in", value=len(let_in), unit=", ".join(let_in), goal=0),
        Measured(stage="harmful file refused, longest", value=longest_s, unit="s", goal=1.0),
        Measured(stage="harmful file refused, most memory", value=most_mb, unit="MB", goal=200.0),
    ]


def _refused(path: Path) -> bool:
    try:
        load(path)
    except HeadsetError:
        return True
    return False


def oracle(name: str, avatar: Avatar) -> list[Measured]:
    """Measure how far the GPU's morph is from the CPU's, under random faces and gazes."""
    random, morph = np.random.default_rng(0), Morph(avatar)
    error_m, angles_rad = 0.0, list[np.ndarray[tuple[int], np.dtype[np.float64]]]()
    with Context():
        figure = Figure(avatar, light=np.zeros((len(avatar.positions), 4), np.float32))
        for _ in range(_POSES):
            weights = random.uniform(0.0, 1.0, len(ARKIT))
            yaw, pitch = random.uniform(-0.4, 0.4, (2, 2))
            gaze = gaze_from_angles(yaw, pitch)
            figure.pose(weights, gaze)
            (points, normals), (true_points, true_normals) = (
                figure.posed(),
                morph.pose(weights, gaze),
            )
            error_m = max(error_m, float(np.linalg.norm(points - true_points, axis=1).max()))
            across = np.linalg.norm(np.cross(normals, true_normals), axis=1)
            along = (normals * true_normals).sum(axis=1)
            angles_rad.append(np.arctan2(across, along).astype(np.float64))
        figure.close()
    worst_deg = float(np.rad2deg(np.quantile(np.concatenate(angles_rad), 0.99)))
    return [
        Measured(stage=f"morph, {name}, worst", value=1e3 * error_m, unit="mm", goal=0.05),
        Measured(stage=f"normals, {name}, p99", value=worst_deg, unit="deg", goal=1.0),
    ]


def on_gpu(
    avatar: Path | None, size: tuple[int, int] | None, samples: int, frames: int
) -> tuple[GpuTimes, list[Cost]]:
    """Time the GPU's work on both eyes' pictures, stage by stage.

    Args:
        avatar: Whose; by default the default head, made as fine as a capture's.
        size: Width and height of one eye's picture; by default that of a headset.
        samples: To a pixel.
        frames: How many.

    Raises:
        HeadsetError: Nothing draws here, or the avatar cannot be read.
    """
    subject = finer(default_head(), USUAL) if avatar is None else load(avatar)
    times = gpu_times(subject, size=size, samples=samples, frames=frames)
    whole = {WHOLE: times.stages_ns[WHOLE]}
    return times, [cost(name, ns) for name, ns in {**times.stages_ns, **whole}.items()]

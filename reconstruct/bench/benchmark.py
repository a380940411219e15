"""What each stage costs on this machine, in milliseconds a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...calibration.fit import fit
from ...datasets.importers import import_files
from ...datasets.performance import performance
from ...datasets.recording import Recording
from ...datasets.simulate import simulate
from ...datasets.store import load, save
from ...headset.clock import NS_PER_MS, NS_PER_S, now_ns
from ...headset.frame import SensorFrame
from ...headset.names import ARKIT
from ...headset.rig import RIGS
from ..compose import Composer
from ..features import Features
from ..life.life import Life
from ..models import predictor, reconstructor
from ..offline import track

Floats = NDArray[np.float64]

ROUNDS: Final = 5
"""How often an offline stage is run; the median counts."""

WARM_UP: Final = 50
"""Frames run before any is timed: first calls fill caches and allocate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One stage's cost: median, 99th percentile and worst of `count` calls, milliseconds."""

    stage: str
    p50_ms: float
    p99_ms: float
    worst_ms: float
    count: int


def cost(stage: str, durations_ns: Sequence[int]) -> Cost:
    """Summarise the durations of single calls."""
    ms = np.asarray(durations_ns, dtype=np.float64) / NS_PER_MS
    return Cost(
        stage=stage,
        p50_ms=float(np.quantile(ms, 0.5)),
        p99_ms=float(np.quantile(ms, 0.99)),
        worst_ms=float(ms.max()),
        count=ms.size,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How many times faster than real time an offline stage runs: the median of `ROUNDS`."""

    stage: str
    times: float


def performed(rig: str = "mouth+eyes") -> Recording:
    """Return the embedded performance with the noisy sensors of a rig (`headset.rig.RIGS`)."""
    return simulate(performance(), RIGS[rig])


def hot_loop(
    recording: Recording, model: str, *, frames: int, life: Life | None = None
) -> list[Cost]:
    """Time features, model, life and composition apart, and the whole, frame after frame.

    Args:
        recording: With sensor streams; replayed from its start as often as needed.
        model: As `models.predictor` takes it.
        frames: How many to time.
        life: What is made up where nothing is sensed, as `run` has it; none leaves it out.
    """
    profile = fit(recording.frames())
    given = _repeated(list(recording.frames()), frames + WARM_UP)
    features, guesses, composer = Features(profile), predictor(model, profile), Composer()
    stages: dict[str, list[int]] = {
        name: [] for name in ("features", model, "life", "compose", "frame to face")
    }
    for frame in given:
        began = now_ns()
        seen = features.observe(frame)
        observed = now_ns()
        guess = guesses.predict(seen, 0.0)
        guessed = now_ns()
        living = None if life is None else life.advance(frame, seen)
        lived = now_ns()
        composer.compose(frame.time_ns, seen, guess, living)
        composed = now_ns()
        for times, ns in zip(
            stages.values(),
            (
                observed - began,
                guessed - observed,
                lived - guessed,
                composed - lived,
                composed - began,
            ),
            strict=True,
        ):
            times.append(ns)
    if life is None:
        del stages["life"]
    whole = f"frame to face ({_of(model, life)})"
    return [cost(whole if stage == "frame to face" else stage, ns[WARM_UP:])
            for stage, ns in stages.items()]  # fmt: skip


def _of(model: str, life: Life | None) -> str:
    return model if life is None else f"{model}, life"


def paced(
    recording: Recording,
    model: str,
    *,
    rate_hz: float,
    frames: int,
    wait: Callable[[int], None],
    life: Life | None = None,
) -> Cost:
    """Time the whole at a display's rate: between frames the caches go cold, as they do live.

    Args:
        recording: As in `hot_loop`.
        model: As in `hot_loop`.
        rate_hz: Frames a second.
        frames: How many to time.
        wait: Sleeps until an instant on the host clock.
        life: As in `hot_loop`.
    """
    profile = fit(recording.frames())
    infers = reconstructor(model, profile, life)
    durations: list[int] = []
    next_ns = now_ns()
    for frame in _repeated(list(recording.frames()), frames + WARM_UP):
        next_ns += round(NS_PER_S / rate_hz)
        wait(next_ns)
        began = now_ns()
        infers.reconstruct(frame)
        durations.append(now_ns() - began)
    return cost(f"frame to face, paced at {rate_hz:g} Hz ({_of(model, life)})", durations[WARM_UP:])


def offline(recording: Recording, model: str) -> Speed:
    """Time `reconstruct` over a recording, calibration left out."""
    profile = fit(recording.frames())
    return _speed(
        f"reconstruct ({model})",
        recording.duration_s,
        lambda: track(recording.frames(), reconstructor(model, profile)),
    )


def storage() -> list[Speed]:
    """Time import from CSV, simulation, saving and loading, on the embedded performance."""
    face = performance()
    truth = face.truth
    assert truth is not None
    seconds = face.duration_s
    with TemporaryDirectory(prefix="unvisor-") as folder:
        capture, stored = Path(folder) / "take.csv", Path(folder) / "take.h5"
        _write_capture(capture, truth.arkit)
        simulated = simulate(face, RIGS["mouth+eyes"])

        def imported() -> None:
            recording, _ = import_files("live-link-face", [capture], person="performance")
            save(stored, recording)

        return [
            _speed("import live-link-face, and save", seconds, imported),
            _speed("simulate, exact", seconds, lambda: simulate(face, RIGS["mouth+eyes"], noise="none")),
            _speed("simulate, noise model", seconds, lambda: simulate(face, RIGS["mouth+eyes"])),
            _speed("save", seconds, lambda: save(stored, simulated)),
            _speed("load all", seconds, lambda: list(load(stored).streams.values())),
        ]  # fmt: skip


def _write_capture(path: Path, arkit: Floats) -> None:
    """Write weights (T, 52) as a 60 fps Live Link Face take."""
    head = ["Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in ARKIT)]
    lines = [",".join(head)]
    for frame, row in enumerate(arkit):
        second, part = divmod(frame, 60)
        words = [f"10:00:{second:02d}:{part:02d}.000", "52", *(f"{value:.10f}" for value in row)]
        lines.append(",".join(words))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _speed(stage: str, duration_s: float, work: Callable[[], object]) -> Speed:
    times: list[float] = []
    for _ in range(ROUNDS):
        began_ns = now_ns()
        work()
        times.append(duration_s * NS_PER_S / max(1, now_ns() - began_ns))
    return Speed(stage=stage, times=float(np.median(times)))


def _repeated(frames: Sequence[SensorFrame], count: int) -> list[SensorFrame]:
    return [frames[i % len(frames)] for i in range(count)]

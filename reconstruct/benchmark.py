"""What each stage costs on this machine, in milliseconds a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..calibration.fit import fit
from ..datasets.recording import Recording
from ..headset.clock import NS_PER_MS, now_ns
from ..headset.frame import SensorFrame
from .compose import Composer
from .features import Features
from .models import predictor, reconstructor

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


def hot_loop(recording: Recording, model: str, *, frames: int) -> list[Cost]:
    """Time features, model and composition apart, and the whole, frame after frame.

    Args:
        recording: With sensor streams; replayed from its start as often as needed.
        model: As `models.predictor` takes it.
        frames: How many to time.
    """
    profile = fit(recording.frames())
    given = _repeated(list(recording.frames()), frames + WARM_UP)
    features, guesses, composer = Features(profile), predictor(model, profile), Composer()
    stages: dict[str, list[int]] = {"features": [], model: [], "compose": [], "frame to face": []}
    for frame in given:
        began = now_ns()
        seen = features.observe(frame)
        observed = now_ns()
        guess = guesses.predict(seen, 0.0)
        guessed = now_ns()
        composer.compose(frame.time_ns, seen, guess)
        composed = now_ns()
        for times, ns in zip(
            stages.values(),
            (observed - began, guessed - observed, composed - guessed, composed - began),
            strict=True,
        ):
            times.append(ns)
    return [cost(f"{stage} ({model})" if stage == "frame to face" else stage, ns[WARM_UP:])
            for stage, ns in stages.items()]  # fmt: skip


def paced(
    recording: Recording, model: str, *, rate_hz: float, frames: int, wait: Callable[[int], None]
) -> Cost:
    """Time the whole at a display's rate: between frames the caches go cold, as they do live.

    Args:
        recording: As in `hot_loop`.
        model: As in `hot_loop`.
        rate_hz: Frames a second.
        frames: How many to time.
        wait: Sleeps until an instant on the host clock.
    """
    profile = fit(recording.frames())
    infers = reconstructor(model, profile)
    durations: list[int] = []
    next_ns = now_ns()
    for frame in _repeated(list(recording.frames()), frames + WARM_UP):
        next_ns += round(1e9 / rate_hz)
        wait(next_ns)
        began = now_ns()
        infers.reconstruct(frame)
        durations.append(now_ns() - began)
    return cost(f"frame to face, paced at {rate_hz:g} Hz ({model})", durations[WARM_UP:])


def _repeated(frames: Sequence[SensorFrame], count: int) -> list[SensorFrame]:
    return [frames[i % len(frames)] for i in range(count)]

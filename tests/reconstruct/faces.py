"""Small captures of the tests' own: a wearer who talks, smiles, looks about and blinks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import simulate
from unvisor.datasets.streams import About, Truth
from unvisor.headset.names import ARKIT, ARKIT_INDEX, MOUTH_28
from unvisor.headset.permit import Basis
from unvisor.headset.rig import RIGS

Floats = NDArray[np.float64]
GENERATED = Basis(kind="generated", text="a test's own")


def wave(time_s: Floats, period_s: float, phase: float) -> Floats:
    """A channel that rests half of the time: the positive half of a sine."""
    return np.clip(np.sin(2 * np.pi * time_s / period_s + phase), 0.0, 1.0)


def capture(*, seed: int = 1, seconds: float = 40.0, rate_hz: float = 30.0) -> Recording:
    """A capture in which hidden channels follow visible ones, by a law of the tests' own."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    arkit = np.zeros((len(time_s), len(ARKIT)))
    for name in (n for n in MOUTH_28 if not n.endswith("Right")):
        arkit[:, ARKIT_INDEX[name]] = 0.6 * wave(time_s, rng.uniform(2, 7), rng.uniform(0, 6))
        other = name.replace("Left", "Right") if name.endswith("Left") else name
        arkit[:, ARKIT_INDEX[other]] = arkit[:, ARKIT_INDEX[name]]
    blink = (time_s + rng.uniform(0, 3)) % rng.uniform(2.7, 3.6) < 0.15
    looking_up = 0.5 * wave(time_s, rng.uniform(4, 6), rng.uniform(0, 6))
    for side in ("Left", "Right"):
        smile = arkit[:, ARKIT_INDEX[f"mouthSmile{side}"]]
        arkit[:, ARKIT_INDEX[f"eyeBlink{side}"]] = 0.05 + 0.9 * blink
        arkit[:, ARKIT_INDEX[f"eyeLookUp{side}"]] = looking_up
        own = 0.35 * wave(time_s, rng.uniform(4, 9), rng.uniform(0, 6))  # follows nothing seen
        arkit[:, ARKIT_INDEX[f"cheekSquint{side}"]] = 0.05 + 0.8 * smile + own
        arkit[:, ARKIT_INDEX[f"eyeSquint{side}"]] = 0.1 + 0.4 * smile + own
        arkit[:, ARKIT_INDEX[f"noseSneer{side}"]] = (
            0.7 * arkit[:, ARKIT_INDEX[f"mouthUpperUp{side}"]]
        )
        arkit[:, ARKIT_INDEX[f"eyeWide{side}"]] = 0.6 * arkit[:, ARKIT_INDEX[f"eyeLookUp{side}"]]
    arkit[:, ARKIT_INDEX["browInnerUp"]] = 0.3 * wave(
        time_s, rng.uniform(7, 11), rng.uniform(0, 6)
    )  # follows nothing seen
    times = np.round(time_s * 1e9).astype(np.int64)
    return Recording(
        about=About(person=f"person-{seed}", basis=GENERATED, source=f"take-{seed}"),
        truth=Truth(time_ns=times, arkit=arkit),
    )


def sensed(
    rig: str = "mouth+eyes", *, seed: int = 1, seconds: float = 40.0, noise: str = "none"
) -> Recording:
    """The same, with the sensors of a rig."""
    return simulate(
        capture(seed=seed, seconds=seconds),
        RIGS[rig],
        seed=seed,
        noise="none" if noise == "none" else "model",
    )

"""Voices of the tests' own: vowels by source and filter, hiss, and frames that carry them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.frame import AudioBlock, SensorFrame, SpeechSample

from .wearer import NO_VISEMES

Floats = NDArray[np.float64]
RATE_HZ = 16_000
BLOCK_S = 0.02

FORMANTS_HZ = {"i": (270, 2290, 3010), "a": (730, 1090, 2440), "u": (300, 870, 2240)}
"""Of men; higher ones are the same in all. Source: G. Peterson, H. Barney, 1952, table II."""


def vowel(name: str, seconds: float, *, rate_hz: int = RATE_HZ, f0_hz: float = 120.0) -> Floats:
    """Pulses through resonances, -26 dB of full scale in the mean."""
    sound = np.zeros(round(seconds * rate_hz))
    sound[:: round(rate_hz / f0_hz)] = 1.0
    sound = signal.lfilter([1.0], [1.0, -0.97], sound)  # the voice's own fall of 6 dB an octave
    for centre_hz in (hz for hz in (*FORMANTS_HZ[name], 3500, 4500) if hz < 0.45 * rate_hz):
        radius, angle = np.exp(-np.pi * 80.0 / rate_hz), 2 * np.pi * centre_hz / rate_hz
        poles = [1.0, -2 * radius * np.cos(angle), radius * radius]
        sound = signal.lfilter([sum(poles)], poles, sound)
    return 0.05 * sound / np.sqrt(np.mean(sound**2))


def hiss(
    seconds: float, band_hz: tuple[float, float], level: float, *, rate_hz: int = RATE_HZ
) -> Floats:
    noise = np.random.default_rng(0).standard_normal(round(seconds * rate_hz))
    cut = signal.butter(4, band_hz, "bandpass", fs=rate_hz, output="sos")
    return level * signal.sosfilt(cut, noise)


def room(seconds: float, *, rate_hz: int = RATE_HZ) -> Floats:
    """A quiet one, at -60 dB."""
    return hiss(seconds, (50.0, 0.45 * rate_hz), 1e-3, rate_hz=rate_hz)


def frames(
    sound: Floats, *, rate_hz: int = RATE_HZ, frame_hz: float = 100.0, late_s: float = 0.0
) -> Iterator[SensorFrame]:
    """Frames with blocks as they come: at their end, and so much later."""
    size = round(BLOCK_S * rate_hz)
    blocks = [
        AudioBlock(
            time_ns=first * NS_PER_S // rate_hz,
            received_ns=(first + size) * NS_PER_S // rate_hz + round(late_s * NS_PER_S),
            samples=sound[first : first + size].astype(np.float32),
            sample_rate_hz=rate_hz,
        )
        for first in range(0, len(sound) - size + 1, size)
    ]
    for count in range(round(len(sound) / rate_hz * frame_hz)):
        time_ns = round(count * NS_PER_S / frame_hz)
        come = sum(block.received_ns <= time_ns for block in blocks[:200])
        yield SensorFrame(time_ns=time_ns, audio=tuple(blocks[:come]))
        del blocks[:come]


def says(
    time_ns: int, visemes: Floats = NO_VISEMES, *, level: float = np.nan, muted: bool | None = None
) -> SpeechSample:
    return SpeechSample(
        time_ns=time_ns,
        received_ns=time_ns,
        source="a test's own",
        level=level,
        visemes=visemes,
        muted=muted,
    )

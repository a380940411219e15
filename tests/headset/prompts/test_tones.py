"""Tones are told apart by their notes alone, and begin and end without a click."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.prompts.prompt import Group, Signal
from unvisor.headset.prompts.tones import NOTES, PIPS_HZ, RATE_HZ, tone


def heard(sound: NDArray[np.float32]) -> list[tuple[float, float]]:
    """Return the notes in a sound, (hertz, seconds), as an ear has them: split at the quiet."""
    loud = np.abs(sound) > 1e-4
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    starts, ends = edges[::2].tolist(), edges[1::2].tolist()
    joined: list[list[int]] = []
    for start, end in zip(starts, ends, strict=True):
        if joined and start - joined[-1][1] < 0.01 * RATE_HZ:  # a sine's own zero
            joined[-1][1] = end
        else:
            joined.append([start, end])
    notes: list[tuple[float, float]] = []
    for start, end in joined:
        spectrum = np.abs(np.fft.rfft(sound[start:end], n=1 << 18))
        notes.append((float(spectrum.argmax()) * RATE_HZ / (1 << 18), (end - start) / RATE_HZ))
    return notes


@pytest.mark.parametrize("signal", list(Signal))
def test_what_is_heard_is_its_notes(signal: Signal) -> None:
    sound = tone(signal)
    assert sound.dtype == np.float32
    assert 0.2 < np.abs(sound).max() <= 0.25
    assert np.abs(np.diff(sound)).max() < 0.05, "a click"
    notes = heard(sound)
    assert len(notes) == len(NOTES[signal])
    for (hz, lasts_s), (meant_hz, meant_s) in zip(notes, NOTES[signal], strict=True):
        assert hz == pytest.approx(meant_hz, rel=0.02)
        assert lasts_s == pytest.approx(meant_s, abs=0.005)


def test_no_two_signals_sound_alike() -> None:
    """They differ in how many notes they have, in which way they go, or by a third in height."""

    def shape(signal: Signal) -> tuple[int, int, float]:
        heights = [hz for hz, _ in heard(tone(signal))]
        return len(heights), int(np.sign(round(heights[-1] - heights[0]))), heights[0]

    for one, other in combinations(Signal, 2):
        (notes, way, hz), (other_notes, other_way, other_hz) = shape(one), shape(other)
        apart = max(hz, other_hz) / min(hz, other_hz)
        assert notes != other_notes or way != other_way or apart > 1.25, (one, other)


@pytest.mark.parametrize("group", ["mouth", "lids", "brows"])
@pytest.mark.parametrize("count", [1, 5])
def test_pips_count_out_the_pose(group: Group, count: int) -> None:
    sound = tone(Signal.READY, group, count)
    pips = heard(sound)[len(NOTES[Signal.READY]) :]
    assert len(pips) == count
    for hz, _ in pips:
        assert hz == pytest.approx(PIPS_HZ[group], rel=0.03)
    assert len(sound) / RATE_HZ < 1.0, "the face is held 1.2 s after it begins"

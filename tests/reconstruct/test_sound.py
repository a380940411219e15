from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from unvisor.headset.clock import NS_PER_MS, NS_PER_S
from unvisor.headset.errors import ModelError
from unvisor.headset.frame import AudioBlock
from unvisor.headset.names import ARKIT, HIDDEN_14, MOUTH_28
from unvisor.reconstruct.sound import HOP_S, KEPT_S, REGIONS, STALE_NS, Sound, spoken_for
from unvisor.reconstruct.sound_rows import (
    BANDS,
    COLUMNS,
    FLOOR_DB,
    MEL_S,
    PITCH_HZ,
    TOP_HZ,
    VOICED,
    WINDOW_S,
    rows_of,
)

Floats = NDArray[np.float64]
ENERGY, VOICING, F0 = (COLUMNS.index(name) for name in ("energy_db", "voicing", "f0_hz"))
MEL = slice(0, BANDS)
START_NS = 5 * NS_PER_S
RATES_HZ = (8000, 16_000, 22_050, 44_100, 48_000, 96_000)


def blocks(sound: Floats, rate_hz: int, *, length_s: float = 0.02) -> Iterator[AudioBlock]:
    size = round(rate_hz * length_s)
    for first in range(0, len(sound), size):
        yield AudioBlock(
            time_ns=START_NS + first * NS_PER_S // rate_hz,
            received_ns=START_NS + (first + size) * NS_PER_S // rate_hz,
            samples=sound[first : first + size].astype(np.float32),
            sample_rate_hz=rate_hz,
        )


def voice(f0_hz: float, rate_hz: int, duration_s: float) -> Floats:
    """Return a vowel's worth of harmonics, those that 8 kHz sound can hold."""
    turns = f0_hz * np.arange(round(duration_s * rate_hz)) / rate_hz
    harmonics = range(1, int(3500 / f0_hz) + 1)
    return 0.1 * np.sum([np.sin(2 * np.pi * k * turns + k) / k for k in harmonics], axis=0)


def window(sound: Floats, rate_hz: int) -> NDArray[np.float32]:
    return sound[None, : round(WINDOW_S * rate_hz)].astype(np.float32)


def mel_by_hand(sound: NDArray[np.float32], rate_hz: int) -> Floats:
    """Return the bands' dB by SciPy's periodogram and plain loops."""
    short = sound.astype(np.float64)[-round(MEL_S * rate_hz) :]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(len(short)) + 0.5) / len(short))
    padded = round(0.032 * rate_hz)
    windowed = (short - sound.mean(dtype=np.float64)) * hann
    found = signal.periodogram(windowed, rate_hz, nfft=padded, detrend=False)  # pyright: ignore[reportUnknownVariableType]
    frequency_hz, density = cast("tuple[Floats, Floats]", found)
    density *= len(short) / np.sum(hann**2)
    mel = [2595 * math.log10(1 + TOP_HZ / 700) * i / (BANDS + 1) for i in range(BANDS + 2)]
    edges_hz = [700 * (10 ** (one / 2595) - 1) for one in mel]
    decibels: list[float] = []
    for low, centre, high in zip(edges_hz, edges_hz[1:], edges_hz[2:], strict=False):
        triangle: Floats = np.interp(frequency_hz, [low, centre, high], [0, 1, 0])
        power = 2 * float(density @ triangle) * (rate_hz / padded)
        decibels.append(10 * math.log10(max(power, 1e-10)))
    return np.array(decibels)


@pytest.mark.parametrize("rate_hz", RATES_HZ[1:])
def test_log_mel_is_what_scipy_computes(rate_hz: int) -> None:
    sound = window(np.random.default_rng(rate_hz).normal(0.0, 0.1, rate_hz), rate_hz)
    assert rows_of(sound, rate_hz)[0, MEL] == pytest.approx(
        mel_by_hand(sound[0], rate_hz), abs=1e-6
    )


def test_a_full_scale_sine_has_no_decibels_and_silence_the_floor() -> None:
    turns = 1000 * np.arange(4800) / 48_000
    row = rows_of(window(np.sin(2 * np.pi * turns) + 0.3, 48_000), 48_000)[0]
    assert row[ENERGY] == pytest.approx(0.0, abs=0.01)
    assert 10 * np.log10(np.sum(10 ** (row[MEL] / 10))) == pytest.approx(0.0, abs=0.01)
    silent = rows_of(np.zeros((1, 1920), np.float32), 48_000)[0]
    assert (silent[MEL] == FLOOR_DB).all()
    assert silent[ENERGY] == FLOOR_DB
    assert silent[VOICING] == 0.0
    assert np.isnan(silent[F0])


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("f0_hz", [80.0, 117.0, 220.0, 437.0])
def test_a_voice_has_its_pitch_at_every_rate(rate_hz: int, f0_hz: float) -> None:
    row = rows_of(window(voice(f0_hz, rate_hz, 0.1), rate_hz), rate_hz)[0]
    assert row[VOICING] > 0.95
    assert row[F0] == pytest.approx(f0_hz, rel=0.003)


@pytest.mark.parametrize("rate_hz", RATES_HZ[:-1])
def test_rows_hardly_depend_on_the_sample_rate(rate_hz: int) -> None:
    here = rows_of(window(voice(150.0, rate_hz, 0.1), rate_hz), rate_hz)[0]
    there = rows_of(window(voice(150.0, 96_000, 0.1), 96_000), 96_000)[0]
    reached = np.isfinite(here[MEL]) & (there[MEL] > -60)
    assert here[MEL][reached] == pytest.approx(there[MEL][reached], abs=0.5)
    assert np.isnan(here[MEL]).any() == (rate_hz < 16_000)
    assert np.isfinite(here[MEL]).sum() > BANDS // 2


def test_hiss_is_not_voiced() -> None:
    hiss = np.random.default_rng(7).normal(0.0, 0.1, (300, 1920)).astype(np.float32)
    rows = rows_of(hiss, 48_000)
    assert (rows[:, VOICING] < VOICED).mean() > 0.99
    assert np.isnan(rows[rows[:, VOICING] < VOICED, F0]).all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 3e38])
def test_samples_that_are_no_sound_make_no_numbers_of_their_own(wrong: float) -> None:
    sound = window(voice(120.0, 16_000, 0.1), 16_000).repeat(2, axis=0)
    sound[0, 17] = wrong
    rows = rows_of(sound, 16_000)
    assert np.isnan(rows[0]).all() or wrong == 3e38
    assert not np.isinf(rows).any()
    assert rows[1] == pytest.approx(rows_of(sound[1:], 16_000)[0], abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("length_s", [0.005, 0.02, 0.3])
def test_a_stream_gives_the_rows_of_its_windows_however_it_is_cut(
    rate_hz: int, length_s: float
) -> None:
    sound = np.random.default_rng(5).normal(0.0, 0.1, rate_hz)
    ear = Sound()
    for block in blocks(sound, rate_hz, length_s=length_s):
        ear.hear([block])
    heard = ear.heard(START_NS + NS_PER_S, rows=90)
    assert 0.0 <= heard.age_s < HOP_S
    ends = np.rint((WINDOW_S + HOP_S * np.arange(97)) * rate_hz).astype(int)[-90:]
    size = round(WINDOW_S * rate_hz)
    expected = rows_of(
        np.stack([sound[end - size : end] for end in ends]).astype(np.float32), rate_hz
    )
    # Where a hop is no whole number of samples, a window may start one sample beside.
    assert heard.rows[:, ENERGY] == pytest.approx(expected[:, ENERGY], abs=0.2)
    if rate_hz % 100 == 0:
        assert heard.rows == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_nothing_later_than_the_instant_is_used() -> None:
    sound = np.random.default_rng(6).normal(0.0, 0.1, 16_000)
    at_ns = START_NS + 600 * NS_PER_MS
    whole, past = Sound(), Sound()
    whole.hear(list(blocks(sound, 16_000)))
    sound[round(0.6 * 16_000) :] = 0.9
    past.hear(list(blocks(sound, 16_000)))
    rows = whole.heard(at_ns, 40).rows
    assert np.isfinite(rows[:, ENERGY]).all()
    assert np.array_equal(rows, past.heard(at_ns, 40).rows, equal_nan=True)


def test_where_sound_is_missing_rows_are_and_nothing_is_held() -> None:
    sound = voice(120.0, 16_000, 1.0)
    ear = Sound()
    all_blocks = list(blocks(sound, 16_000))
    ear.hear(all_blocks[:20] + all_blocks[25:])  # 0.4 s to 0.5 s is lost
    rows = ear.heard(START_NS + NS_PER_S, rows=80).rows
    missing = np.isnan(rows[:, ENERGY])
    # The last window of the sound before ends at 0.4 s, the first one after it at 0.54 s.
    ends_s = 1.0 - HOP_S * np.arange(80)[::-1]
    assert missing.tolist() == [0.405 < end < 0.535 for end in ends_s]
    assert np.isnan(rows[missing]).all()
    silence = ear.heard(START_NS + NS_PER_S + STALE_NS + 1)
    assert np.isnan(silence.rows).all()
    assert np.isnan(silence.age_s)
    assert np.isnan(ear.heard(START_NS + 39 * NS_PER_MS).rows).all()


def test_time_that_steps_back_and_another_rate_begin_anew() -> None:
    ear = Sound()
    ear.hear(list(blocks(voice(120.0, 16_000, 1.0), 16_000)))
    back = [replace(b, time_ns=b.time_ns - NS_PER_S // 2) for b in
            blocks(voice(240.0, 48_000, 0.3), 48_000)]  # fmt: skip
    ear.hear(back)
    rows = ear.heard(START_NS - NS_PER_S // 5, rows=30).rows
    assert rows[-20:, F0] == pytest.approx(240.0, rel=0.01)
    assert np.isnan(ear.heard(START_NS + NS_PER_S).rows).all()
    ear.reset()
    assert np.isnan(ear.heard(START_NS).age_s)


def test_small_unevenness_of_the_stamps_breaks_nothing_and_drift_is_followed() -> None:
    rng = np.random.default_rng(8)
    uneven = [
        replace(b, time_ns=round(START_NS + (b.time_ns - START_NS) * 1.0005) + int(rng.normal(0, 3e5)))
        for b in blocks(voice(120.0, 16_000, 4.0), 16_000)
    ]  # fmt: skip
    ear = Sound()
    ear.hear(uneven)
    heard = ear.heard(START_NS + round(4.002 * NS_PER_S), rows=round(KEPT_S / HOP_S) - 2)
    assert np.isfinite(heard.rows[:, ENERGY]).all()
    assert abs(heard.age_s) < 0.012


def test_blocks_that_no_microphone_gives_are_passed_over() -> None:
    ear = Sound()
    good = list(blocks(voice(120.0, 16_000, 0.2), 16_000))
    empty = replace(good[3], samples=np.zeros(0, np.float32))
    ear.hear([*good[:3], empty, replace(good[3], sample_rate_hz=0), *good[3:]])
    assert np.isfinite(ear.heard(START_NS + NS_PER_S // 5, rows=16).rows[:, ENERGY]).all()


def test_real_speech_is_voiced_in_part_and_pitched_as_people_are(shared: Path) -> None:
    import av

    medians: list[float] = []
    for path in sorted((shared / "data" / "video" / "grid").glob("*.mpg")):
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            mono = av.AudioResampler("flt", "mono", stream.rate)
            chunks = [part.to_ndarray()[0] for frame in container.decode(stream)
                      for part in mono.resample(frame)]  # fmt: skip
        ear = Sound()
        ear.hear(list(blocks(np.concatenate(chunks).astype(np.float64), stream.rate)))
        rows = ear.heard(int(START_NS + 2.6 * NS_PER_S), rows=150).rows
        voiced = np.isfinite(rows[:, F0])
        assert 0.2 < voiced.mean() < 0.9
        assert rows[voiced, ENERGY].mean() > rows[~voiced, ENERGY].mean() + 3.0
        medians.append(float(np.median(rows[voiced, F0])))
    assert medians
    assert all(PITCH_HZ[0] < median < 300 for median in medians)


def test_each_channel_is_in_one_region_and_sound_speaks_for_the_mouth_unless_let() -> None:
    assert sorted(name for names in REGIONS.values() for name in names) == sorted(ARKIT)
    by_default = [name for name, may in zip(ARKIT, spoken_for(), strict=True) if may]
    assert set(by_default) == set(MOUTH_28)
    assert not set(by_default) & set(HIDDEN_14)
    assert spoken_for(tuple(REGIONS)).all()
    assert not spoken_for(()).any()
    assert spoken_for(("brows",)).sum() == 5
    with pytest.raises(ModelError, match="no region nose: choose from mouth, cheeks, brows, eyes"):
        spoken_for(("mouth", "nose"))


def test_rows_without_pitch_are_the_same_rows() -> None:
    sound = window(voice(140.0, 16_000, 0.1), 16_000)
    with_pitch, without = rows_of(sound, 16_000), rows_of(sound, 16_000, pitch=False)
    np.testing.assert_array_equal(without[:, : ENERGY + 1], with_pitch[:, : ENERGY + 1])
    assert np.isnan(without[:, [VOICING, F0]]).all()
    assert with_pitch[0, F0] == pytest.approx(140.0, rel=0.02)

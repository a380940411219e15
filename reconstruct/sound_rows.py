"""From 40 ms of sound to one row of numbers: log-mel, energy, voicing, pitch.

Spectra are zero-padded to a length in seconds, not in samples. So they have the same frequencies at
every sample rate, and sound is taken as it comes, 16 kHz or 48, without resampling.
"""

from __future__ import annotations

from functools import cache
from math import log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BANDS: Final = 40
COLUMNS: Final = (*(f"mel_{band}_db" for band in range(BANDS)), "energy_db", "voicing", "f0_hz")
"""Of a row: the power in each mel band and in all, in dB of a full-scale sine's; how periodic it is,
0 to 1; its pitch, NaN where it is not voiced."""

MEL_S: Final = 0.025
WINDOW_S: Final = 0.040
"""What mel and energy, and what pitch look back on; of the latter three periods are needed."""

TOP_HZ: Final = 8000.0
"""Highest frequency listened to; bands that a low sample rate does not reach are NaN."""

FLOOR_DB: Final = -100.0
"""Of digital silence; 16-bit sound reaches -98."""

PITCH_HZ: Final = (75.0, 500.0)
VOICED: Final = 0.45
_OCTAVE_COST: Final = 0.01
"""Pitches looked for, periodicity from which sound is voiced, and what a pitch loses an octave lower,
lest half the pitch be found.

Source: P. Boersma, Accurate short-term analysis of the fundamental frequency and the harmonics-to-
noise ratio of a sampled sound, IFA Proceedings 17, 1993; the values of Praat's "To Pitch (ac)".
"""

_MEL_PADDED_S: Final = 0.032  # a frequency each 31.25 Hz, 257 of them to TOP_HZ
_PITCH_PADDED_S: Final = (
    0.064  # the window and the longest lag, so that its end meets not its start
)
_PITCH_BINS: Final = 257  # to 4 kHz: what lies higher makes noise, not pitch
_LAGS_PER_S: Final = 16_000  # four times as fine as those bins tell of: interpolated


def rows_of(windows: NDArray[np.float32], rate_hz: int, *, pitch: bool = True) -> Floats:
    """Return one row for each window.

    Args:
        windows: Shape (T, `WINDOW_S` x rate_hz), -1 to 1; their means do not matter.
        rate_hz: Samples a second, 8000 or more.
        pitch: Look for it, which costs as much again; else it is NaN, as voicing is.

    Returns:
        Shape (T, 43), `COLUMNS`; a row is NaN where any of its sound is.
    """
    samples = round(MEL_S * rate_hz)
    sound = windows.astype(np.float64)
    short = sound[:, -samples:]
    hann, bands = _mel(rate_hz)
    padded = round(_MEL_PADDED_S * rate_hz)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # NaN, silence, absurdities
        sound -= sound.mean(axis=1, keepdims=True)
        spectrum = np.fft.rfft(short * hann, padded)[:, : bands.shape[1]]
        # By Parseval a full-scale sine has 1 in all bins together.
        power = np.empty((len(sound), BANDS + 1))
        np.matmul(spectrum.real**2 + spectrum.imag**2, bands.T, out=power[:, :BANDS])
        power[:, :BANDS] *= 4.0 / (padded * (hann @ hann))
        np.einsum("ts,ts->t", short, short, out=power[:, BANDS])
        power[:, BANDS] *= 2.0 / samples
        rows = np.full((len(sound), len(COLUMNS)), np.nan)
        rows[:, : BANDS + 1] = _decibels(power)
        if pitch:
            rows[:, BANDS + 1], rows[:, BANDS + 2] = _pitch(sound, rate_hz)
    rows[~np.isfinite(power[:, BANDS])] = np.nan
    return rows


def _decibels(power: Floats) -> Floats:
    return 10.0 * np.log10(np.maximum(power, 10.0 ** (FLOOR_DB / 10.0)))


def band_centres_hz() -> Floats:
    """Return the middle of each mel band, shape (40,)."""
    return _edges_hz()[1:-1]


def _edges_hz() -> Floats:
    """Return where bands begin, are highest and end: each is three on end of these 42."""
    mel: Floats = np.linspace(0.0, 2595.0 * log10(1.0 + TOP_HZ / 700.0), BANDS + 2)
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


@cache
def _mel(rate_hz: int) -> tuple[Floats, Floats]:
    """Return the window (W,) and the bands' triangles (40, K) over the lowest K frequencies.

    Source:
        D. O'Shaughnessy, Speech Communication, 1987: mel = 2595 log10(1 + f / 700); triangles of
        height 1, each from its neighbours' centres, as torchaudio's MelSpectrogram.
    """
    frequency_hz = np.fft.rfftfreq(round(_MEL_PADDED_S * rate_hz), 1.0 / rate_hz)
    frequency_hz = frequency_hz[frequency_hz < TOP_HZ + 1.0 / _MEL_PADDED_S]
    edges_hz = _edges_hz()
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising, falling = (frequency_hz - low) / (centre - low), (high - frequency_hz) / (high - centre)
    bands = np.maximum(0.0, np.minimum(rising, falling))
    bands[high[:, 0] > rate_hz / 2.0 + 1.0] = np.nan
    return _hann(round(MEL_S * rate_hz)), bands


@cache
def _hann(samples: int) -> Floats:
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(samples) + 0.5) / samples)


def _pitch(windows: Floats, rate_hz: int) -> tuple[Floats, Floats]:
    """Return voicing and pitch, (T,) each: the best peak of the autocorrelation.

    It is that of the windowed sound divided by that of the window, which undoes the window's taper.
    """
    correlation = _autocorrelation(windows * _hann(windows.shape[1]), rate_hz)
    taper = _taper(rate_hz)
    lags = np.arange(int(_LAGS_PER_S / PITCH_HZ[1]), int(_LAGS_PER_S / PITCH_HZ[0]) + 2)
    near = correlation[:, lags[0] - 1 : lags[-1] + 2] / correlation[:, :1]
    near /= taper[lags[0] - 1 : lags[-1] + 2]
    before, here, after = near[:, :-2], near[:, 1:-1], near[:, 2:]
    peak = (here > before) & (here >= after)
    score = np.where(peak, here - _OCTAVE_COST * np.log2(lags), -np.inf)
    best = np.argmax(score, axis=1)
    at = np.arange(len(best)), best
    before, here, after = before[at], here[at], after[at]
    bend = before - 2.0 * here + after
    found = peak.any(axis=1)
    voicing = np.where(found, np.clip(here, 0.0, 1.0), 0.0)
    voiced = voicing >= VOICED
    shift = np.divide(before - after, 2.0 * bend, out=np.zeros_like(bend), where=found & voiced)
    f0_hz = np.where(voiced, _LAGS_PER_S / (lags[best] + shift), np.nan)
    return voicing, f0_hz


def _autocorrelation(windows: Floats, rate_hz: int) -> Floats:
    """Return it for (T, W), a column each lag of 1 / `_LAGS_PER_S`."""
    spectrum = np.fft.rfft(windows, round(_PITCH_PADDED_S * rate_hz))[:, :_PITCH_BINS]
    return np.fft.irfft(np.abs(spectrum) ** 2, round(_LAGS_PER_S * _PITCH_PADDED_S))


@cache
def _taper(rate_hz: int) -> Floats:
    taper = _autocorrelation(_hann(round(WINDOW_S * rate_hz))[None], rate_hz)[0]
    return taper / taper[0]

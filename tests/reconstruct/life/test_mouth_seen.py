"""The mouth that is made up beside the mouth that was filmed: ten people, three seconds each.

    pytest -rP --log-level=INFO tests/reconstruct/life/test_mouth_seen.py     shows every clip's figures

How far the jaw is open is taken from the pictures: a strip through the chin is shifted up and down until
it fits its own median, and so is one through the nose, which takes the head's motion out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.names import UNIFIED_INDEX
from unvisor.reconstruct.features import Features
from unvisor.reconstruct.life.life import ADDED_SHAPES, Life

from .voices import BLOCK_S, frames

Floats = NDArray[np.float64]
LOG = logging.getLogger(__name__)

MOUTHS_PX = {
    "bbaf2n": (157, 215), "brbk7n": (168, 226), "lbax4n": (194, 202), "lbbc2a": (192, 233),
    "lrwp9a": (188, 218), "lwbsza": (166, 218), "pwij3p": (176, 209), "sbia1a": (179, 211),
    "sbwe5n": (184, 203), "swiz3n": (170, 211),
}  # fmt: skip
"""Where each clip's mouth is, (x, y), found by eye."""

FPS, FRAME_HZ = 25.0, 100.0
LEAD_S, LAG_S = 0.045, 0.125
"""How much sooner or later than sight sound may be before anybody notices. Source: ITU-R BT.1359."""

LAGS_S = np.arange(-0.2, 0.201, 0.01)
"""These sentences have a word each 0.3 s: farther off, another word fits."""
JAW = int(ADDED_SHAPES.tolist().index(UNIFIED_INDEX["JawOpen"]))


class Likeness(NamedTuple):
    """Correlation as it is, at the lag where it is highest, and this lag: later is positive."""

    r: float
    best: float
    lag_s: float


def pictures(path: Path) -> Floats:
    """Return grey pictures (T, H, W)."""
    with av.open(str(path)) as film:
        return np.array([f.to_ndarray(format="gray") for f in film.decode(video=0)], np.float64)


def sound(path: Path) -> tuple[Floats, int]:
    with av.open(str(path)) as film:
        rate_hz = film.streams.audio[0].rate
        parts = [f.to_ndarray().mean(axis=0) / 32768.0 for f in film.decode(audio=0)]
    return np.concatenate(parts), rate_hz


def shifts_px(strips: Floats, most: int) -> Floats:
    """Return how far down each of (T, N) has moved, in quarters of a pixel."""
    height = np.arange(strips.shape[1], dtype=np.float64)
    fine = np.arange(0.0, strips.shape[1] - 1.0, 0.25)
    rows = np.apply_along_axis(lambda strip: np.interp(fine, height, strip), 1, strips)
    usual: Floats = np.median(rows, axis=0)[4 * most : -4 * most]
    usual = (usual - usual.mean()) / usual.std()
    moved: list[float] = []
    for row in rows:
        windows = np.lib.stride_tricks.sliding_window_view(row, len(usual))
        windows = windows - windows.mean(axis=1, keepdims=True)
        fit = windows @ usual / (windows.std(axis=1) + 1e-9)
        moved.append(float(np.argmax(fit)) / 4.0 - most)
    return np.array(moved)


def opened_px(shown: Floats, mouth_px: tuple[int, int]) -> Floats:
    x, y = mouth_px
    strip = shown[:, :, x - 10 : x + 10].mean(axis=2)
    return shifts_px(strip[:, y + 2 : y + 44], 9) - shifts_px(strip[:, y - 60 : y - 6], 6)


def made_up(heard: Floats, rate_hz: int) -> Floats:
    life, features = Life(1), Features(None)
    given = frames(heard, rate_hz=rate_hz, frame_hz=FRAME_HZ)
    jaw = [float(life.advance(frame, features.observe(frame)).added[JAW]) for frame in given]
    return np.array(jaw)


def envelope_db(heard: Floats, rate_hz: int) -> Floats:
    """Return loudness over 25 ms, as late as blocks are."""
    ends = np.round((np.arange(len(heard) / rate_hz * FRAME_HZ) / FRAME_HZ - BLOCK_S) * rate_hz)
    total = np.append(0.0, np.cumsum(heard**2))
    ends = np.clip(ends, 0, len(heard)).astype(int)
    begins = np.maximum(0, ends - round(0.025 * rate_hz))
    return 10.0 * np.log10((total[ends] - total[begins]) / (0.025 * rate_hz) + 1e-6)


def likeness(true: Floats, other: Floats) -> Likeness:
    true_s, other_s = np.arange(len(true)) / FPS, np.arange(len(other)) / FRAME_HZ
    found: list[float] = []
    for lag_s in LAGS_S:
        inside = (true_s + lag_s > 0.05) & (true_s + lag_s < other_s[-1])
        then = np.interp(true_s[inside] + lag_s, other_s, other)
        found.append(float(np.corrcoef(true[inside], then)[0, 1]))
    best = int(np.argmax(found))
    return Likeness(found[len(found) // 2], found[best], float(LAGS_S[best]))


@pytest.fixture(scope="module")
def clips(shared: Path) -> dict[str, tuple[Floats, Floats, int]]:
    """Each clip's true opening, sound and its rate."""
    folder = shared / "data" / "video" / "grid"
    paths = [folder / f"{name}.mpg" for name in MOUTHS_PX]
    if not all(path.is_file() for path in paths):
        pytest.skip(f"elsewhere: no GRID clips at {folder}")
    return {
        path.stem: (opened_px(pictures(path), MOUTHS_PX[path.stem]), *sound(path)) for path in paths
    }


def judged(
    clips: dict[str, tuple[Floats, Floats, int]],
) -> Iterator[tuple[str, Likeness, Likeness]]:
    for name, (true, heard, rate_hz) in clips.items():
        yield (
            name,
            likeness(true, made_up(heard, rate_hz)),
            likeness(true, envelope_db(heard, rate_hz)),
        )


@pytest.mark.shared
def test_the_jaw_opens_when_the_filmed_one_does(
    clips: dict[str, tuple[Floats, Floats, int]],
) -> None:
    rows = list(judged(clips))
    for name, ours, loudness in rows:
        LOG.info(
            "%s: r %.2f, at best %.2f at %+.2f s; loudness %.2f, at best %.2f at %+.2f s",
            name, *ours, *loudness,
        )  # fmt: skip
    ours, loudness = (np.array([row[n] for row in rows]) for n in (1, 2))
    LOG.info("mean: %s; loudness %s", ours.mean(axis=0).round(3), loudness.mean(axis=0).round(3))
    assert ours[:, 1].min() > 0.4
    assert ours[:, 0].mean() > 0.45
    assert ours[:, 1].mean() > loudness[:, 1].mean()
    late_s = ours[:, 2] - BLOCK_S
    assert (late_s > -LEAD_S).all()
    assert (late_s < LAG_S).all()

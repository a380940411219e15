from __future__ import annotations

import numpy as np

from unvisor.calibration.fitting.glances import eyes_of, together_and_apart, usual
from unvisor.calibration.fitting.robust import median, quantile, scatter, shrunk
from unvisor.calibration.fitting.use import Use


def glances(gaze_rad: np.ndarray, rate_hz: float = 30.0) -> Use:
    times = (np.arange(len(gaze_rad)) * 1e9 / rate_hz).astype(np.int64)
    return Use(
        face_ns=times[:0],
        weights=np.zeros((0, 88)),
        eyes_ns=times,
        openness=np.ones((len(gaze_rad), 2)),
        gaze_rad=gaze_rad,
    )


def test_together_and_apart_are_two_ways_to_say_it() -> None:
    eyes = np.array([[0.3, -0.1], [0.1, 0.2]])
    np.testing.assert_allclose(eyes_of(together_and_apart(eyes)), eyes)


def test_seconds_tell_how_far_eyes_are_apart_and_not_where_they_look() -> None:
    rng = np.random.default_rng(0)
    looks = np.repeat(rng.normal(0.0, 0.15, (70, 1, 2)), 9, axis=0)
    _, doubt = usual(glances(looks + rng.normal(0.0, 0.01, (630, 2, 2))))
    assert (doubt[0] > 10 * doubt[1]).all()


def test_the_doubt_is_as_large_as_the_error() -> None:
    rng = np.random.default_rng(1)
    off: list[float] = []
    told: list[float] = []
    for _ in range(200):
        centre, doubt = usual(
            glances(np.repeat(rng.normal(0.0, 0.1, (70, 1, 2)), 9, axis=0)[:, [0, 0]])
        )
        off.append(float(centre[0, 0]))
        told.append(float(doubt[0, 0]))
    assert 0.6 < np.sqrt(np.mean(np.square(told))) / np.std(off) < 1.8


def test_too_little_is_unknown() -> None:
    assert np.isnan(usual(glances(np.zeros((0, 2, 2))))[0]).all()
    centre, doubt = usual(glances(np.full((30, 2, 2), 0.1)))
    assert np.isfinite(centre).all()
    assert np.isnan(doubt).all()


def test_robust_ones_pass_over_what_is_missing() -> None:
    rows = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan], [9.0, np.nan]])
    assert median(rows)[0] == 2.0
    assert np.isnan(median(rows)[1])
    assert quantile(rows, 1.0)[0] == 9.0
    blink = np.ones((60, 1))
    blink[:8] = 0.0
    assert scatter(blink)[0] == 0.0
    assert np.isnan(median(np.zeros((0, 2, 2)))).all()
    many = np.random.default_rng(0).normal(size=(41, 3, 2))
    many[:7, 1] = np.nan
    many[3, 0, 0] = np.inf
    finite = np.where(np.isfinite(many), many, np.nan)
    np.testing.assert_allclose(quantile(many, 0.84), np.nanquantile(finite, 0.84, axis=0))
    assert shrunk(np.array([1.0]), 3.0, 0.0, 1.0)[0] == 0.75

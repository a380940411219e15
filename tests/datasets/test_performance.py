from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from unvisor.datasets import performance as script
from unvisor.datasets.performance import eased, performance, saccade_s
from unvisor.datasets.streams import Floats, Truth
from unvisor.headset.names import ARKIT, ARKIT_INDEX, HIDDEN_14


@cache
def truth() -> Truth:
    found = performance().truth
    assert found is not None
    return found


def channel(name: str) -> Floats:
    return truth().arkit[:, ARKIT_INDEX[name]]


def test_it_is_the_same_each_time_and_says_whose_it_is() -> None:
    one, other = performance(), performance()
    assert one.truth is not None
    assert other.truth is not None
    assert one.truth.arkit.tobytes() == other.truth.arkit.tobytes()
    assert one.about == other.about
    assert one.about.basis.kind == "generated"
    assert one.about.tracker == "generated"


def test_its_length_rate_and_range() -> None:
    found = truth()
    assert found.arkit.shape == (26 * 60, len(ARKIT))
    assert np.diff(found.time_ns) == pytest.approx(1e9 / 60, abs=1.0)
    assert found.arkit.min() >= 0.0
    assert found.arkit.max() <= 1.0


def test_every_hidden_channel_has_something_to_tell() -> None:
    for name in HIDDEN_14:
        assert np.ptp(channel(name)) > 0.3, name


def test_no_channel_steps() -> None:
    # A blink closes in 90 ms; nothing else is as fast but the eyes themselves.
    steps = np.abs(np.diff(truth().arkit, axis=0)).max(axis=0)
    for name, step in zip(ARKIT, steps, strict=True):
        assert step < (0.4 if name.startswith(("eyeBlink", "eyeLook")) else 0.15), name


def test_it_begins_with_rest_and_speech() -> None:
    early = truth().arkit[: 8 * 60]
    for name in ("browDownLeft", "noseSneerLeft", "cheekPuff", "tongueOut"):
        assert early[:, ARKIT_INDEX[name]].max() < 0.1, name
    jaw = early[2 * 60 :, ARKIT_INDEX["jawOpen"]]
    assert jaw.max() > 0.2
    still = early[:60, ARKIT_INDEX["jawOpen"]]
    assert still.max() < 0.01


def test_blinks_close_faster_than_they_open() -> None:
    blink = channel("eyeBlinkLeft")
    shut = np.flatnonzero(np.diff((blink > 0.8).astype(int)) == 1)
    assert len(shut) == len(script.BLINKS_S)
    for at in shut:
        speed = np.diff(blink[at - 8 : at + 24])
        assert speed.max() > 1.5 * -speed.min()


def test_what_faces_do_together_is_done_together() -> None:
    for one, other in (
        ("mouthSmileLeft", "cheekSquintLeft"),
        ("mouthUpperUpLeft", "noseSneerLeft"),
        ("browOuterUpRight", "eyeWideRight"),
        ("browDownLeft", "eyeSquintLeft"),
    ):
        assert np.corrcoef(channel(one), channel(other))[0, 1] > 0.5, (one, other)


@pytest.mark.parametrize(("size_deg", "peak_deg_s"), [(5.0, 213.0), (15.0, 352.0), (30.0, 455.0)])
def test_saccades_keep_to_the_main_sequence(size_deg: float, peak_deg_s: float) -> None:
    lasts_s = saccade_s(size_deg, vertical=False)
    time_s = np.linspace(0.0, lasts_s, 2001)
    speed = np.gradient(size_deg * eased(time_s / lasts_s), time_s)
    assert speed.max() == pytest.approx(peak_deg_s, rel=0.1)


def test_a_move_begins_and_ends_still() -> None:
    step = eased(np.linspace(-0.5, 1.5, 2001))
    assert (np.diff(step) >= 0.0).all()
    assert (step[0], step[-1]) == (0.0, 1.0)
    assert np.abs(np.diff(step, n=2)).max() < 1e-4

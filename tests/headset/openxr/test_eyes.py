"""Both ways to read a gaze, by the real loader, from the tests' own headset."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from unvisor.headset.frame import EyeSample

from .conftest import RunXr
from .sensing import plain, sensing

pytestmark = pytest.mark.openxr


def turned(yaw_rad: float, pitch_rad: float = 0.0) -> list[float]:
    """Return a rotation xyzw: left by a yaw, then up by a pitch."""
    sy, cy, sp, cp = (
        math.sin(yaw_rad / 2), math.cos(yaw_rad / 2),
        math.sin(pitch_rad / 2), math.cos(pitch_rad / 2),
    )  # fmt: skip
    return [cy * sp, sy * cp, -sy * sp, cy * cp]


def looking(supports: list[str], pairs: list[list[list[float]]]) -> dict[str, Any]:
    came: list[Any] = []
    with sensing(*supports) as (layer, sensors, step):
        said = layer.reported
        for left, right in pairs:
            said.gaze_xyzw = np.array([left, right])
            said.combined_xyzw = np.array(left)
            eyes = step()["EyeSample"]
            assert isinstance(eyes, EyeSample)
            came.append(
                {
                    "gaze": plain(eyes.gaze),
                    "openness": plain(eyes.openness),
                    "confidence": plain(eyes.confidence),
                    "age_ns": eyes.received_ns - eyes.time_ns,
                }
            )
        said.gaze_confidence = np.array([0.5, 0.0])
        one = step().get("EyeSample")
        assert one is None or isinstance(one, EyeSample)
        said.tracked -= {"gaze_xyzw", "combined_xyzw"}
        lost = sorted(step())
        return {
            "came": came,
            "one": one and plain(one.confidence),
            "lost": lost,
            "calls": layer.calls,
            "complaints": layer.complaints,
            "senses": sensors.senses,
        }


LOOKS = [(0.2, 0.1), (-0.3, 0.0), (0.0, -0.25), (0.4, 0.3)]


def vector(yaw_rad: float, pitch_rad: float) -> list[float]:
    """Return where one looks; to the left is -x."""
    across = math.cos(pitch_rad)
    return [-math.sin(yaw_rad) * across, math.sin(pitch_rad), -math.cos(yaw_rad) * across]


def test_each_eye_by_the_social_extension(run_xr: RunXr) -> None:
    pairs = [[turned(*look), turned(look[0] - 0.1, look[1])] for look in LOOKS]
    told = run_xr(looking, supports=["eyes"], pairs=pairs)
    assert told["complaints"] == []
    for one, (yaw_rad, pitch_rad) in zip(told["came"], LOOKS, strict=True):
        wanted = vector(yaw_rad, pitch_rad) + vector(yaw_rad - 0.1, pitch_rad)
        assert one["gaze"] == pytest.approx(wanted, abs=1e-5)  # while the head wobbles
        assert one["openness"] == [None, None]
        assert one["confidence"] == [1.0, 1.0]
        assert 0 <= one["age_ns"] < 10**9
    assert told["one"] == [0.5, 0.0]
    assert told["lost"] == ["HeadSample"]


def test_both_eyes_by_the_gaze_action(run_xr: RunXr) -> None:
    pairs = [[turned(*look), turned(*look)] for look in LOOKS]
    told = run_xr(looking, supports=["gaze"], pairs=pairs)
    assert told["complaints"] == []
    assert told["senses"] == "head gaze"
    for one, look in zip(told["came"], LOOKS, strict=True):
        assert one["gaze"] == pytest.approx(vector(*look) * 2, abs=1e-5)
        assert 0 <= one["age_ns"] < 10**9
    assert told["lost"] == ["HeadSample"]


def test_an_eye_of_its_own_is_preferred_and_the_face_gives_lids(run_xr: RunXr) -> None:
    pairs = [[turned(0.2), turned(0.1)]]
    told = run_xr(looking, supports=["eyes", "gaze", "face"], pairs=pairs)
    assert told["complaints"] == []
    (one,) = told["came"]
    assert one["gaze"] == pytest.approx(vector(0.2, 0.0) + vector(0.1, 0.0), abs=1e-5)
    assert one["openness"] == [1.0, 1.0]
    # The face is still there, and says roughly where the eyes look.
    assert told["lost"] == ["EyeSample", "FaceSample", "HeadSample"]

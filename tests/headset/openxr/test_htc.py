"""XR_HTC_facial_tracking, by the real loader, from the tests' own headset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unvisor.headset.frame import EyeSample, FaceSample
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX
from unvisor.headset.vendor_maps import from_htc_eye, from_htc_lip
from unvisor.headset.vendors import HTC_EYE, HTC_LIP

from .conftest import RunXr
from .sensing import matches, plain, rows, sensing

pytestmark = pytest.mark.openxr


def htc_rows(eye_count: int, lip_count: int) -> dict[str, Any]:
    came: list[Any] = []
    with sensing("htc eye", "htc lip") as (layer, _, step):
        for eye, lip in zip(rows(eye_count) * 3, rows(lip_count), strict=False):
            layer.reported.htc_eye, layer.reported.htc_lip = np.array(eye), np.array(lip)
            samples = step()
            face, eyes = samples["FaceSample"], samples["EyeSample"]
            assert isinstance(face, FaceSample)
            assert isinstance(eyes, EyeSample)
            one = {"weights": face.weights, "gaze": eyes.gaze, "openness": eyes.openness}
            came.append({name: plain(values) for name, values in one.items()})
        parts: dict[str, list[float | None]] = {}
        for lost, left in (("htc_eye", "lip"), ("htc_lip", "eye")):
            layer.reported.tracked = {"htc_eye", "htc_lip"} - {lost}
            face = step()["FaceSample"]
            assert isinstance(face, FaceSample)
            parts[left] = plain(face.weights)
        layer.reported.tracked = set()
        gone = sorted(step())
        return {"came": came, "parts": parts, "gone": gone, "complaints": layer.complaints}


def test_every_htc_expression_arrives_where_it_belongs(run_xr: RunXr) -> None:
    told = run_xr(htc_rows, eye_count=len(HTC_EYE), lip_count=len(HTC_LIP))
    assert told["complaints"] == []  # among them: made after the session began
    for one, eye, lip in zip(
        told["came"], rows(len(HTC_EYE)) * 3, rows(len(HTC_LIP)), strict=False
    ):
        eyes, lips = from_htc_eye(np.array(eye)), from_htc_lip(np.array(lip))
        both = np.where(np.isnan(eyes.weights), lips.weights, eyes.weights)
        assert matches(one["weights"], both)
        assert matches(one["gaze"], eyes.gaze)
        assert matches(one["openness"], eyes.openness)
    assert len(told["came"]) == len(HTC_LIP) + 1
    known = {
        part: {name for name, one in zip(UNIFIED, weights, strict=True) if one is not None}
        for part, weights in told["parts"].items()
    }
    assert known["eye"] == {
        "EyeWideLeft", "EyeWideRight", "EyeSquintLeft", "EyeSquintRight",
    }  # fmt: skip
    assert "JawOpen" in known["lip"]
    assert not known["lip"] & known["eye"]
    assert told["gone"] == ["HeadSample"]


def htc_named(lip: dict[str, float]) -> dict[str, float]:
    with sensing("htc lip") as (layer, _, step):
        names = {name: index for index, name in enumerate(HTC_LIP)}
        for name, weight in lip.items():
            layer.reported.htc_lip[names[name]] = weight
        samples = step()
        assert "EyeSample" not in samples
        face = samples["FaceSample"]
        assert isinstance(face, FaceSample)
        weights = {name: float(face.weights[index]) for name, index in UNIFIED_INDEX.items()}
        return {name: weight for name, weight in weights.items() if weight > 0.0}


def test_htc_lips_are_not_mixed_up(run_xr: RunXr) -> None:
    told = run_xr(
        htc_named,
        lip={
            "MOUTH_UPPER_OVERTURN": 0.25,  # oscavmgr: the upper funnel from the lower lip
            "MOUTH_RAISER_LEFT": 0.5,  # a smile, by its older name; and the left from the right
            "MOUTH_STRETCHER_RIGHT": 0.75,  # SRanipal: stretches both sides
        },
    )
    assert told == {
        "LipFunnelUpperLeft": 0.25,
        "LipFunnelUpperRight": 0.25,
        "MouthCornerPullLeft": 0.5,
        "MouthCornerSlantLeft": 0.5,
        "MouthFrownRight": 0.75,
    }

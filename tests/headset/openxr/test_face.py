"""XR_FB_face_tracking2 and its visemes, by the real loader, from the tests' own headset."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from unvisor.headset.frame import EyeSample, FaceSample, Origin, Sample, SpeechSample
from unvisor.headset.names import UNIFIED, UNIFIED_INDEX
from unvisor.headset.sensors.openxr.face import Audio
from unvisor.headset.vendor_maps import UPPER_FACE, from_fb2
from unvisor.headset.vendors import FB2

from .conftest import RunXr
from .sensing import headset, matches, plain, rows, sensing

if TYPE_CHECKING:
    from .layer import Layer

pytestmark = pytest.mark.openxr


def fb2_rows(count: int) -> dict[str, Any]:
    came: list[Any] = []
    with sensing("face") as (layer, sensors, step):
        for row in rows(count):
            layer.reported.face = np.array(row)
            layer.reported.face_confidence = np.array([0.5, 0.75])
            samples = step()
            face, eyes = samples["FaceSample"], samples["EyeSample"]
            assert isinstance(face, FaceSample)
            assert isinstance(eyes, EyeSample)
            came.append(
                {
                    "weights": plain(face.weights),
                    "confidence": plain(face.confidence),
                    "origin": plain(face.origin),
                    "gaze": plain(eyes.gaze),
                    "openness": plain(eyes.openness),
                    "eye_confidence": plain(eyes.confidence),
                    "age_ns": face.received_ns - face.time_ns,
                    "source": face.source,
                }
            )
        return {"came": came, "complaints": layer.complaints, "dropped": sensors.dropped}


def test_every_fb2_weight_arrives_where_it_belongs(run_xr: RunXr) -> None:
    told = run_xr(fb2_rows, count=len(FB2))
    assert told["complaints"] == []
    assert told["dropped"] == 0
    wanted = from_fb2(np.array(rows(len(FB2)), np.float32).astype(np.float64))
    for index, one in enumerate(told["came"]):
        name = FB2[index] if index < len(FB2) else "all"
        assert matches(one["weights"], wanted.weights[index]), name
        assert matches(one["gaze"], wanted.gaze[index]), name
        assert matches(one["openness"], wanted.openness[index]), name
        assert one["source"] == "openxr"
        seen = ~np.isnan(wanted.weights[index])
        assert matches(one["confidence"], seen * np.where(UPPER_FACE, 0.75, 0.5))
        assert one["eye_confidence"] == [0.75, 0.75]
        assert one["origin"] == np.where(seen, Origin.MEASURED, Origin.ABSENT).tolist()
        assert 0 <= one["age_ns"] < 10**9


def fb2_named(weights: dict[str, float]) -> dict[str, Any]:
    with sensing("face") as (layer, _, step):
        for name, weight in weights.items():
            layer.reported.face[FB2.index(name)] = weight
        samples = step()
        face, eyes = samples["FaceSample"], samples["EyeSample"]
        assert isinstance(face, FaceSample)
        assert isinstance(eyes, EyeSample)
        return {
            "weights": {
                name: float(face.weights[index])
                for name, index in UNIFIED_INDEX.items()
                if face.weights[index] > 0.0
            },
            "gaze": plain(eyes.gaze),
            "openness": plain(eyes.openness),
        }


def test_left_and_right_upper_and_lower_are_not_mixed_up(run_xr: RunXr) -> None:
    # What others' tables of this vendor got wrong (PROTOCOLS 3.14.4), all at once.
    told = run_xr(
        fb2_named,
        weights={
            "LIP_SUCK_LT": 0.1,  # WiVRn: from the lower lip
            "LIP_SUCK_RB": 0.2,  # and from the upper
            "CHEEK_RAISER_L": 0.3,  # never filled
            "LID_TIGHTENER_R": 0.4,  # LiveLink: the left one's value on both sides
            "CHIN_RAISER_T": 0.5,
            "CHIN_RAISER_B": 0.6,  # MeowFace: lower from upper
            "EYES_CLOSED_R": 0.7,  # BD's place for a blink is another than the legacy one's
            "LIP_STRETCHER_L": 0.8,  # SRanipal: both sides from the right
        },
    )
    assert told["weights"] == pytest.approx(
        {
            "LipSuckUpperLeft": 0.1,
            "LipSuckLowerRight": 0.2,
            "CheekSquintLeft": 0.3,
            "EyeSquintRight": 0.4,
            "MouthRaiserUpper": 0.5,
            "MouthRaiserLower": 0.6,
            "MouthStretchLeft": 0.8,
        }
    )
    assert told["openness"] == pytest.approx([1.0, 0.3])
    assert told["gaze"] == pytest.approx([0.0, 0.0, -1.0] * 2)


def fb2_heard(cases: list[tuple[Audio, list[str]]]) -> list[dict[str, Any]]:
    layer = headset()
    layer.reported.audio_only = True
    layer.reported.face[:] = 0.25
    return [heard(layer, audio, supports) for audio, supports in cases]


def heard(layer: Layer, audio: Audio, supports: list[str]) -> dict[str, Any]:
    with sensing(*supports, layer=layer, audio=audio) as (_, sensors, step):
        samples = step()
        face = samples.get("FaceSample")
        assert face is None or isinstance(face, FaceSample)
        return {
            "complaints": layer.complaints,
            "senses": sensors.senses,
            "kinds": sorted(samples),
            "weights": None if face is None else plain(face.weights),
            "origin": None if face is None else plain(face.origin),
        }


def test_a_face_guessed_from_sound_is_inferred_and_keeps_to_its_regions(run_xr: RunXr) -> None:
    both, sound = ["face", "audio face"], ["audio face"]
    cases = [("mouth", both), ("all", both), ("all", sound), ("none", both), ("none", sound)]
    mouth, whole, sound_alone, unwanted, unasked = run_xr(fb2_heard, cases=cases)
    known = ~np.isnan(from_fb2(np.full(len(FB2), 0.25)).weights)
    for told, regions in ((mouth, ~UPPER_FACE), (whole, known), (sound_alone, known)):
        assert told["complaints"] == []
        assert told["kinds"] == ["FaceSample", "HeadSample"]  # lids and gaze are not heard
        assert [one is not None for one in told["weights"]] == (known & regions).tolist()
        origin = np.where(known & regions, Origin.INFERRED, Origin.ABSENT)
        assert told["origin"] == origin.tolist()
    for told in (unwanted, unasked):
        assert told["complaints"] == []
        assert told["kinds"] == ["HeadSample"]
    assert (unwanted["senses"], unasked["senses"]) == ("head face", "head")


def fb2_changing() -> dict[str, Any]:
    with sensing("face", "visemes") as (layer, sensors, step):
        said = layer.reported
        kinds: dict[str, list[str]] = {}

        def note(what: str) -> dict[str, Sample]:
            samples = step()
            kinds[what] = sorted(samples)
            return samples

        said.face[:] = 0.25
        said.visemes[3] = 0.5
        speech = note("tracked")["SpeechSample"]
        assert isinstance(speech, SpeechSample)
        said.tracked.remove("visemes")
        note("silent")
        said.eyes_followed = False
        unfollowed = note("eyes not followed")["EyeSample"]
        assert isinstance(unfollowed, EyeSample)
        said.face_confidence = np.array([1.0, 0.0])
        lower = note("sure of the lower face alone")["FaceSample"]
        assert isinstance(lower, FaceSample)
        said.face[7] = math.nan
        note("a NaN")
        trouble = sensors.trouble
        said.face[7] = 0.25
        said.tracked.remove("face")
        note("lost")
        said.tracked.add("face")
        said.face_confidence = np.array([1.0, 1.0])
        note("again")
        return {
            "kinds": kinds,
            "visemes": plain(speech.visemes),
            "muted": speech.muted,
            "openness": plain(unfollowed.openness),
            "gaze": plain(unfollowed.gaze),
            "lower": [name for name, one in zip(UNIFIED, lower.weights, strict=True) if one == one],
            "trouble": trouble,
            "dropped": sensors.dropped,
            "complaints": layer.complaints,
        }


def test_what_is_lost_is_missing_and_returns(run_xr: RunXr) -> None:
    told = run_xr(fb2_changing)
    assert told["complaints"] == []
    face = ["EyeSample", "FaceSample", "HeadSample"]
    assert told["kinds"] == {
        "tracked": [*face, "SpeechSample"],
        "silent": face,
        "eyes not followed": face,
        "sure of the lower face alone": ["FaceSample", "HeadSample"],
        "a NaN": ["HeadSample"],
        "lost": ["HeadSample"],
        "again": face,
    }
    assert told["visemes"] == [0.0] * 3 + [0.5] + [0.0] * 11
    assert told["muted"] is None
    assert told["gaze"] == [None] * 6
    assert all(one is not None for one in told["openness"])
    assert "JawOpen" in told["lower"]
    assert "BrowLowererLeft" not in told["lower"]
    assert told["trouble"] == "OpenXR: weights that no face has: it is passed over"
    assert told["dropped"] == 1

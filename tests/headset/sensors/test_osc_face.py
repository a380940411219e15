"""What holds of values that come one by one: each keeps its own time, nothing latches."""

from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.errors import SensorError
from unvisor.headset.sensors import babble, vrcft
from unvisor.headset.sensors.osc_face import FRESH_S, OscFace

from .hostile import eyes_of, osc, shapes

FRESH_NS = round(FRESH_S * NS_PER_S)


def test_values_gather_over_packets() -> None:
    face = OscFace(babble.DIALECT)
    assert shapes(face.parse(osc(("/jawOpen", 0.5)), 0)) == {"JawOpen": 0.5}
    assert shapes(face.parse(osc(("/tongueUp", 0.25)), 1)) == {"JawOpen": 0.5, "TongueUp": 0.25}


def test_what_is_not_said_again_is_missing_again() -> None:
    face = OscFace(babble.DIALECT)
    face.parse(osc(("/jawOpen", 0.5)), 0)
    assert "JawOpen" in shapes(face.parse(osc(("/tongueUp", 0.25)), FRESH_NS))
    assert "JawOpen" not in shapes(face.parse(osc(("/tongueUp", 0.25)), FRESH_NS + 1))


def test_a_mouth_does_not_renew_the_eyes() -> None:
    face = OscFace(babble.DIALECT)
    assert len(face.parse(osc(("/LeftEyeLid", 0.5)), 0)) == 1
    samples = face.parse(osc(("/jawOpen", 0.5)), 1)
    assert shapes(samples) == {"JawOpen": 0.5}
    assert len(samples) == 1
    eyes = eyes_of(face.parse(osc(("/RightEyeLid", 1.0)), 2))
    np.testing.assert_array_equal(eyes.openness, [0.5, 1.0])


def test_a_packet_with_one_absurd_value_is_refused_whole() -> None:
    face = OscFace(babble.DIALECT)
    with pytest.raises(SensorError, match="tongueUp is 1e"):
        face.parse(osc(("/jawOpen", 0.5), ("/tongueUp", 1e9)), 0)
    assert shapes(face.parse(osc(("/tongueOut", 0.25)), 1)) == {"TongueOut": 0.25}


def test_unknown_addresses_are_nobodys() -> None:
    assert OscFace(babble.DIALECT).parse(osc(("/chatbox", 1.0), ("/jawOpen", True)), 0) == []


def said(**values: float) -> bytes:
    return osc(*((f"/avatar/parameters/v2/{name}", value) for name, value in values.items()))


def test_where_only_changes_are_sent_what_stays_holds_while_its_region_lives() -> None:
    face = OscFace(vrcft.DIALECT)
    face.parse(said(JawOpen=0.1, MouthClosed=0.2), 0)
    face.parse(said(JawOpen=0.3, MouthClosed=0.0), 1)  # the lips rest from here on
    for step in range(1, 10):
        now_ns = step * FRESH_NS
        assert shapes(face.parse(said(JawOpen=0.3 + step / 100), now_ns))["MouthClosed"] == 0.0


def test_where_only_changes_are_sent_a_region_that_stands_still_is_lost() -> None:
    face = OscFace(vrcft.DIALECT)
    face.parse(said(JawOpen=0.1, EyeLeftX=0.1, EyeLeftY=0.1), 0)
    face.parse(said(JawOpen=0.3, EyeLeftX=0.2, EyeLeftY=0.2), 1)
    assert face.parse(said(JawOpen=0.3), 3 * FRESH_NS) == []  # the same again is no sign of life
    assert face.parse(said(EyeLeftX=0.3), 3 * FRESH_NS) == []  # nobody knows how high it looks
    eyes = eyes_of(face.parse(said(EyeLeftY=0.3), 3 * FRESH_NS))
    assert not np.isnan(eyes.gaze[0]).any()
    assert np.isnan(eyes.gaze[1]).all()
    assert shapes(face.parse(said(MouthPressLeft=0.0, JawOpen=0.31), 3 * FRESH_NS)) == {
        "JawOpen": 0.31
    }


def test_where_only_changes_are_sent_a_pause_makes_all_of_a_region_unsure() -> None:
    face = OscFace(vrcft.DIALECT)
    face.parse(said(JawOpen=0.1, MouthPressLeft=0.1), 0)
    assert len(shapes(face.parse(said(JawOpen=0.3, MouthPressLeft=0.2), 1))) == 2
    assert shapes(face.parse(said(JawOpen=0.4), 2 * FRESH_NS)) == {"JawOpen": 0.4}


def test_where_only_changes_are_sent_a_constant_is_nobodys_word() -> None:
    face = OscFace(vrcft.DIALECT)
    assert face.parse(said(JawOpen=0.0, BrowLowererLeft=0.0), 0) == []
    assert shapes(face.parse(said(JawOpen=0.5, BrowLowererLeft=0.0), 1)) == {"JawOpen": 0.5}

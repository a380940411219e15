from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.errors import OutputError
from unvisor.headset.frame import FORWARD, Face, Origin, SensorFrame
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.outputs.vrchat import REFRESH_S, ROOT, VRChat
from unvisor.headset.plug import GOLDEN_FACE
from unvisor.headset.sensors.sample import observed
from unvisor.reconstruct.models import reconstructor

FRAME = SensorFrame(time_ns=0)
JAW, SNEER = UNIFIED_INDEX["JawOpen"], UNIFIED_INDEX["NoseSneerLeft"]


def told(packets: Sequence[bytes]) -> dict[str, float | bool]:
    """What the avatar takes from packets: address without its root -> value."""
    messages = [one for packet in packets for one in OscBundle(packet)]
    return {
        one.address.removeprefix(ROOT): one.params[0]
        for one in messages
        if isinstance(one, OscMessage)
    }


def face(jaw: float, *, sneer: float = float("nan"), time_s: float = 0.0) -> Face:
    weights = GOLDEN_FACE.weights.copy()
    weights[JAW], weights[SNEER] = jaw, sneer
    return replace(GOLDEN_FACE, weights=weights, time_ns=round(time_s * NS_PER_S))


def test_every_prefix_is_served() -> None:
    both = told(VRChat(("", "FT/")).encode(FRAME, face(0.5)))
    assert both["v2/JawOpen"] == both["FT/v2/JawOpen"] == 0.5


def test_only_what_changed_is_sent() -> None:
    encoder = VRChat(("FT/",))
    told(encoder.encode(FRAME, face(0.5, sneer=0.25)))
    assert encoder.encode(FRAME, face(0.5, sneer=0.25)) == []
    assert encoder.encode(FRAME, face(0.501, sneer=0.25)) == []
    changed = told(encoder.encode(FRAME, face(0.75, sneer=0.25)))
    assert changed == {"FT/v2/JawOpen": 0.75}


def test_small_steps_add_up() -> None:
    encoder, shown = VRChat(("FT/",)), -1.0
    for jaw in np.linspace(0.0, 1.0, 1000).tolist():
        shown = told(encoder.encode(FRAME, face(jaw))).get("FT/v2/JawOpen", shown)
        assert abs(shown - jaw) < 1 / 512


def test_all_is_sent_again_after_a_while() -> None:
    encoder = VRChat(("FT/",))
    first = told(encoder.encode(FRAME, face(0.5)))
    assert encoder.encode(FRAME, face(0.5, time_s=REFRESH_S - 0.1)) == []
    assert told(encoder.encode(FRAME, face(0.5, time_s=REFRESH_S))) == first


def test_modes_follow_what_is_known_and_end_with_the_run() -> None:
    encoder = VRChat(("",))
    first = told(encoder.encode(FRAME, face(0.5)))
    assert first["LipTrackingActive"] is True
    assert first["ExpressionTrackingActive"] is True
    assert "EyeTrackingActive" not in first
    measured = np.zeros(2, np.uint8)
    eyes = {"gaze": FORWARD, "eye_origin": measured}
    with_eyes = told(encoder.encode(FRAME, replace(face(0.5), **eyes)))
    assert with_eyes["EyeTrackingActive"] is True
    unsensed = np.full(88, Origin.INFERRED, np.uint8)
    lost = told(encoder.encode(FRAME, replace(face(0.5), **eyes, origin=unsensed)))
    assert lost == {"LipTrackingActive": False, "ExpressionTrackingActive": False}
    assert told(encoder.farewell()) == {"EyeTrackingActive": False}
    assert encoder.farewell() == []


def test_a_guessed_gaze_is_left_to_the_avatar() -> None:
    guessed = replace(face(0.5), gaze=FORWARD, eye_origin=np.full(2, Origin.HELD, np.uint8))
    sent = told(VRChat(("",)).encode(FRAME, guessed))
    assert "EyeTrackingActive" not in sent
    assert not any(name.startswith("v2/Eye") for name in sent)


def test_when_every_sensor_is_lost_the_face_comes_to_rest_and_then_there_is_silence() -> None:
    encoder, wearer = VRChat(("",)), reconstructor("rules", None)
    weights = np.full(88, np.nan)
    weights[JAW] = 0.8
    sample = observed("chin", weights, received_ns=0)
    sent = [
        told(encoder.encode(FRAME, wearer.reconstruct(SensorFrame(time_ns=0, faces=(sample,)))))
    ]
    for step in range(1, 300):
        gone = SensorFrame(time_ns=step * NS_PER_S // 60)
        sent.append(told(encoder.encode(FRAME, wearer.reconstruct(gone))))
    jaws = [one["v2/JawOpen"] for one in sent if "v2/JawOpen" in one]
    assert jaws == sorted(jaws, reverse=True)
    assert jaws[-1] < 0.02
    assert sent[0]["ExpressionTrackingActive"] is True
    assert any(one.get("ExpressionTrackingActive") is False for one in sent)
    assert not any(sent[-60:])


def test_nothing_known_nothing_said() -> None:
    nothing = replace(face(float("nan")), origin=np.full(88, Origin.ABSENT, np.uint8))
    assert VRChat(("",)).encode(FRAME, nothing) == []


def test_a_prefix_that_osc_does_not_allow() -> None:
    with pytest.raises(OutputError, match="not allowed"):
        VRChat(("F T/",))


def test_a_whole_face_fits_in_few_packets() -> None:
    full = replace(GOLDEN_FACE, weights=np.linspace(0, 1, 88), gaze=FORWARD, openness=np.ones(2))
    packets = VRChat(("FT/",)).encode(FRAME, full)
    assert len(told(packets)) > 150
    assert len(packets) <= 8
    assert all(len(packet) <= 1472 for packet in packets)

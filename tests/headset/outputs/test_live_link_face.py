from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unvisor.headset import expressions as ex
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.frame import EyeSample, FaceSample, SensorFrame
from unvisor.headset.names import ARKIT_INDEX
from unvisor.headset.outputs.live_link_face import LiveLinkFace
from unvisor.headset.plug import GOLDEN_FACE
from unvisor.headset.sensors.live_link_face import parse

FRAME = SensorFrame(time_ns=0)


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_what_is_sent_is_what_our_reader_reads(seed: int) -> None:
    arkit = np.random.default_rng(seed).uniform(0, 1, 52)
    for side in ("Left", "Right"):  # an eye looks one way at a time
        arkit[[ARKIT_INDEX[f"eyeLookIn{side}"], ARKIT_INDEX[f"eyeLookDown{side}"]]] = 0.0
    sent = replace(
        GOLDEN_FACE,
        weights=ex.unified_from_arkit(arkit),
        gaze=ex.gaze_from_arkit(arkit),
        openness=ex.openness_from_arkit(arkit),
    )
    (packet,) = LiveLinkFace("someone").encode(FRAME, sent)
    face, eyes = parse(packet, 0)
    assert isinstance(face, FaceSample)
    assert isinstance(eyes, EyeSample)
    np.testing.assert_allclose(face.weights, sent.weights, atol=1e-6)
    np.testing.assert_allclose(eyes.gaze, sent.gaze, atol=1e-6)
    np.testing.assert_allclose(eyes.openness, sent.openness, atol=1e-6)


def angles(packet: bytes) -> list[float]:
    """Yaw, pitch, roll of head, left eye, right eye."""
    return np.frombuffer(packet[-36:], ">f4").tolist()


def test_eye_angles_are_the_apps_yaw_right_pitch_down() -> None:
    gaze = ex.gaze_from_angles(np.array([0.2, np.nan]), np.array([0.1, np.nan]))
    (packet,) = LiveLinkFace("x").encode(FRAME, replace(GOLDEN_FACE, gaze=gaze))
    expected = np.array([0, 0, 0, 0.2, -0.1, 0, 0, 0, 0], np.float32)
    np.testing.assert_allclose(angles(packet), expected, atol=1e-4)


def test_values_are_clipped_to_what_receivers_take() -> None:
    arkit = np.full(52, 0.0)
    arkit[ARKIT_INDEX["jawOpen"]] = 1.08
    arkit[ARKIT_INDEX["jawLeft"]] = -0.1
    sent = replace(GOLDEN_FACE, weights=ex.unified_from_arkit(arkit))
    (packet,) = LiveLinkFace("x").encode(FRAME, sent)
    values = np.frombuffer(packet[-244:], ">f4")
    assert values[ARKIT_INDEX["jawOpen"]] == 1.0
    assert values[ARKIT_INDEX["jawLeft"]] == 0.0


def test_of_an_unknown_face_nothing_is_sent() -> None:
    unknown = replace(GOLDEN_FACE, weights=np.full(88, np.nan))
    assert LiveLinkFace("x").encode(FRAME, unknown) == ()


def test_the_timecode_runs_at_sixty_a_second_and_wraps_daily() -> None:
    def timecode(time_s: float) -> tuple[int, float]:
        face = replace(GOLDEN_FACE, time_ns=round(time_s * NS_PER_S))
        (packet,) = LiveLinkFace("x").encode(FRAME, face)
        number, part = packet[-261:-257], packet[-257:-253]
        return int.from_bytes(number, "big"), float(np.frombuffer(part, ">f4")[0])

    assert timecode(2.0) == (120, 0.0)
    number, part = timecode(2.0125)
    assert (number, round(part, 3)) == (120, 0.75)
    assert timecode(86_400.0 * 30_000 + 1)[0] == 60

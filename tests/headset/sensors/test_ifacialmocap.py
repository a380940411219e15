from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.expressions import arkit_from_unified
from unvisor.headset.names import ARKIT, ARKIT_INDEX
from unvisor.headset.sensors.ifacialmocap import PLUG, parse
from unvisor.headset.sensors.udp import UNREADABLE

from .hostile import MANY, eyes_of, face_of, mutated, shapes, survive

TAIL = "=head#-1.67,-7.3,2.88,0.08,0.03,-0.47|rightEye#5.35,19.06,1.84|leftEye#5.56,15.61,1.55|"


def version_1(**hundredths: int) -> bytes:
    """Written from PROTOCOLS 3.9, sides as `_L` and `_R`; every channel is named, as the app does."""
    spelt = {name: name.replace("Left", "_L").replace("Right", "_R") for name in ARKIT}
    spelt |= {name: name for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")}
    shapes = "".join(f"{spelt[name]}-{hundredths.get(name, 0)}|" for name in ARKIT)
    return f"trackingStatus-1|{shapes}hapihapi-0|{TAIL}".encode()


def version_2(**hundredths: int) -> bytes:
    shapes = "".join(f"{name}&{hundredths.get(name, 0)}|" for name in ARKIT)
    return f"{shapes}FM_tongueUp&30|{TAIL}".encode()


def test_the_golden_packet_is_a_half_open_jaw_and_a_wink() -> None:
    samples = parse(PLUG.golden, 7)
    assert shapes(samples) == {"JawOpen": 0.5}
    np.testing.assert_array_equal(eyes_of(samples).openness, [1.0, 0.0])
    assert np.isnan(eyes_of(samples).gaze).all()


@pytest.mark.parametrize("write", [version_1, version_2])
@pytest.mark.parametrize("name", ARKIT)
def test_every_channel_arrives_where_it_belongs(name: str, write: type) -> None:
    samples = parse(write(**{name: 30}), 7)
    face, eyes = face_of(samples), eyes_of(samples)
    wanted = np.zeros(len(ARKIT))
    wanted[ARKIT_INDEX[name]] = 0.3
    arkit = arkit_from_unified(face.weights, eyes.gaze, eyes.openness)
    np.testing.assert_allclose(arkit, wanted, atol=1e-9)


def test_jaws_and_mouths_that_go_sideways_have_no_side() -> None:
    assert shapes(parse(b"jawLeft-10|jawRight-0|mouthLeft-20|=head#0|", 7)) == {
        "JawLeft": 0.1, "JawRight": 0.0, "MouthUpperLeft": 0.2, "MouthLowerLeft": 0.2,
    }  # fmt: skip


def test_looking_left() -> None:
    """Both eyes look to the wearer's left: the right one inwards, the left one outwards."""
    eyes = eyes_of(parse(version_1(eyeLookIn_R=0, eyeLookInRight=54, eyeLookOutLeft=44), 7))
    assert (eyes.gaze[:, 0] < -0.1).all()
    np.testing.assert_allclose(eyes.gaze[:, 1], 0.0, atol=1e-12)
    down = eyes_of(parse(version_2(eyeLookDownLeft=50, eyeLookDownRight=50), 7))
    assert (down.gaze[:, 1] < -0.1).all()


def test_values_below_zero_and_above_one() -> None:
    assert shapes(parse(b"jawOpen--3|mouthClose-108|", 7)) == {
        "JawOpen": -0.03,
        "MouthClosed": 1.08,
    }
    assert shapes(parse(b"jawOpen&-3|", 7)) == {"JawOpen": -0.03}


def test_a_phone_that_sees_no_face_says_nothing() -> None:
    assert parse(b"trackingStatus-0|jawOpen-50|=head#0|", 7) == []


@pytest.mark.parametrize(
    "packet",
    [b"", b"hello", b"jawOpen-", b"jawOpen-nan|mouthClose-0|",
     b"jawOpen&inf|mouthClose&0|", b"jawOpen-1e9|", b"\xff\xfe", b"=head#0,0,0,0,0,0|",
     b"jawOpen-50|" * 1000],
)  # fmt: skip
def test_other_packets_are_refused(packet: bytes) -> None:
    with pytest.raises(UNREADABLE):
        parse(packet, 7)


def test_no_bytes_do_harm() -> None:
    golden = [PLUG.golden, version_1(jawOpen=30)[:300], version_2(jawOpen=30)[:300]]
    assert 0 < survive(parse, mutated(golden, seed=7)) < MANY

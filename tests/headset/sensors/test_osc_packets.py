from __future__ import annotations

import math
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from unvisor.headset.errors import SensorError
from unvisor.headset.outputs.osc import message
from unvisor.headset.sensors.osc_packets import (
    DEEPEST,
    LARGEST_BYTES,
    MOST_MESSAGES,
    messages,
    one_float,
)
from unvisor.headset.sensors.udp import UNREADABLE

from .hostile import MANY, mutated, osc


def nested(depth: int) -> bytes:
    """A message in so many bundles, written by python-osc."""
    builder = OscBundleBuilder(IMMEDIATELY)
    message = OscMessageBuilder("/jawOpen")
    message.add_arg(0.5)
    builder.add_content(message.build())
    bundle = builder.build()
    for _ in range(depth - 1):
        outer = OscBundleBuilder(IMMEDIATELY)
        outer.add_content(bundle)
        bundle = outer.build()
    return bundle.dgram


def test_python_osc_is_understood() -> None:
    assert messages(osc(("/a", 0.5, -2.0), ("/avatar/parameters/b", True, 1, False))) == [
        ("/a", (0.5, -2.0)),
        ("/avatar/parameters/b", (True, 1.0, False)),
    ]


def test_a_boolean_stays_one_and_an_integer_is_a_number() -> None:
    ((_, (switch, count)),) = messages(osc(("/a", True, 1)))
    assert switch is True
    assert type(count) is float


def test_messages_of_text_are_left_out() -> None:
    assert messages(osc(("/avatar/change", "avtr_1"), ("/a", 1.0))) == [("/a", (1.0,))]


@given(
    st.lists(
        st.tuples(
            st.text("abcXYZ_/", min_size=1, max_size=40).map(lambda text: f"/{text}"),
            st.lists(
                st.booleans()
                | st.integers(-(2**31), 2**31 - 1)
                | st.floats(allow_nan=False, allow_infinity=False, width=32),
                max_size=8,
            ),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_it_reads_what_python_osc_reads(said: list[tuple[str, list[float]]]) -> None:
    packet = osc(*((address, *values) for address, values in said))
    theirs = [
        (one.message.address, tuple(one.message.params)) for one in OscPacket(packet).messages
    ]
    assert messages(packet) == theirs


def test_bundles_in_bundles_up_to_a_depth() -> None:
    assert messages(nested(DEEPEST)) == [("/jawOpen", (0.5,))]
    with pytest.raises(SensorError, match="deep"):
        messages(nested(DEEPEST + 1))


def test_so_many_messages_and_no_more() -> None:
    one = b"/a\0\0,f\0\0\0\0\0\0"
    element = len(one).to_bytes(4, "big") + one
    header = b"#bundle\0" + bytes(8)
    assert len(messages(header + MOST_MESSAGES * element)) == MOST_MESSAGES
    with pytest.raises(SensorError, match="more than"):
        messages(header + (MOST_MESSAGES + 1) * element)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_condemns_its_packet(value: float) -> None:
    with pytest.raises(SensorError, match="not finite"):
        messages(osc(("/a", 0.5), ("/b", value)))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"/a",
        b"/a\0\0",
        b"/a\0\0f\0\0\0\0\0\0\0",
        b"/a\0\0,ff\0\0\0\0\0",
        b"a\0\0\0,f\0\0\0\0\0\0",
        b"/\xff\0\0,f\0\0\0\0\0\0",
        b"#bundle\0",
        b"#bundle\0" + bytes(8) + b"\0\0\0\0" * 10,
        b"#bundle\0" + bytes(8) + b"\0\0\0\x40/a\0\0",
        b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc/a\0\0",
        bytes(LARGEST_BYTES + 1),
    ],
)
def test_other_bytes_are_refused(packet: bytes) -> None:
    with pytest.raises(UNREADABLE):
        messages(packet)


def test_no_bytes_do_harm() -> None:
    golden = [
        nested(3),
        osc(("/a", 0.5, 1.0), ("/tracking", True, 2)),
        struct.pack(">8s", b"#bundle"),
    ]
    readable = 0
    for packet in mutated(golden, seed=1):
        try:
            found = messages(packet)
        except UNREADABLE:
            continue
        readable += 1
        assert len(found) <= len(packet) // 8
        assert all(math.isfinite(value) for _, values in found for value in values)
    assert 0 < readable < MANY


def test_the_deepest_packet_costs_little() -> None:
    rng = random.Random(2)
    packet = b"#bundle\0" + bytes(8)
    while len(packet) < LARGEST_BYTES - 32:
        packet += b"\0\0\0\x10#bundle\0" + rng.randbytes(8)
    assert messages(packet) == []


@pytest.mark.parametrize("address", ["/a", "/abc", "/abcd", "/avatar/parameters/v2/JawOpen"])
def test_the_head_of_one_float_tells_its_address(address: str) -> None:
    packet = message(address, 0.5)
    assert one_float(packet[:-4]) == address
    assert messages(packet) == [(address, (0.5,))]
    assert one_float(packet) is None
    assert one_float(message(address, 0.5, 0.25)[:-4]) is None
    assert one_float(message(address, True)) is None
    assert one_float(b"#bundle\0" + packet[:-4]) is None
    assert one_float(packet[:-8]) is None

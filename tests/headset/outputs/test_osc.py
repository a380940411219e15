"""Our bytes, as python-osc reads them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from unvisor.headset.errors import OutputError
from unvisor.headset.outputs.osc import MTU_BYTES, FloatBundle, bundle, message

ADDRESSES = [f"/avatar/parameters/FT/v2/{'Name' * (i % 7)}{i}" for i in range(150)]


def told(packets: list[bytes]) -> list[tuple[str, float]]:
    """What a receiver takes from packets."""
    return [
        (one.address, one.params[0])
        for packet in packets
        for one in OscBundle(packet)
        if isinstance(one, OscMessage)
    ]


def theirs(address: str, *values: tuple[str, object]) -> OscMessage:
    builder = OscMessageBuilder(address)
    for kind, value in values:
        builder.add_arg(value, kind)  # pyright: ignore[reportArgumentType]
    return builder.build()


def test_messages_and_bundles_are_byte_for_byte_theirs() -> None:
    expected = [
        theirs("/a", ("f", 0.25)),
        theirs("/tracking/eye/LeftRightPitchYaw", *(("f", x) for x in (1.0, -2.0, 3.5, 1e-7))),
        theirs("/avatar/parameters/On", ("T", True)),
        theirs("/avatar/parameters/OffOne", ("F", False)),
    ]
    ours = [
        message("/a", 0.25),
        message("/tracking/eye/LeftRightPitchYaw", 1.0, -2.0, 3.5, 1e-7),
        message("/avatar/parameters/On", True),
        message("/avatar/parameters/OffOne", False),
    ]
    assert ours == [one.dgram for one in expected]
    builder = OscBundleBuilder(IMMEDIATELY)
    for one in expected:
        builder.add_content(one)
    assert bundle(ours) == builder.build().dgram


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.floats(0, 1))
def test_a_prepared_bundle_tells_what_is_chosen_and_nothing_else(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    values, send = rng.normal(size=150), rng.uniform(size=150) < share
    packets = FloatBundle(ADDRESSES).packets(values, send)
    assert all(len(packet) <= MTU_BYTES for packet in packets)
    expected = [(ADDRESSES[i], float(np.float32(values[i]))) for i in np.flatnonzero(send).tolist()]
    assert told(packets) == expected


def test_packets_are_as_full_as_they_can_be() -> None:
    packets = FloatBundle(ADDRESSES).packets(np.zeros(150), np.ones(150, np.bool_))
    longest = max(len(bundle([message(address, 0.0)])) - 16 for address in ADDRESSES)
    assert all(len(packet) > MTU_BYTES - longest for packet in packets[:-1])


def test_a_bundle_is_used_again() -> None:
    prepared = FloatBundle(["/a", "/b"])
    both = np.ones(2, np.bool_)
    assert told(prepared.packets(np.array([1.0, 2.0]), both)) == [("/a", 1.0), ("/b", 2.0)]
    assert told(prepared.packets(np.array([3.0, 4.0]), both)) == [("/a", 3.0), ("/b", 4.0)]
    assert prepared.packets(np.array([3.0, 4.0]), ~both) == []


@pytest.mark.parametrize("address", ["/a b", "/a#", "/ä", "/a{1}", "/" + "a" * 300, "", "a"])
def test_addresses_that_osc_does_not_allow(address: str) -> None:
    with pytest.raises(OutputError, match="not allowed by OSC"):
        message(address, 0.0)

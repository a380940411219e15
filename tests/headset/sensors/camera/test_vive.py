from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.sensors.camera.plug import MOUTH, MouthCameraSettings
from unvisor.headset.sensors.camera.vive import half, perform, register, switching_off, switching_on

from .pictures import read_until

TEST = "5152" + 252 * "00" + "5354"
OFF, ON = "50140000", "50140001"
REGISTERS = [
    "50ab600101 00000000 90010001 00000040",
    "50ab600101 00000008 90010001 00000001",
    "50ab600101 00000070 90010001 00000000",
    "50ab600101 00000002 90010001 000000ff",
    "50ab600101 00000003 90010001 000000ff",
    "50ab600101 00000004 90010001 000000ff",
    "50ab600101 0000000e 90010001 00000000",
    "50ab600101 00000005 90010001 000000b2",
    "50ab600101 00000006 90010001 000000b2",
    "50ab600101 00000007 90010001 000000b2",
    "50ab600101 0000000f 90010001 00000003",
]


class Tracker:
    """A tracker's side of the transfers: it is busy for two looks, then repeats what it was told."""

    def __init__(self, length: int = 384, *, busy: int = 2, answers: int = 0x56) -> None:
        self._length, self._busy, self._answers = length, busy, answers
        self._looks: deque[bytes] = deque()
        self.told: list[bytes] = []

    def length_bytes(self) -> int:
        return self._length

    def set(self, value: bytes) -> None:
        assert len(value) == self._length
        self.told.append(value)
        done = bytes([self._answers]) + value[:-1]
        self._looks = deque([*self._busy * [b"\x55" + bytes(self._length - 1)], done])

    def get(self, length_bytes: int) -> bytes:
        assert length_bytes == self._length
        return self._looks.popleft() if len(self._looks) > 1 else self._looks[0]


def padded(words: str) -> bytes:
    return bytes.fromhex(words).ljust(384, b"\0")


def test_every_byte_that_switches_it_on() -> None:
    tracker = Tracker()
    perform(tracker, switching_on())
    assert tracker.told == [padded(one) for one in (TEST, OFF, TEST, *REGISTERS, TEST, ON)]
    waits = [one.then_wait_s for one in switching_on() if one.command[:2] == b"\x50\x14"]
    assert waits == [0.25, 0.25]
    assert [one.answered for one in switching_on()] == [True, False, *13 * [True], False]


def test_every_byte_that_switches_it_off() -> None:
    tracker = Tracker()
    perform(tracker, switching_off())
    assert tracker.told == [padded(TEST), padded(OFF)]


def test_all_four_bytes_of_an_address_and_of_a_value() -> None:
    assert register(0x01020304, 0xA0B0C0D0).hex() == "50ab6001010102030490010001a0b0c0d0"


def test_a_shorter_buffer_is_filled_as_far_as_it_goes() -> None:
    tracker = Tracker(64)
    perform(tracker, switching_off())
    assert tracker.told == [bytes.fromhex(TEST)[:64], bytes.fromhex(OFF).ljust(64, b"\0")]


@pytest.mark.parametrize(
    ("tracker", "says"),
    [
        (Tracker(26), "takes 26 bytes"),
        (Tracker(busy=10_000_000), "does not answer"),
        (Tracker(answers=0x57), "answers 57 51 52 00 to 51 52 00 00"),
    ],
)
def test_what_is_no_such_tracker_is_told(tracker: Tracker, says: str) -> None:
    with pytest.raises(SensorError, match=says):
        perform(tracker, switching_off())


def test_brightness_of_each_half_byte_for_byte() -> None:
    y = np.random.default_rng(1).integers(0, 256, (400, 400), np.uint8)
    yuyv = np.stack([y, np.full_like(y, 128)], axis=-1)
    for shape in (yuyv, yuyv.reshape(1, -1), yuyv.reshape(400, 800)):
        assert (half(shape, "left") == y[:, :200]).all()
        assert (half(shape, "right") == y[:, 200:]).all()
    with pytest.raises(SensorError, match="not 400 x 400"):
        half(yuyv[:200], "left")


def test_without_one_it_says_so() -> None:
    with MOUTH.make(MouthCameraSettings(device="vive")) as camera:
        read_until(camera, lambda _, health: bool(health.note))
        health = camera.health()
    assert "none is seen" in health.note
    assert "plug it in" in health.remedy

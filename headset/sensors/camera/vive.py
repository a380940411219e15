"""HTC's Vive Facial Tracker: a camera that stays dark until it is told, past UVC, to shine and run.

It has two sensors side by side in one picture, each squeezed to half its width; one is used. The
picture claims to be YUYV, yet what matters of it is its brightness alone.

Source: PROTOCOLS 3.7; LordOfDragons/vivefacialtracker, `dev_info` (the sensors, the picture) and
`vivetracker.py` (the transfers; its addresses' upper bytes are a slip, ours are not).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from ...clock import NS_PER_S, now_ns
from ...errors import SensorError
from ...frame import Bytes
from . import linux as camera_linux
from .picture import Picture
from .uvc import Asked, shots
from .view import Side

VENDOR, PRODUCT = 0x0BB4, 0x0321
SIZE_PX: Final = 400
"""Width and height of its picture; each half is 200 wide."""

_RATE_HZ: Final = 60.0
_UNIT, _SELECTOR = 4, 2
_LENGTHS_BYTES: Final = (384, 64)
_PENDING, _DONE = 0x55, 0x56
_ECHOED_BYTES: Final = 16
_ANSWER_NS: Final = NS_PER_S // 2
_LOOK_S: Final = 0.001
_SETTLE_S: Final = 0.25

_SENSOR: Final = 0xAB
_REGISTERS: Final = (
    (0x00, 0x40), (0x08, 0x01), (0x70, 0x00),
    (0x02, 0xFF), (0x03, 0xFF), (0x04, 0xFF), (0x0E, 0x00),  # exposure
    (0x05, 0xB2), (0x06, 0xB2), (0x07, 0xB2), (0x0F, 0x03),  # gain
)  # fmt: skip


class ExtensionUnit(Protocol):
    """A control of the camera's own."""

    def length_bytes(self) -> int:
        """Return how long what is set or got has to be."""
        ...

    def set(self, value: bytes) -> None:
        """Set the control."""
        ...

    def get(self, length_bytes: int) -> bytes:
        """Return what the control says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One thing the tracker is told.

    Attributes:
        command: Its first bytes; zeros follow.
        answered: Whether it says when it is done.
        then_wait_s: Before the next.
    """

    command: bytes
    answered: bool = True
    then_wait_s: float = 0.0


def switching_on() -> Iterator[Transfer]:
    """Yield what makes it shine and run."""
    yield from switching_off()
    yield Transfer(command=_TEST)
    for address, value in _REGISTERS:
        yield Transfer(command=register(address, value))
    yield from _stream(on=True)


def switching_off() -> Iterator[Transfer]:
    """Yield what makes it dark and still."""
    yield from _stream(on=False)


def register(address: int, value: int) -> bytes:
    """Return the command that sets a register of its sensors."""
    wide = (address.to_bytes(4, "big"), value.to_bytes(4, "big"))
    return bytes((0x50, _SENSOR, 0x60, 1, 1)) + wide[0] + bytes((0x90, 0x01, 0x00, 0x01)) + wide[1]


_TEST: Final = bytes((0x51, 0x52)) + bytes(252) + bytes((0x53, 0x54))


def _stream(*, on: bool) -> Iterator[Transfer]:
    yield Transfer(command=_TEST)
    command = bytes((0x50, 0x14, 0x00, on))
    yield Transfer(command=command, answered=False, then_wait_s=_SETTLE_S)


def perform(unit: ExtensionUnit, transfers: Iterator[Transfer]) -> None:
    """Tell the tracker, one thing after the other.

    Raises:
        SensorError: It is no such tracker, answers something else, or not at all.
    """
    length = unit.length_bytes()
    if length not in _LENGTHS_BYTES:
        raise SensorError(
            f"Vive Facial Tracker: takes {length} bytes, not 384: update its firmware"
        )
    for transfer in transfers:
        told = transfer.command[:length].ljust(length, b"\0")
        unit.set(told)
        if transfer.answered:
            _await_answer(unit, told)
        time.sleep(transfer.then_wait_s)


def _await_answer(unit: ExtensionUnit, told: bytes) -> None:
    until_ns = now_ns() + _ANSWER_NS
    while (answer := unit.get(len(told)))[0] == _PENDING:
        if now_ns() > until_ns:
            raise SensorError("Vive Facial Tracker: does not answer: plug it in again")
        time.sleep(_LOOK_S)
    # It repeats what it was told, one byte later.
    if answer[0] != _DONE or answer[1 : 1 + _ECHOED_BYTES] != told[:_ECHOED_BYTES]:
        raise SensorError(
            f"Vive Facial Tracker: answers {answer[:4].hex(' ')} to {told[:4].hex(' ')}: "
            "plug it in again"
        )


def half(yuyv: Bytes, side: Side) -> Bytes:
    """Return one sensor's brightness, shape (400, 200).

    Args:
        yuyv: 400 x 400 pixels of two bytes, the first of which is brightness; any shape.
        side: Of the picture: looking at the wearer, the left one is the left sensor's.

    Raises:
        SensorError: Not of that size.
    """
    if yuyv.size != SIZE_PX * SIZE_PX * 2:
        raise SensorError(f"a picture of {yuyv.size} bytes, not 400 x 400 YUYV: plug it in again")
    middle = SIZE_PX // 2
    whole = yuyv.reshape(SIZE_PX, SIZE_PX, 2)[:, :, 0]
    return whole[:, :middle] if side == "left" else whole[:, middle:]


def pictures(side: Side) -> Generator[Picture | None]:
    """Read the first such tracker; it shines only meanwhile.

    Raises:
        SensorError: None is plugged in, it is another program's, or gone.
    """
    number = camera_linux.of_usb(VENDOR, PRODUCT)
    if number is None:
        raise SensorError(
            "Vive Facial Tracker: none is seen (only Linux shows one to us yet): plug it in, "
            "or let SRanipal or Baballonia read it and read from that app"
        )
    node = camera_linux.node_of(number)
    owner = camera_linux.holder(node)
    if owner is not None:  # asked first: what we tell the tracker would end the other's pictures
        raise SensorError(
            f"Vive Facial Tracker: {owner} has it: close that, or read from it instead"
        )
    asked = Asked(width=SIZE_PX, height=SIZE_PX, rate_hz=_RATE_HZ, raw=True)
    with camera_linux.ExtensionUnit(node, _UNIT, _SELECTOR) as unit:
        try:
            perform(unit, switching_on())
            for shot in shots(str(number), asked):
                yield Picture(
                    time_ns=shot.time_ns,
                    received_ns=shot.received_ns,
                    grey=partial(half, shot.pixels, side),
                )
        finally:
            with suppress(SensorError):  # it is dark already where it is gone
                perform(unit, switching_off())

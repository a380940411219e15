"""OSC as it comes from a stranger: a packet's messages, within bounds.

Only messages whose arguments are all numbers or booleans are returned: nothing else tells of a
face. A number that is not finite condemns its whole packet.

Source: Open Sound Control 1.0.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import isfinite
from typing import Final

from ..errors import SensorError

Message = tuple[str, tuple[float | bool, ...]]
"""Address and arguments: `i h f d` as float, `T F` as bool."""

LARGEST_BYTES: Final = 65_536
"""No datagram is longer."""

DEEPEST: Final = 4
"""Bundles within bundles; no sender we know nests at all."""

MOST_MESSAGES: Final = 1024
"""In one packet; VRCFaceTracking, the most talkative, sends some 120."""

_ONE_FLOAT: Final = b",f\0\0"
_BUNDLE: Final = b"#bundle\0"
_FORMATS: Final = {ord("f"): "f", ord("i"): "i", ord("d"): "d", ord("h"): "q"}
_BOOLEANS: Final = {ord("T"): True, ord("F"): False}


def messages(packet: bytes) -> list[Message]:
    """Return the messages of a packet, in order; bundles are unpacked, time tags not read.

    Raises:
        SensorError: Not OSC, too long, nested too deep, too many messages, or NaN or an infinity.
        ValueError: An address that is not UTF-8.
        struct.error: Arguments that are cut short.
    """
    if len(packet) > LARGEST_BYTES:
        raise SensorError(f"{len(packet)} bytes, more than {LARGEST_BYTES}")
    found: list[Message] = []
    _unpack(packet, 0, found)
    return found


def one_float(head: bytes) -> str | None:
    """Return the address of a message that is one float, from all before that float; else None.

    So most trackers send, the same few dozen for ever: who remembers the heads need not read them.
    """
    address_end = head.find(b"\0")
    if not head.startswith(b"/") or head[(address_end // 4 + 1) * 4 :] != _ONE_FLOAT:
        return None
    return head[:address_end].decode(errors="replace")


def _unpack(element: bytes, depth: int, found: list[Message]) -> None:
    if not element.startswith(_BUNDLE):
        if len(found) == MOST_MESSAGES:
            raise SensorError(f"more than {MOST_MESSAGES} OSC messages in a packet")
        message = _message(element)
        if message is not None:
            found.append(message)
        return
    if depth == DEEPEST:
        raise SensorError(f"OSC bundles nested more than {DEEPEST} deep")
    if len(element) < 16:
        raise SensorError("an OSC bundle that is cut short")
    at = 16  # behind the time tag
    while at < len(element):
        end = at + 4 + int.from_bytes(element[at : at + 4], "big")
        if end <= at + 4 or end % 4 or end > len(element):
            raise SensorError("an OSC bundle whose sizes do not add up")
        _unpack(element[at + 4 : end], depth + 1, found)
        at = end


def _message(element: bytes) -> Message | None:
    address_end = element.find(b"\0")
    tags_at = (address_end // 4 + 1) * 4
    tags_end = element.find(b"\0", tags_at)
    if not element.startswith(b"/") or tags_end < 0 or element[tags_at] != ord(","):
        raise SensorError("not an OSC message")
    tags = element[tags_at + 1 : tags_end]
    layout = _layout(tags)
    if layout is None:
        return None
    values = layout.unpack_from(element, (tags_end // 4 + 1) * 4)
    if not all(map(isfinite, values)):
        raise SensorError("a number that is not finite")
    address = element[:address_end].decode()
    if len(values) == len(tags):
        return address, tuple(map(float, values))
    numbers = iter(values)
    return address, tuple(
        _BOOLEANS[tag] if tag in _BOOLEANS else float(next(numbers)) for tag in tags
    )


@lru_cache(maxsize=64)
def _layout(tags: bytes) -> struct.Struct | None:
    """Return how the arguments of these types lie, or None where they are not all numbers."""
    if not all(tag in _FORMATS or tag in _BOOLEANS for tag in tags):
        return None
    return struct.Struct(">" + "".join(_FORMATS.get(tag, "") for tag in tags))

"""OSC on the wire: bundles of float messages, laid out once and patched.

Encoding 120 floats one by one costs a millisecond; a prepared bundle whose bytes are patched by
numpy, 4 to 23 µs (DEPENDENCIES, "OSC"). Everything in OSC is a multiple of four bytes, so a bundle
is an array of 32-bit words: a value is one word, and leaving a message out is leaving words out.

Source: Open Sound Control 1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import OutputError

MTU_BYTES: Final = 1472
"""Longest datagram that Ethernet carries whole: 1500 less the IPv4 and UDP headers."""

_HEADER: Final = b"#bundle\0" + bytes(7) + b"\x01"  # the time tag 1 means: at once
_RESERVED: Final = frozenset(" #*,?[]{}")
_LONGEST: Final = 256  # far above any avatar's, far below a packet


def message(address: str, *values: float | bool) -> bytes:
    """Return one message: floats as `f`, booleans as `T` or `F`.

    Raises:
        OutputError: An address that OSC does not allow.
    """
    if (
        not address.startswith("/")
        or len(address) > _LONGEST
        or _RESERVED & set(address)
        or not address.isascii()
    ):
        raise OutputError(f"OSC address {address[:80]}: not allowed by OSC: use plain ASCII names")
    tags = "".join(("FT"[value] if isinstance(value, bool) else "f") for value in values)
    floats = [value for value in values if not isinstance(value, bool)]
    return _string(address) + _string(f",{tags}") + np.array(floats, ">f4").tobytes()


def bundle(messages: Sequence[bytes]) -> bytes:
    """Return messages as one bundle, to be taken at once."""
    return _HEADER + b"".join(len(one).to_bytes(4, "big") + one for one in messages)


class FloatBundle:
    """One float message for each address, prepared."""

    def __init__(self, addresses: Sequence[str]) -> None:
        """Lay the messages out.

        Raises:
            OutputError: An address that OSC does not allow.
        """
        elements = [bundle([message(address, 0.0)])[len(_HEADER) :] for address in addresses]
        lengths = [len(element) // 4 for element in elements]
        self._words = np.frombuffer(bytearray(b"".join(elements)), ">f4")
        self._owner = np.repeat(np.arange(len(elements)), lengths)
        self._value_at = np.cumsum(lengths) - 1
        self._bytes = 4 * np.array(lengths)

    def packets(self, values: NDArray[np.float64], send: NDArray[np.bool_]) -> list[bytes]:
        """Return bundles of at most `MTU_BYTES` that hold the messages chosen.

        Args:
            values: Shape (N,), one for each address.
            send: Shape (N,), which of them to send.
        """
        self._words[self._value_at] = values
        chosen = np.flatnonzero(send)
        ends = np.cumsum(self._bytes[chosen])
        packets: list[bytes] = []
        first = sent = 0
        while first < len(chosen):
            last = int(np.searchsorted(ends, sent + MTU_BYTES - len(_HEADER), side="right"))
            inside = np.zeros(len(self._bytes), np.bool_)
            inside[chosen[first:last]] = True
            packets.append(_HEADER + self._words[inside[self._owner]].tobytes())
            first, sent = last, int(ends[last - 1])
        return packets


def _string(text: str) -> bytes:
    """Return a text as OSC has it: ASCII, one to four zeros, a multiple of four bytes."""
    encoded = text.encode("ascii")
    return encoded + bytes(4 - len(encoded) % 4)

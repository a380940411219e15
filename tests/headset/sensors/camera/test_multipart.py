from __future__ import annotations

import random
from collections import deque
from operator import length_hint

import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.sensors.camera.multipart import LARGEST_BYTES, LARGEST_HEAD_BYTES, Part, Parts

from ..hostile import MANY, mutated
from .pictures import flat, jpeg

BODIES = [jpeg(flat(level)) for level in (20, 120, 220)]


def esp32(body: bytes, sent: str = "12.000345") -> bytes:
    """As an OpenIris board sends one: PROTOCOLS 3.7."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(body)}\r\nX-Timestamp: {sent}\r\n\r\n"
    return b"\r\n--123456789000000000000987654321\r\n" + head.encode() + body


STREAM = b"".join(map(esp32, BODIES))
BOUNDARY = "123456789000000000000987654321"


@pytest.mark.parametrize("step", [1, 7, 1000, 100_000])
def test_parts_come_whole_whatever_the_pieces(step: int) -> None:
    parts = Parts(BOUNDARY)
    found: list[Part] = []
    for at in range(0, len(STREAM), step):
        found += parts.feed(STREAM[at : at + step])
    assert [one.body for one in found] == BODIES
    assert found[0].sent_s == 12.000345


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("boundary", ["frame", "--frame"])
def test_without_a_length_the_next_delimiter_ends_a_part(step: int, boundary: str) -> None:
    stream = b"".join(
        b"--" + boundary.encode() + b"\nContent-Type: image/jpeg\n\n" + body + b"\r\n"
        for body in BODIES
    )
    parts = Parts(boundary)
    found: list[Part] = []
    for at in range(0, len(stream), step):
        found += parts.feed(stream[at : at + step])
    assert len(found) == len(BODIES) - 1  # the last one's end is not here yet
    for part, body in zip(found, BODIES, strict=False):
        assert part.body.startswith(body)
        assert part.body[len(body) :].strip(b"\r\n-") == b""
        assert part.sent_s is None


@pytest.mark.parametrize("said", ["nan", "inf", "yesterday", ""])
def test_a_timestamp_that_says_nothing(said: str) -> None:
    (part,) = Parts(BOUNDARY).feed(esp32(b"x", said))
    assert part.sent_s is None


@pytest.mark.parametrize(
    "endless",
    [
        b"x" * 1000,  # no delimiter
        b"--" + BOUNDARY.encode() + b"\r\n" + b"A: b\r\n" * 100,  # no end of a header
        b"--" + BOUNDARY.encode() + b"\r\n\r\n" + b"x" * 1000,  # no end of a picture
    ],
)
def test_what_never_ends_is_refused_within_bounds(endless: bytes) -> None:
    parts = Parts(BOUNDARY)
    pieces = iter([endless, *[endless[-600:]] * 10_000])
    with pytest.raises(SensorError, match="correct the address"):
        deque(map(parts.feed, pieces))
    assert 600 * (10_000 - length_hint(pieces)) <= LARGEST_BYTES + LARGEST_HEAD_BYTES + 2000


@pytest.mark.parametrize(
    "length", ["1048577", "999999999999999999999", "-5", "ten", "1_0", "+1", "²", ""]
)
def test_a_length_that_is_none(length: str) -> None:
    head = f"--{BOUNDARY}\r\nContent-Length: {length}\r\n\r\n".encode()
    with pytest.raises(SensorError, match="bytes"):
        Parts(BOUNDARY).feed(head)


def test_fuzz_streams() -> None:
    rng = random.Random(2)
    whole = 0
    for stream in mutated([STREAM, esp32(b""), STREAM[:900]], seed=3):
        parts = Parts(BOUNDARY)
        cut = rng.randrange(len(stream) + 1)
        try:
            found = parts.feed(stream[:cut]) + parts.feed(stream[cut:])
        except SensorError:
            continue
        whole += sum(part.body in BODIES for part in found)
    assert whole > MANY // 2

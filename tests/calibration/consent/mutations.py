"""What a file can suffer: every kind of change, drawn from a seed."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any

_VALUES: tuple[Any, ...] = (None, [], {}, 1e308, "vrchat@203.0.113.9", ["vrchat"], True)


def count(usual: int) -> int:
    """How many to try: a share of UNVISOR_FUZZ where that is set."""
    return max(usual, int(os.environ.get("UNVISOR_FUZZ", "0")) // 10)


def mutations(content: bytes, others: list[bytes], seed: int, times: int) -> Iterator[bytes]:
    """Yield changed versions of a file, each differing from it.

    Args:
        content: The file.
        others: Files of the same kind, whose parts may be put into this one.
        seed: Of the draw.
        times: How many.
    """
    draw = random.Random(seed)  # to be repeated
    kinds = (_flip, _cut, _swap, _insert, _edit, _graft, _repeat)
    while times:
        changed = draw.choice(kinds)(content, others, draw)
        if changed != content:
            times -= 1
            yield changed


def _flip(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    octets = bytearray(content)
    for _ in range(draw.randint(1, 3)):
        octets[draw.randrange(len(octets))] ^= 1 << draw.randrange(8)
    return bytes(octets)


def _cut(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    start = draw.randrange(len(content))
    end = draw.choice((len(content), min(len(content), start + draw.randint(1, 80))))
    return content[:start] + content[end:]


def _swap(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if len(lines) < 2:
        return content[1:] + content[:1]
    one, two = draw.sample(range(len(lines)), 2)
    lines[one], lines[two] = lines[two], lines[one]
    return b"".join(lines)


def _insert(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    at = draw.randint(0, len(content))
    more = draw.choice(
        (b"\n", b" ", b"{}", b"[" * 5000, b'"x":1,', b"\0", b"\xff\xfe", draw.randbytes(9))
    )
    return content[:at] + more + content[at:]


def _repeat(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    return b"".join((*lines[:at], lines[at], *lines[at:]))


def _graft(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """Put another file's part, or its signature, into this one."""
    other = draw.choice(others)
    mark = b'"signature":'
    if draw.random() < 0.5 and mark in content and mark in other:
        return content[: content.rindex(mark)] + other[other.rindex(mark) :]
    start, end = sorted((draw.randint(0, len(other)), draw.randint(0, len(other))))
    at = draw.randint(0, len(content))
    return content[:at] + other[start:end] + content[at + end - start :]


def _edit(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """Change one value of the JSON, or its form, and leave the rest."""
    lines = content.splitlines(keepends=True)
    whole = not _json(lines[0])
    at = 0 if whole else draw.randrange(len(lines))
    tree = _json(content if whole else lines[at])
    if tree is None:
        return content[:-1]
    places = list(_places(tree))
    holder, key = draw.choice(places)
    value = holder[key]
    match draw.randrange(4):
        case 0 if isinstance(value, bool | int):
            holder[key] = value + 1 if not isinstance(value, bool) else not value
        case 0 | 1 if isinstance(value, str):
            holder[key] = draw.choice(
                (value[:-1], value + "0", "", "2099-01-01T00:00:00Z", "\ud800")
            )
        case 2:
            del holder[key]
        case _:
            holder[key] = draw.choice(_VALUES)
    text = json.dumps(tree, indent=2 if whole else None, separators=None if whole else (",", ":"))
    changed = f"{text}\n".encode()
    return changed if whole else b"".join((*lines[:at], changed, *lines[at + 1 :]))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    keys: list[Any] = [*tree] if isinstance(tree, dict) else [*range(len(tree))]  # pyright: ignore
    for key in keys:
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from _places(tree[key])

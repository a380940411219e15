"""Journals that no recorder wrote: small files that ask for much."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from unvisor.datasets.journal import Journal
from unvisor.datasets.journal_layout import (
    AUDIO,
    EVENT,
    HEAD,
    HEADER,
    MAGIC,
    MAX_BLOCK,
    RECORD,
    VERSION,
)
from unvisor.datasets.journal_rows import PADDING, SLACK_BYTES
from unvisor.datasets.layout import MAX_AUDIO_HZ, MAX_LINES, MAX_LINES_TEXT, MAX_NAMES
from unvisor.datasets.recovery import recover
from unvisor.datasets.store import load, settle
from unvisor.datasets.streams import About, AudioStream
from unvisor.headset.frame import AudioBlock
from unvisor.headset.permit import Basis


def record(
    code: int, name: str, time_ns: int, values: bytes, *, width: int = 4, rate_hz: int = 0
) -> bytes:
    head = HEAD.pack(code, time_ns, time_ns, rate_hz, width, len(name))
    body = head + name.encode() + values
    return RECORD.pack(len(body), zlib.crc32(body)) + body


def forged(path: Path, records: Iterable[bytes], about: About | None = None) -> Path:
    told = msgspec.json.encode(about or About())
    header = HEADER.pack(MAGIC, VERSION, len(told), zlib.crc32(told)) + told
    path.write_bytes(header + b"".join(records))
    return path


def sound(number: int, size: int, *, rate_hz: int = 16_000) -> bytes:
    return record(AUDIO, "a", number, bytes(4 * size), rate_hz=rate_hz)


def event(name: str, number: int, text: bytes = b"") -> bytes:
    return record(EVENT, name, number, text, width=1)


def test_one_long_block_among_tiny_ones_does_not_make_all_long(tmp_path: Path) -> None:
    count = 60_000
    records = [sound(0, MAX_BLOCK), *(sound(n, 1) for n in range(1, count))]
    path = forged(tmp_path / "x.journal", records)
    stream = recover(path).streams["a"]
    assert isinstance(stream, AudioStream)
    assert 0 < len(stream.time_ns) < count
    assert stream.samples.nbytes <= PADDING * path.stat().st_size + SLACK_BYTES


def test_blocks_as_sound_cards_give_them_are_all_kept(tmp_path: Path) -> None:
    count = 10_000  # 41 MB when padded
    records = [*(sound(n, 32) for n in range(count)), sound(count, MAX_BLOCK)]
    stream = recover(forged(tmp_path / "x.journal", records)).streams["a"]
    assert len(stream.time_ns) == count + 1


@pytest.mark.parametrize("odd", [sound(1, 0), sound(1, MAX_BLOCK + 1)])
def test_a_block_that_no_recorder_writes_ends_the_journal(tmp_path: Path, odd: bytes) -> None:
    path = forged(tmp_path / "x.journal", [sound(0, 8), odd, sound(2, 8)])
    assert recover(path).streams["a"].time_ns.tolist() == [0]


@pytest.mark.parametrize("rate_hz", [0, MAX_AUDIO_HZ + 1])
def test_sound_at_a_rate_that_no_file_may_have(tmp_path: Path, rate_hz: int) -> None:
    path = forged(tmp_path / "x.journal", [event("e", 0), sound(0, 8, rate_hz=rate_hz)])
    assert recover(path).streams == {}
    assert list(recover(path).events) == ["e"]


def test_names_are_bounded_and_what_is_kept_can_be_loaded(tmp_path: Path) -> None:
    path = forged(tmp_path / "x.journal", (event(f"n{n}", n) for n in range(5000)))
    assert len(recover(path).events) == MAX_NAMES
    settle(path, tmp_path / "x.h5")
    assert len(load(tmp_path / "x.h5").events) == MAX_NAMES


def test_lines_are_bounded_and_what_is_kept_can_be_loaded(tmp_path: Path) -> None:
    path = forged(tmp_path / "x.journal", (event("e", n) for n in range(MAX_LINES + 500)))
    settle(path, tmp_path / "x.h5")
    assert len(load(tmp_path / "x.h5").events["e"].text) == MAX_LINES


def test_text_is_bounded_and_what_is_kept_can_be_loaded(tmp_path: Path) -> None:
    line = b"x\0" * 25_000
    count = MAX_LINES_TEXT // len(line)
    path = forged(tmp_path / "x.journal", (event("e", n, line) for n in range(count + 9)))
    settle(path, tmp_path / "x.h5")
    text = load(tmp_path / "x.h5").events["e"].text
    assert len(text) == count
    assert text[0] == "x\N{REPLACEMENT CHARACTER}" * 25_000


def test_the_recorder_keeps_to_the_same_bounds(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "x.journal", About())
    for n in range(MAX_NAMES):
        journal.event(f"n{n}", n, "")
    with pytest.raises(ValueError, match="more names"):
        journal.event("one more", 0, "")
    for n in range(MAX_LINES - 1):
        journal.event("n0", n, "")
    with pytest.raises(ValueError, match="more events"):
        journal.event("n0", MAX_LINES, "")
    for rate_hz in (0, -1, MAX_AUDIO_HZ + 1):
        block = AudioBlock(
            time_ns=0, received_ns=0, samples=np.zeros(4, np.float32), sample_rate_hz=rate_hz
        )
        with pytest.raises(ValueError, match="sound at"):
            journal.sample("n0", block)
    with pytest.raises(ValueError, match="no clock"):
        journal.event("n1", 1 << 63, "")
    journal.close()
    kept = recover(tmp_path / "x.journal").events
    assert (len(kept), len(kept["n0"].text)) == (MAX_NAMES, MAX_LINES)


def test_an_older_journal_without_a_licence_has_none(tmp_path: Path) -> None:
    about = About(basis=Basis(kind="licence", text="not stated"))
    path = forged(tmp_path / "x.journal", [event("e", 0)], about)
    assert recover(path).about.basis == Basis(kind="licence", text="")

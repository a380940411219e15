from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py as untyped
import numpy as np
import pytest

from unvisor.datasets import hdf5
from unvisor.datasets.layout import MAX_LINES, MAX_LINES_TEXT
from unvisor.datasets.recording import EventStream, Recording
from unvisor.datasets.store import load, save
from unvisor.datasets.streams import About
from unvisor.headset.errors import RecordingError

h5py: Any = untyped
LINE = "y" * 60_000


def with_lines(path: Path, count: int, line: str, *, chunks: tuple[int] | None = None) -> Path:
    """Write a recording whose events are one line, kept once, that `count` rows point to."""
    events = EventStream(time_ns=np.arange(1, dtype=np.int64), text=("cue",))
    save(path, Recording(about=About(), events={"cue": events}))
    text = h5py.string_dtype()
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    with h5py.File(path, "r+") as file:
        group = file["events/cue"]
        one = group.create_dataset("one", data=[line], dtype=text, chunks=(1,))
        file.flush()
        _, pointer = one.id.read_direct_chunk((0,))
        del group["text"], group["time_ns"]
        group["time_ns"] = np.arange(count, dtype=np.int64)
        if chunks is None:
            space = h5py.h5s.create_simple((count,))
            node = h5py.h5d.create(
                group.id, b"text", h5py.h5t.py_create(text, logical=True), space, early
            )
            at = node.get_offset()
        else:
            node = group.create_dataset("text", (count,), text, chunks=chunks, compression="gzip")
            at = None
    if at is not None:
        with path.open("r+b") as raw:
            raw.seek(at)
            raw.write(pointer * count)
    return path


def test_lines_that_fit_are_read(tmp_path: Path) -> None:
    fits = MAX_LINES_TEXT // len(LINE)
    text = load(with_lines(tmp_path / "x.h5", fits, LINE)).events["cue"].text
    assert (len(text), set(text)) == (fits, {LINE})


def test_a_small_file_cannot_ask_for_much_text(tmp_path: Path) -> None:
    path = with_lines(tmp_path / "bomb.h5", 10_000, LINE)  # 600 MB of text
    assert path.stat().st_size < 500_000
    with pytest.raises(RecordingError, match=r"bomb\.h5:/events/cue/text: holds too much text"):
        load(path)


def test_lines_are_counted_before_they_are_read(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="too much text"):
        load(with_lines(tmp_path / "x.h5", MAX_LINES + 1, ""))


def test_text_in_chunks_that_are_unpacked_for_each_line_is_refused(tmp_path: Path) -> None:
    rows = hdf5.MAX_TEXT_CHUNK_BYTES // 16 + 1
    path = with_lines(tmp_path / "x.h5", rows, "y", chunks=(rows,))
    with pytest.raises(RecordingError, match="repack it"):
        load(path)

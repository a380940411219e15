"""HDF5 with a guard: nodes are looked at before they are read, and h5py's errors become ours.

A file may come from anyone. No link is followed out of it, no shape is believed that its bytes cannot
fill, nothing is read that is not plain numbers or text.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import h5py as _h5py
import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..headset.errors import RecordingError
from ..headset.files import is_sealed
from .layout import MAX_LINES, MAX_LINES_TEXT, MAX_NAMES, exactly

h5py: Any = _h5py
Node = Any
"""An h5py file, group or dataset: h5py declares no types."""

MAX_ROWS: Final = 64_000_000
"""Six days at 120 Hz; more is a declared shape, not a recording."""

MAX_TEXT: Final = 1 << 20
MAX_CHUNK_BYTES: Final = 1 << 26
_TEXT_ROW_BYTES: Final = 16  # length and place of a line; h5py tells of a pointer
MAX_TEXT_CHUNK_BYTES: Final = 1 << 20
"""Text is read line by line, and a chunk beyond HDF5's cache (1 MiB) would be unpacked for each."""

DEFLATE_RATIO: Final = 1032
"""Deflate's greatest compression, so the most that stored bytes can unfold to.

Source: zlib, technical details (1032:1).
"""
SLACK_BYTES: Final = 1 << 24
"""Granted beyond that, for small arrays stored as a fill value alone."""

CHUNK_BYTES: Final = 1 << 18
"""About what one second of all streams holds; small enough for HDF5's chunk cache of 1 MiB."""

_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
_ERRORS: Final = (OSError, KeyError, ValueError, RuntimeError, TypeError, OverflowError)
"""What h5py raises on a file it cannot make sense of, or cannot write."""


def place(node: Node) -> str:
    """Return how errors name a node: file and path in it."""
    return f"{node.file.filename}:{node.name}"


@contextmanager
def reading(path: Path) -> Generator[Node]:
    """Open a file to read.

    Raises:
        RecordingError: It is missing, no file, empty, not HDF5, cut short, or damaged where it is read.
    """
    if not path.is_file():
        what = "is not a file" if path.exists() else "no such file"
        raise RecordingError(f"{path}: {what}: name a recording (.h5)")
    try:
        with path.open("rb") as raw:
            start = raw.read(len(_SIGNATURE))
        if is_sealed(path):
            raise RecordingError(
                f"{path}: is sealed: `unvisor consent open {path} --out PLAIN.h5` opens a copy for its "
                "wearer"
            )
        if start != _SIGNATURE:
            what = "is not HDF5" if start else "is empty"
            raise RecordingError(
                f"{path}: {what}: `unvisor import` turns a capture into a recording"
            )
        with h5py.File(path, "r", locking="best-effort") as file:
            yield file
    except _ERRORS as cause:
        raise RecordingError(
            f"{path}: is cut short or damaged ({_line(cause)}): take another copy of it"
        ) from cause


@contextmanager
def writing(path: Path) -> Generator[Node]:
    """Create a file.

    Raises:
        RecordingError: It cannot be written.
    """
    try:
        with h5py.File(path, "w") as file:
            yield file
    except _ERRORS as cause:
        raise RecordingError(
            f"{path.parent}: a recording cannot be written here ({_line(cause)}): "
            "check the space left, or choose another --out"
        ) from cause


def _line(cause: BaseException) -> str:
    return " ".join(str(cause).split())[:200]


def group(parent: Node, *names: str) -> Node:
    """Return the group at a path inside another."""
    for name in names:
        parent = _child(parent, name, h5py.Group)
    return parent


def members(parent: Node, name: str) -> tuple[str, ...]:
    """Return what a group inside another holds, in the file's order; nothing where it is missing."""
    if name not in parent:
        return ()
    found = group(parent, name)
    if len(found) > MAX_NAMES:
        raise RecordingError(f"{place(found)}: {len(found)} members: not a recording of ours")
    return tuple(found)


def dataset(
    parent: Node, name: str, row: Sequence[int] | None, dtype: DTypeLike, *, rows: int | None = None
) -> Node:
    """Return a dataset that is safe to read, without reading it.

    Args:
        parent: The group it lies in.
        name: Its name there.
        row: Shape of one row, None for one axis of any length up to `MAX_TEXT`.
        dtype: What it is read as: a float type takes any float, an integer type any integer of its
            size or less, `str` text.
        rows: How many rows it must have.

    Raises:
        RecordingError: It is missing, elsewhere, of another type or shape, or larger than its bytes.
    """
    node = _child(parent, name, h5py.Dataset)
    where = place(node)
    if node.is_virtual or node.external:
        raise RecordingError(f"{where}: keeps its values in another file: copy them into this one")
    shape: tuple[int, ...] | None = node.shape
    if not shape or shape[0] > MAX_ROWS or (rows is not None and shape[0] != rows):
        raise RecordingError(f"{where}: shape {shape}: should have {rows or 'T'} rows")
    if shape[1:] != tuple(row) if row is not None else len(shape) != 2 or shape[1] > MAX_TEXT:
        expected = "(T, N)" if row is None else ("T", *row)
        raise RecordingError(f"{where}: shape {shape}: should be {expected}")
    if dtype is str:
        if h5py.check_string_dtype(node.dtype) is None:
            raise RecordingError(f"{where}: holds {node.dtype}: should be text")
    elif node.dtype.kind != np.dtype(dtype).kind or node.dtype.itemsize > np.dtype(dtype).itemsize:
        raise RecordingError(f"{where}: holds {node.dtype}: should be {np.dtype(dtype)}")
    row_bytes = max(node.dtype.itemsize, _TEXT_ROW_BYTES if dtype is str else 0)
    chunk_bytes = math.prod(node.chunks or ()) * row_bytes
    if chunk_bytes > (MAX_TEXT_CHUNK_BYTES if dtype is str else MAX_CHUNK_BYTES):
        raise RecordingError(f"{where}: chunks of {chunk_bytes} bytes: repack it in smaller ones")
    held = node.id.get_storage_size() * DEFLATE_RATIO + SLACK_BYTES
    if math.prod(shape) * node.dtype.itemsize > held:
        raise RecordingError(f"{where}: declares more than the file holds: take another copy of it")
    return node


def values(node: Node, dtype: DTypeLike) -> NDArray[Any]:
    """Return a checked dataset's numbers."""
    return np.asarray(node[...]).astype(dtype, copy=False)


def lines(node: Node) -> tuple[str, ...]:
    """Return a checked dataset's texts.

    HDF5 keeps a line once however many rows point to it: 170 kB of file have been seen to ask for
    12 GB of lines. So they are read one by one, and counted.

    Raises:
        RecordingError: There are more than any recording holds.
    """
    rows = node.asstr()
    found: list[str] = []
    left = MAX_LINES_TEXT if len(node) <= MAX_LINES else -1
    while left >= 0 and len(found) < len(node):
        found.append(str(rows[len(found)]))
        left -= len(found[-1])
    if left < 0:
        raise RecordingError(f"{place(node)}: holds too much text: not a recording of ours")
    return tuple(found)


def _child(parent: Node, name: str, kind: type) -> Node:
    where = f"{parent.file.filename}:{parent.name.rstrip('/')}/{name}"
    link = parent.get(name, getlink=True)
    if link is None:
        raise RecordingError(f"{where}: is missing: import or record it again")
    if not isinstance(link, h5py.HardLink):
        raise RecordingError(f"{where}: is a link to elsewhere: copy what it names into its place")
    node = parent[name]
    if not isinstance(node, kind):
        raise RecordingError(f"{where}: should be a {kind.__name__.lower()}")
    return node


def _attribute(node: Node, name: str, most: int) -> Any:
    """Return an attribute of at most so many elements, None where it is missing."""
    if name not in node.attrs:
        return None
    header = node.attrs.get_id(name)
    size = math.prod(header.shape or ())
    if size > most or header.dtype.itemsize > MAX_TEXT or header.dtype.names:
        raise RecordingError(f"{place(node)}: attribute {name} is too large: {size} elements")
    return node.attrs[name]


def text(node: Node, name: str, default: str = "") -> str:
    """Return a text attribute."""
    value = _attribute(node, name, 1)
    if value is None:
        return default
    if isinstance(value, bytes):
        value = value.decode()
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise RecordingError(f"{place(node)}: attribute {name} is not text")
    return value


def texts(node: Node, name: str) -> tuple[str, ...]:
    """Return an attribute of several texts, empty where it is missing."""
    value = _attribute(node, name, MAX_NAMES)
    if value is None:
        return ()
    found = np.asarray(value).ravel().tolist()
    return tuple(one.decode() if isinstance(one, bytes) else str(one) for one in found)


def integer(node: Node, name: str) -> int | None:
    """Return an integer attribute, None where it is missing."""
    value = _attribute(node, name, 1)
    if value is None:
        return None
    whole = np.asarray(value)
    if whole.shape or whole.dtype.kind not in "iu":
        raise RecordingError(f"{place(node)}: attribute {name} is not a whole number")
    return int(whole)


def put(
    parent: Node,
    name: str,
    array: NDArray[Any] | Sequence[str],
    **attributes: str | Sequence[str] | int,
) -> None:
    """Write a dataset with its attributes, in the narrowest float type that keeps it exact."""
    if not isinstance(array, np.ndarray):
        node = parent.create_dataset(name, data=list(array), dtype=h5py.string_dtype())
    elif not array.size:
        node = parent.create_dataset(name, data=array)
    else:
        array = exactly(array) if array.dtype == np.float64 else array
        rows = max(CHUNK_BYTES * len(array) // array.nbytes, 1)
        node = parent.create_dataset(
            name,
            data=array,
            chunks=(min(rows, len(array)), *array.shape[1:]),
            compression="gzip",
            compression_opts=1,
            shuffle=True,
            fletcher32=True,
        )
    for key, value in attributes.items():
        node.attrs[key] = value

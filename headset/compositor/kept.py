"""Files in the user's cache folder: what takes seconds to make, named by what it was made of.

One that is found is as it was written, or it is not taken; one that cannot be written is made again the
next time. Nothing here is ever a reason not to start.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import platformdirs
from numpy.typing import NDArray

from ..errors import HeadsetError
from ..files import replacing

Arrays = Mapping[str, NDArray[Any]]

_MOST_BYTES: Final = 256 << 20
_DIGEST: Final = 16

_LOG: Final = logging.getLogger("unvisor")


def folder() -> Path:
    """Return where the files lie; it may not be there yet."""
    return platformdirs.user_cache_path("unvisor", appauthor=False) / "baked"


def key(parts: Iterable[bytes | memoryview]) -> str:
    """Return a hash of parts, for a file's name; their lengths count, as well as what they hold."""
    made = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        made.update(memoryview(part).nbytes.to_bytes(8, "little"))
        made.update(part)
    return made.hexdigest()


def kept(kind: str, name: str, build: Callable[[], Arrays], *, most: int) -> Arrays:
    """Return arrays that were kept under a name, or build them and keep them.

    Args:
        kind: Of what they are.
        name: A `key` of all they follow from.
        build: Makes them.
        most: Files of this kind that stay: those used last.
    """
    path = folder() / f"{kind}-{name}.npz"
    found = _read(path)
    if found is None:
        found = build()
        _write(path, found)
        _forget(kind, path, most)
    return found


def _read(path: Path) -> Arrays | None:
    """Return a file's arrays; None where it is not there, or is not as it was written."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        written = path.read_bytes()
        os.utime(path)  # what is used stays
    except OSError:
        return None
    content = written[_DIGEST:]
    if written[:_DIGEST] != _digest(content):  # before anything is made of it
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, arrays: Arrays) -> None:
    content = io.BytesIO()
    np.savez(content, **cast("dict[str, Any]", arrays))
    octets = content.getvalue()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, HeadsetError) as draft:
            draft.write_bytes(_digest(octets) + octets)
    except (OSError, HeadsetError) as error:  # the next start takes seconds again, no more
        _LOG.info("cache: %s", error)


def _forget(kind: str, newest: Path, most: int) -> None:
    """Delete all files of a kind but those used last, whatever the clock said then."""
    try:
        others = [path for path in folder().glob(f"{kind}-*.npz") if path != newest]
        others.sort(key=lambda path: path.stat().st_mtime_ns)
        for path in others[: len(others) - (most - 1)]:
            path.unlink(missing_ok=True)
    except OSError as error:  # another start is at it, or the folder is not ours to clear
        _LOG.info("cache: %s", error)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()

"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .errors import UnvisorError

SEALED: Final = b"unvisor sealed 1\n"
"""How a file begins that only its wearer can open (`calibration.consent.sealed`)."""

_STEM: Final = 40
"""Characters of the name that a draft keeps: with what is added it stays a name on any file system."""


def is_sealed(path: Path) -> bool:
    """Whether a file says that it is sealed."""
    try:
        with path.open("rb") as file:
            return file.read(len(SEALED)) == SEALED
    except OSError:
        return False


@contextmanager
def replacing(path: Path, error: type[UnvisorError]) -> Generator[Path]:
    """Give a file to write to; on a clean exit it becomes `path` at once, else it is gone.

    A reader of `path` sees the old file or the new one, never a half, and after a power cut too:
    both the file and its name are on the disk before this returns, so what it was made from may
    then be removed. From its first byte the file is readable by its owner alone: most of what we
    write is of a face.

    Args:
        path: Where the file belongs; an existing one is replaced.
        error: What to raise where the folder is missing or cannot be written.

    Yields:
        An empty file in the same folder, with the same suffix, to be written in place.

    Raises:
        UnvisorError: As `error`, naming the path and the remedy.
    """
    folder = path.parent
    if not folder.is_dir():
        raise error(f"{path}: no folder {folder}: create it or choose another --out")
    if path.is_dir():
        raise error(f"{path}: is a folder: name a file")
    draft = folder / f".{path.stem[:_STEM]}-{secrets.token_hex(4)}{path.suffix}"
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield draft
        _sync(draft, os.O_RDWR)  # Windows syncs only what it may write
        draft.replace(path)
        if os.name == "posix":
            with suppress(OSError):  # some network drives sync files alone
                _sync(folder, os.O_RDONLY)
    except OSError as cause:
        raise error(
            f"{path}: cannot be written ({cause.strerror or cause}): "
            "check the space left, or choose another --out"
        ) from cause
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

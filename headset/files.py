"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import UnvisorError


@contextmanager
def replacing(path: Path, error: type[UnvisorError]) -> Generator[Path]:
    """Give a path to write to; on a clean exit it becomes `path` at once, else it is gone.

    A reader of `path` sees the old file or the new one, never a half. The file is readable by its
    owner alone: most of what we write is of a face.

    Args:
        path: Where the file belongs; an existing one is replaced.
        error: What to raise where the folder is missing or cannot be written.

    Yields:
        A path in the same folder, not yet existing, with the same suffix.

    Raises:
        UnvisorError: As `error`, naming the path and the remedy.
    """
    folder = path.parent
    if not folder.is_dir():
        raise error(f"{path}: no folder {folder}: create it or choose another --out")
    if path.is_dir():
        raise error(f"{path}: is a folder: name a file")
    draft = folder / f".{path.stem}-{secrets.token_hex(4)}{path.suffix}"
    try:
        yield draft
        with suppress(OSError):  # a file system without modes keeps its own
            draft.chmod(0o600)
        draft.replace(path)
    except OSError as cause:
        raise error(f"{path}: cannot be written: {cause.strerror or cause}") from cause
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)

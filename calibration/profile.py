"""What is true of one wearer, under one headset: the profile and the place of its file.

    path = profile_place(headset="valve-index")
    save(path, profile)         # whole or not at all, 0600; what it replaces is kept
    profile = load(path)
    undo(path)                  # back to what it was before

One that is sealed (`consent.sealed`) is written with a `Seal` and read with an `Unseal`.

Former profiles lie beside the file in `.history/`, the last `KEPT` of them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import platformdirs

from ..headset.errors import CalibrationError
from ..headset.files import SEALED, replacing
from .profile_file import LARGEST_BYTES, parse, written
from .profile_layout import LARGEST_WEIGHT, VERSION
from .profile_types import Donning, Profile, of_nobody

__all__ = [
    "KEPT", "LARGEST_WEIGHT", "VERSION", "Donning", "Profile", "Seal", "Unseal", "former", "load",
    "of_nobody", "parse", "profile_place", "save", "undo", "update",
]  # fmt: skip

Seal = Callable[[bytes], bytes]
"""Returns a file's sealed form."""

Unseal = Callable[[Path, bytes], bytes]
"""Returns what the sealed form at a path holds; raises an `UnvisorError` where it may not."""

KEPT: Final = 5
"""Former profiles: more than anybody walks back."""

_HISTORY: Final = ".history"
_DIGITS: Final = 6
_LONGEST: Final = 40  # characters of a name kept in a file's
_SEAL_BYTES: Final = 1 << 14
"""What sealing adds at most."""


def profile_place(wearer: str = "me", headset: str = "") -> Path:
    """Return where a wearer's profile for a headset belongs on this system; it need not exist.

    Args:
        wearer: As they call themselves; two names give two files, whatever is in them.
        headset: As it calls itself; empty for whichever it is.
    """
    name = _plain(wearer) + (f"@{_plain(headset)}" if headset else "")
    return platformdirs.user_data_path("unvisor", appauthor=False) / "profiles" / f"{name}.json"


def _plain(name: str) -> str:
    """Return a name as part of a file's: itself where it can be, else told apart by its digest."""
    if re.fullmatch(rf"[a-z0-9][a-z0-9_-]{{0,{_LONGEST - 1}}}", name):
        return name
    kept = re.sub(r"[^a-z0-9]+", "-", name.lower())[:_LONGEST].strip("-") or "x"
    return f"{kept}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def save(path: Path, profile: Profile, *, seal: Seal | None = None) -> None:
    """Write a profile as JSON, atomically, readable by its owner alone.

    The file that was there can be had back with `undo`, as it was: sealed or not.

    Args:
        path: Of the file.
        profile: What is true of its wearer.
        seal: Seals it; None for JSON that anything reads.

    Raises:
        CalibrationError: The place cannot be written, or the profile holds what no file may.
    """
    _write(path, profile, keep=True, seal=seal)


def update(path: Path, profile: Profile, *, seal: Seal | None = None) -> None:
    """Write a profile as `save` does, but keep no former one: for a donning, which undoes itself.

    Raises:
        CalibrationError: As `save`.
    """
    _write(path, profile, keep=False, seal=seal)


def _write(path: Path, profile: Profile, *, keep: bool, seal: Seal | None) -> None:
    content = written(profile)
    if seal is not None:
        content = seal(content)
    if keep and path.is_file() and path.stat().st_size <= LARGEST_BYTES + _SEAL_BYTES:
        _keep(path)
    with replacing(path, CalibrationError) as draft:
        draft.write_bytes(content)


def load(path: Path, *, unseal: Unseal | None = None) -> Profile:
    """Read a profile.

    Args:
        path: Of the file.
        unseal: Opens it where it is sealed.

    Raises:
        UnvisorError: It is sealed, and `unseal` says why it stays so.
        CalibrationError: Missing, not a profile, of a newer version, or holding nonsense.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + _SEAL_BYTES + 1)
    except OSError as cause:
        raise CalibrationError(
            f"{path}: cannot be read ({cause.strerror}): calibrate with `unvisor calibrate`"
        ) from cause
    if content.startswith(SEALED):
        if unseal is None:
            raise CalibrationError(f"{path}: is sealed: `unvisor consent open` opens a copy of it")
        content = unseal(path, content)
    return parse(path, content)


def undo(path: Path, *, unseal: Unseal | None = None) -> Profile:
    """Go back to the profile that the last `save` replaced; the one gone back from is not kept.

    Args:
        path: Of the file.
        unseal: Opens the former one where it is sealed.

    Returns:
        The profile that is now in the file.

    Raises:
        CalibrationError: There is none, or it cannot be read; all stays as it is then.
        UnvisorError: As `load`, likewise.
    """
    kept = former(path)
    if not kept:
        raise CalibrationError(f"{path}: no earlier profile is kept: calibrate again")
    earlier = load(kept[-1], unseal=unseal)
    try:
        kept[-1].replace(path)
        _sync(path.parent)
    except OSError as cause:
        raise CalibrationError(
            f"{path}: cannot be written ({cause.strerror}): allow it, then undo again"
        ) from cause
    return earlier


def former(path: Path) -> list[Path]:
    """Return the former profiles that are kept of a file, oldest first."""
    pattern = re.compile(re.escape(path.stem) + rf"\.(\d{{{_DIGITS}}})" + re.escape(path.suffix))
    with suppress(OSError):
        found = (path.parent / _HISTORY).iterdir()
        return sorted(entry for entry in found if pattern.fullmatch(entry.name))
    return []


def _keep(path: Path) -> None:
    """Copy a file among its former ones, and let the oldest go."""
    folder = path.parent / _HISTORY
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as cause:
        raise CalibrationError(
            f"{folder}: cannot be made ({cause.strerror}): allow it or choose another --out"
        ) from cause
    kept = former(path)
    number = int(kept[-1].stem.rpartition(".")[2]) + 1 if kept else 1
    copy = folder / f"{path.stem}.{number:0{_DIGITS}}{path.suffix}"
    with replacing(copy, CalibrationError) as draft:
        shutil.copyfile(path, draft)
    for old in kept[: max(0, len(kept) + 1 - KEPT)]:
        with suppress(OSError):
            old.unlink()


def _sync(folder: Path) -> None:
    """Put a folder's names on the disk, where the system can be asked to."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What was made under a consent, as the log tells, and what becomes of it at a withdrawal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from .chain_lines import Entry, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What a withdrawal did.

    Attributes:
        deleted: Files that are gone now.
        left: What it could not or should not reach, each with the reason or what to do.
    """

    deleted: tuple[Path, ...]
    left: tuple[str, ...]


def made_under(record_id: str, lines: Iterable[Line]) -> dict[Path, Entry]:
    """Return the files that were made under a consent, each with the last that is said of it.

    A file that was made again under another consent, at the same place, is not among them.
    """
    found: dict[Path, Entry] = {}
    for line in lines:
        entry = line.entry
        if entry.event == "made":
            found[Path(entry.path)] = entry
    return {path: entry for path, entry in found.items() if entry.consent == record_id}


def sent_under(record_id: str, lines: Iterable[Line]) -> dict[str, int]:
    """Return how many faces went to each destination under a consent."""
    runs: dict[str, dict[str, int]] = {}
    for line in lines:
        entry = line.entry
        if entry.consent == record_id and entry.run and entry.sent:
            runs[entry.run] = {name: one.faces for name, one in entry.sent.items()}
    totals: dict[str, int] = {}
    for counts in runs.values():
        for name, faces in counts.items():
            totals[name] = totals.get(name, 0) + faces
    return totals


def delete_made(record_id: str, lines: Iterable[Line]) -> Aftermath:
    """Delete what was made under a consent, where it is still the same file.

    Args:
        record_id: Of the consent.
        lines: Of the log, those alone that its wearer's key signed.
    """
    lines = tuple(lines)
    deleted: list[Path] = []
    left: list[str] = []
    for path, entry in made_under(record_id, lines).items():
        if entry.kind == "recording":
            left += [
                f"{one}: of a recording that goes on or was cut off: once it ended, delete it yourself"
                for one in _cut_off(path)
            ]
        found = stamp(path)
        if found is None:
            continue
        if found != (entry.octets, entry.mtime_ns) or not path.is_file():
            left.append(
                f"{path}: was changed or made again since: delete it yourself if it is yours"
            )
        else:
            try:
                path.unlink()
                deleted.append(path)
            except OSError as cause:
                left.append(f"{path}: cannot be deleted ({cause.strerror}): do it yourself")
    for name, faces in sent_under(record_id, lines).items():
        if faces:
            left.append(
                f"{faces} faces that were sent to {name}: whoever got them may have kept them"
            )
    if deleted or left:
        left.append("copies of any file that were made elsewhere")
    return Aftermath(deleted=tuple(deleted), left=tuple(left))


def _cut_off(path: Path) -> list[Path]:
    """Return what a recording that was cut off leaves beside its place, whoever recorded it."""
    journal = path.with_suffix(".journal")
    recovered = path.parent.glob(f"{escape(path.stem)}-recovered-*{escape(path.suffix)}")
    return [*([journal] if journal.exists() else []), *sorted(recovered)]


def stamp(path: Path) -> tuple[int, int] | None:
    """Return a file's size and when it was last written, by which it is known again; None if gone."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns

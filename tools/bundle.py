"""A bundle for whoever is asked for help: versions, settings, findings, the log; nothing of a face.

Recordings and profiles go in only where they are named, and after a yes on the terminal. What sensors
sent goes in where `unvisor run --bundle` was asked for it, on the ground that --record needs too.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ..headset.errors import ConsentError, OutputError
from ..headset.files import replacing
from ..headset.frame import Face, Health, SensorFrame
from ..headset.permit import Permit
from . import logbook
from .live_sensors import Rings
from .status import Rows, as_json

DESTINATION: Final = "bundle"
"""What a permit is asked for."""

LARGEST_TEXT_BYTES: Final = 1 << 20
"""Of each text; of a longer one the end goes in, where the latest is."""

LARGEST_FACE_BYTES: Final = 64 << 20
"""Of all face material together: what a mail or an issue takes."""


def write(
    path: Path,
    *,
    findings: object,
    versions: object,
    settings_file: Path,
    faces: Sequence[Path] = (),
    packets: Mapping[str, bytes] | None = None,
    ask: Callable[[str], bool] | None = None,
) -> None:
    """Write a bundle, whole or not at all.

    Args:
        path: Where to.
        findings: What `doctor` found, ready for JSON.
        versions: Of every package.
        settings_file: The wearer's settings; may be missing.
        faces: Recordings and profiles to add.
        packets: What sensors sent, by the file's name: `packet_log.files`.
        ask: Asks for a yes; by default on the terminal.

    Raises:
        ConsentError: Faces were named and nobody said yes.
        OutputError: A file cannot be read or written, or the faces are too large.
    """
    if faces:
        _agree(faces, ask or on_terminal)
    with (
        replacing(path, OutputError) as draft,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
    ):
        archive.writestr("doctor.json", json.dumps(findings, indent=2))
        archive.writestr("versions.json", json.dumps(versions, indent=2))
        for name, source in (("settings.toml", settings_file), ("log.txt", logbook.log_path())):
            if source.is_file():
                archive.writestr(name, _end_of(source))
        for name, face in _named(faces).items():
            archive.write(face, f"face/{name}")
        for name, content in (packets or {}).items():
            archive.writestr(name, content)


class Keeper:
    """A `Sink` that writes a bundle when the run ends, however it ends."""

    def __init__(
        self, path: Path, *, rings: Rings, permit: Permit, settings_file: Path, rows: Rows
    ) -> None:
        """Prepare; nothing is written before the end.

        Args:
            path: Where to.
            rings: The packets that sensors received.
            permit: Asked again before anything is written.
            settings_file: The wearer's settings; may be missing.
            rows: Gives every state as it was at the end.
        """
        self._path = path
        self._rings = rings
        self._permit = permit
        self._settings_file = settings_file
        self._rows = rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        from ..headset.sensors import packet_log
        from .findings import versions

        if refusal := self._permit.refusal(DESTINATION):
            logbook.LOG.warning("%s: is not written: %s", self._path, refusal)
            return
        write(
            self._path,
            findings={"states": as_json(self._rows()), "error": repr(error) if error else ""},
            versions=versions(),
            settings_file=self._settings_file,
            packets=packet_log.files(self._rings, self._permit.basis),
        )

    def put(self, frame: SensorFrame, face: Face) -> None:
        """Take nothing: what is kept are packets, not faces."""

    def health(self) -> Health:
        """Return how much is kept."""
        kept = sum(ring.bytes_kept for _, ring in self._rings.values())
        note = f"{kept / (1 << 20):.1f} MiB of packets kept"
        return Health(state="live" if kept else "waiting", note=note)


def on_terminal(question: str) -> bool:
    """Ask on the terminal; without one the answer is no."""
    return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _agree(faces: Sequence[Path], ask: Callable[[str], bool]) -> None:
    size = 0
    for face in faces:
        if not face.is_file():
            raise OutputError(f"{face}: no such file: name a recording or a profile")
        size += face.stat().st_size
    if size > LARGEST_FACE_BYTES:
        raise OutputError(
            f"{faces[0]}: {size >> 20} MiB of faces, at most {LARGEST_FACE_BYTES >> 20}: "
            "name a shorter recording"
        )
    names = ", ".join(face.name for face in faces)
    if not ask(f"{names}: this is of a face. Put it into the bundle?"):
        raise ConsentError(f"{names}: nobody said yes on a terminal: leave --include-face out")


def _named(faces: Sequence[Path]) -> dict[str, Path]:
    """Return each by a name of its own, on any file system: two may have one in two folders."""
    named: dict[str, Path] = {}
    taken: set[str] = set()
    for face in faces:
        numbered = (f"{face.stem}-{n}{face.suffix}" for n in count(2))
        free = (name for name in chain([face.name], numbered) if name.casefold() not in taken)
        name = next(free)
        taken.add(name.casefold())
        named[name] = face
    return named


def _end_of(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LARGEST_TEXT_BYTES))
        return file.read(LARGEST_TEXT_BYTES)

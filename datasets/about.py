"""What a recording says of itself, as attributes of its file's root."""

from __future__ import annotations

from typing import Any, Final, cast, get_args, get_type_hints

import msgspec
import numpy as np

from ..headset.errors import RecordingError
from ..headset.permit import Basis, stated
from . import hdf5
from .layout import VERSION, check_times
from .streams import About

SCHEMA: Final = "unvisor-recording"

_BASES: Final = get_args(get_type_hints(Basis)["kind"])


def write_about(
    file: hdf5.Node, about: About, span_ns: tuple[int, int], *, version: int = VERSION
) -> None:
    """Write who, why and when into an open file, and which version of the layout it needs."""
    file.attrs["schema"] = SCHEMA
    file.attrs["schema_version"] = version
    file.attrs["licence"] = about.basis.text if about.basis.kind == "licence" else ""
    file.attrs["basis_kind"] = about.basis.kind
    file.attrs["basis_text"] = about.basis.text
    for name in ("person", "rig", "source", "tracker"):
        file.attrs[name] = getattr(about, name)
    file.attrs["notes"] = msgspec.json.encode(about.notes).decode()
    file.attrs["start_ns"], file.attrs["end_ns"] = span_ns


def check_schema(file: hdf5.Node) -> None:
    """Refuse a file that is not ours, or newer than this program.

    Raises:
        RecordingError: Naming the file.
    """
    if hdf5.text(file, "schema") != SCHEMA:
        raise RecordingError(
            f"{file.filename}: is HDF5 but no recording of ours: `unvisor import` makes one"
        )
    version = hdf5.integer(file, "schema_version")
    if version is None or not 1 <= version <= VERSION:
        raise RecordingError(
            f"{file.filename}: has schema version {version}, this unvisor reads 1 to {VERSION}: "
            "update unvisor"
        )


def read_about(file: hdf5.Node) -> About:
    """Read who and why. A file that names no basis has its licence for one.

    Raises:
        RecordingError: An attribute is not what it should be.
    """
    kind = hdf5.text(file, "basis_kind", "licence")
    if kind not in _BASES:
        raise RecordingError(
            f"{file.filename}: basis_kind {kind!r}: should be one of {', '.join(_BASES)}"
        )
    text = hdf5.text(file, "basis_text", hdf5.text(file, "licence"))
    try:
        notes = msgspec.json.decode(hdf5.text(file, "notes", "{}"), type=dict[str, str])
    except msgspec.DecodeError as cause:
        raise RecordingError(
            f"{file.filename}: attribute notes: {cause}: should be a JSON object of texts"
        ) from cause
    return About(
        person=hdf5.text(file, "person"),
        basis=Basis(kind=cast("Any", kind), text=stated(text)),
        rig=hdf5.text(file, "rig"),
        source=hdf5.text(file, "source"),
        tracker=hdf5.text(file, "tracker"),
        notes=notes,
    )


def read_span(file: hdf5.Node) -> tuple[int, int] | None:
    """Read the first and last instant, None where the file does not say.

    Raises:
        RecordingError: They are no span.
    """
    start, end = hdf5.integer(file, "start_ns"), hdf5.integer(file, "end_ns")
    if start is None or end is None:
        return None
    check_times(file.filename, np.array([start, max(end, start + 1)]))
    if end < start:
        raise RecordingError(f"{file.filename}: ends before it starts: import or record it again")
    return start, end

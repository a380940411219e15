"""Captures from elsewhere, by format. A new one is a file that reads a `Take` and a line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..headset.errors import RecordingError
from ..headset.permit import Basis, stated
from . import arkit_json, live_link_face
from .recording import Recording
from .streams import About
from .take import Counts, Take, counted, joined

IMPORTERS: Final[dict[str, Callable[[Path], Take]]] = {
    "live-link-face": live_link_face.read,
    "arkit-json": arkit_json.read,
}
"""Reads one file, by the name of its format."""


def import_files(
    form: str, paths: Sequence[Path], *, person: str = "", licence: str = ""
) -> tuple[Recording, Counts]:
    """Return one person's captures as one recording whose truth they are.

    Several files are takes of one session: they are put in order of time and the pauses between
    them stay.

    Args:
        form: A key of `IMPORTERS`.
        paths: At least one file.
        person: Whose face, empty where not stated; splits keep a person whole.
        licence: What the capture is published under; where not stated, its face may not be sent.

    Raises:
        RecordingError: The format is unknown, a file is not of it, or takes overlap.
    """
    if form not in IMPORTERS:
        raise RecordingError(f"{form}: no such format: choose one of {', '.join(IMPORTERS)}")
    takes = [IMPORTERS[form](path) for path in paths]
    if not takes:
        raise RecordingError(f"{form}: no file to import: name at least one")
    truth = joined(takes)
    counts = counted(takes, truth)
    about = About(
        person=person,
        basis=Basis(kind="licence", text=stated(licence)),
        source=f"{form}: {', '.join(take.file for take in takes)}",
        tracker=takes[0].tracker,
        notes={
            "rate_hz": f"{counts.rate_hz:.3f}",
            "rows_omitted": str(counts.omitted),
            "gaps": str(counts.gaps),
        },
    )
    return Recording(about=about, truth=truth), counts

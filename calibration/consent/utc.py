"""Universal time as it stands in files: `2026-11-25T20:05:54Z`. Callers pass the time in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

Utc = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", max_length=20)]
"""Such a text, of a struct that is read from a file. It may still name no day there is."""

_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"


def text(utc: datetime) -> Utc:
    """Return an instant, which knows its zone, to the second."""
    return utc.astimezone(UTC).strftime(_FORM)


def instant(written: Utc) -> datetime:
    """Return the instant that a text names.

    Raises:
        ValueError: It names none.
    """
    return datetime.strptime(written, _FORM).replace(tzinfo=UTC)

"""One line of what `doctor` reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "absent", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was looked at: `python`, `sensor live-link-face`.
        state: `ok`, `absent` (not here, nothing depends on it), `wrong` (here and not working).
        found: What is there.
        remedy: What to do, empty where nothing need be done.
        essential: Nothing works without it, or it was asked for by name.
    """

    name: str
    state: State
    found: str
    remedy: str = ""
    essential: bool = False


def failed(name: str, error: Exception, *, essential: bool = False) -> Finding:
    """Return a finding from an error: its message ends with what to do."""
    what, _, remedy = str(error).rpartition(": ")
    return Finding(
        name=name, state="wrong", found=what or remedy, remedy=remedy, essential=essential
    )

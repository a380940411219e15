"""On what ground a face may be stored or sent. What a permit is, not who gives it.

Consent itself lives in `calibration`; commands hand a permit in, so that recorders and outputs on
the ground floor can ask for one without knowing how it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Why a face may be used, as a recording states it.

    Attributes:
        kind: `generated` (nobody's face), `licence` (a capture published under one), `reference`
            (a consent form kept elsewhere), `consent` (a signed record of the wearer's own).
        text: The licence, the form's name, version and date, or the record's id.
    """

    kind: Literal["generated", "licence", "reference", "consent"]
    text: str


class Permit(Protocol):
    """Says whether a face may leave for one destination now."""

    @property
    def basis(self) -> Basis:
        """What the permit rests on."""
        ...

    def refusal(self, destination: str) -> str | None:
        """Return why nothing may go to `destination`, with the remedy; None where it may."""
        ...

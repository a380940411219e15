"""On what ground a face may be stored or sent. What a permit is, not who gives it.

Consent itself lives in `calibration`; commands hand a permit in, so that recorders and outputs on
the ground floor can ask for one without knowing how it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

NOT_STATED: Final = "not stated"
"""How a basis without a text is put into words; older files have the words themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Why a face may be used, as a recording states it.

    Attributes:
        kind: `generated` (nobody's face), `licence` (a capture published under one), `reference`
            (a consent form kept elsewhere), `consent` (a signed record of the wearer's own).
        text: The licence, the form's name, version and date, or the record's id. Empty where nobody
            stated one: such a face is for this machine alone.
    """

    kind: Literal["generated", "licence", "reference", "consent"]
    text: str

    @property
    def words(self) -> str:
        """The text for people to read."""
        return self.text or NOT_STATED


def stated(text: str) -> str:
    """Return what a text states as a basis: nothing where it is blank or says `NOT_STATED`."""
    bare = text.strip()
    return "" if bare == NOT_STATED else bare


class Permit(Protocol):
    """Says whether a face may leave for one destination now."""

    @property
    def basis(self) -> Basis:
        """What the permit rests on."""
        ...

    def refusal(self, destination: str) -> str | None:
        """Return why nothing may go to `destination`, with the remedy; None where it may."""
        ...

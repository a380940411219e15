"""Permits that rest on words: a licence, a form kept elsewhere, nobody's face."""

from __future__ import annotations

from dataclasses import dataclass

from ...headset.errors import ConsentError
from ...headset.permit import Basis, Permit, stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A `Permit` that rests on a stated basis; one that states nothing permits nothing.

    A signed record is not taken at its word here: who names one has to show it (`SignedPermit`).
    What was recorded under one may be used on.
    """

    basis: Basis

    def refusal(self, destination: str) -> str | None:
        """Return why nothing may go to `destination`, with the remedy; None where it may."""
        if stated(self.basis.text):
            return None
        if self.basis.kind == "licence":
            return f"{destination}: no licence is stated for this face: import it with --licence"
        return (
            f"{destination}: nobody has agreed that this face goes there: see `unvisor consent give "
            '--help`, or add --consent-reference "form, version, date"'
        )


def require(permit: Permit, destination: str) -> None:
    """Stop where the wearer has not agreed.

    Raises:
        ConsentError: Nothing may go to `destination`; says what to do.
    """
    refusal = permit.refusal(destination)
    if refusal is not None:
        raise ConsentError(refusal)

"""Whether a face may be stored or sent, by what its wearer agreed to.

Until signed records exist, agreement is stated: a recording carries its basis, and for a live face
whoever runs the program names the form that was signed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..headset.errors import ConsentError
from ..headset.permit import Basis, Permit, stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A `Permit` that rests on a stated basis; one that states nothing permits nothing."""

    basis: Basis

    def refusal(self, destination: str) -> str | None:
        """Return why nothing may go to `destination`, with the remedy; None where it may."""
        if stated(self.basis.text):
            return None
        if self.basis.kind == "licence":
            return f"{destination}: no licence is stated for this face: import it with --licence"
        return (
            f"{destination}: nobody has agreed that this face goes there: "
            'add --consent-reference "form, version, date"'
        )


def require(permit: Permit, destination: str) -> None:
    """Stop where the wearer has not agreed.

    Raises:
        ConsentError: Nothing may go to `destination`; says what to do.
    """
    refusal = permit.refusal(destination)
    if refusal is not None:
        raise ConsentError(refusal)

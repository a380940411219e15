"""The log of what a command did under a signed record, and what becomes of its files at a withdrawal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..headset.errors import ConsentError
from ..headset.permit import Permit
from .consenting import utc

if TYPE_CHECKING:
    from ..calibration.consent.audit import Audit, Ground
    from ..calibration.consent.gate import Gated
    from ..calibration.consent.kept import Aftermath
    from ..calibration.consent.permit import SignedPermit


def signed(permit: Permit) -> SignedPermit | None:
    """Return a permit that rests on a signed record, None for one that rests on words."""
    if permit.basis.kind != "consent":
        return None
    from ..calibration.consent.permit import SignedPermit

    return permit if isinstance(permit, SignedPermit) else None


def audit(
    permit: SignedPermit,
    *,
    outputs: Mapping[str, Gated] | None = None,
    made: Mapping[Path, str] | None = None,
    model: Path | None = None,
    profile: Path | None = None,
) -> Audit:
    """Return the log of a command; a `Sink`, not yet open.

    Args:
        permit: What it rests on.
        outputs: By destination, what faces go through.
        made: Files that it will write, and of what kind each is.
        model: Its file.
        profile: The wearer's.
    """
    from ..calibration.consent.audit import Audit, Ground, file_digest
    from ..calibration.consent.store import Store

    ground = Ground(
        application=permit.context.application,
        basis=permit.basis.kind,
        consent=permit.record.id,
        digest=permit.record.digest,
        model="" if model is None else file_digest(model),
        profile="" if profile is None else file_digest(profile),
    )
    return Audit(Store().chain(utc()), ground, utc=utc, outputs=outputs or {}, made=made)


def with_profile(ground: Ground, profile: Path) -> Ground:
    """Return a ground on which the wearer has another profile."""
    from ..calibration.consent.audit import file_digest

    return replace(ground, profile=file_digest(profile))


def note_profile(permit: Permit, path: Path) -> None:
    """Note a profile that was saved, and the former ones beside it, so that a withdrawal finds them.

    Raises:
        ConsentError: The log cannot be written.
    """
    record = signed(permit)
    if record is None:
        return
    from ..calibration.profile import former

    log = audit(record, profile=path)
    for one in (*former(path), path):
        log.keep_file(one, "profile")


def note(permit: SignedPermit, path: Path, kind: str) -> None:
    """Note another file that is whole now, likewise.

    Raises:
        ConsentError: The log cannot be written.
    """
    audit(permit).keep_file(path, kind)


def aftermath(permit: SignedPermit) -> Aftermath | None:
    """Delete what was made under a record that was withdrawn meanwhile; None where it was not."""
    from ..calibration.consent.kept import delete_made
    from ..calibration.consent.store import Store

    store = Store()
    try:
        if not store.read(permit.record.id).withdrawn:
            return None
    except ConsentError:  # it cannot be read: nobody is known to have withdrawn it
        return None
    return delete_made(permit.record.id, store.told())

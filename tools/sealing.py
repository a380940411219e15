"""Files of a face that their wearer alone opens: what `--encrypt` makes, and how commands read it.

A file is sealed under the consent that it was made under, and opens for every command of that wearer's
as long as one to the same use holds: to have `run` use the profile that `calibrate` keeps is what was
agreed to when it was stored. A withdrawal deletes the key, and no copy opens any more.

What is sealed stays so when it is made anew. What lay on the disk before it was sealed (a recording's
journal, an earlier plain profile) is deleted, which on many disks does not make it unreadable.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from ..calibration import profile
from ..headset.errors import ConsentError, RecordingError
from ..headset.files import is_sealed, replacing
from ..headset.permit import Permit
from . import accounting, consenting
from .logbook import LOG
from .terminal import CONSOLE

if TYPE_CHECKING:
    from ..calibration.consent.record import Record
    from ..calibration.consent.store import Grant, Store
    from ..calibration.profile import Profile

Kind = Literal["recording", "profile"]

_HDF5: Final = b"\x89HDF"


def profile_of(path: Path) -> Profile:
    """Read a wearer's profile, sealed or not.

    Raises:
        CalibrationError: As `profile.load`.
        ConsentError: It is sealed, and not for this wearer, or its consent does not hold.
    """
    return profile.load(path, unseal=opened)


def opened(path: Path, whole: bytes) -> bytes:
    """Return what a sealed file holds.

    Args:
        path: Where it came from, for messages.
        whole: The file.

    Raises:
        ConsentError: It is another wearer's, was changed, or its consent does not hold.
    """
    return _opened(path, whole)[0]


def grant(permit: Permit) -> Grant:
    """Return the key of what is sealed under a permit.

    Raises:
        ConsentError: It rests on no signed record, or that was withdrawn.
    """
    signed = accounting.signed(permit)
    if signed is None:
        raise ConsentError(
            "sealing: needs a consent of the wearer's own, and this face rests on another ground "
            f"({permit.basis.kind}): leave --encrypt out, or name a file that is not sealed"
        )
    from ..calibration.consent.store import Store

    return Store().granted(signed.record)


def stays_sealed(path: Path, *, encrypt: bool) -> bool:
    """Whether a file is to be sealed: where it is asked for, and where one is replaced that is."""
    return encrypt or is_sealed(path)


def finish(path: Path, granted: Grant) -> Callable[[Path], None]:
    """Return what seals a recording before it has its name.

    Args:
        path: Of the recording, for messages.
        granted: Under which consent.
    """

    def seal(draft: Path) -> None:
        from ..calibration.consent import sealed

        try:
            sealed.seal(draft, [granted])
        except ConsentError as cause:
            why = str(cause).removeprefix(f"{draft}: ")
            raise RecordingError(f"{path}: cannot be sealed: {why}") from cause

    return seal


def keep_profile(
    path: Path, fitted: Profile, permit: Permit | None, *, encrypt: bool, donned: bool = False
) -> None:
    """Save a profile and note it; where it is sealed, the former ones beside it are as well.

    Args:
        path: Of the file.
        fitted: What is true of the wearer.
        permit: To keep it; None where it was made of files and stays plain.
        encrypt: Whether it is to be sealed if the one that it replaces is not.
        donned: Whether only its donning is new: then the one that it replaces is not kept.

    Raises:
        CalibrationError: It cannot be written.
        ConsentError: It is to be sealed, and there is no consent to seal it under; or the log cannot
            be written.
    """
    seal: profile.Seal | None = None
    if stays_sealed(path, encrypt=encrypt):
        if permit is None:
            raise ConsentError(f"{path}: is sealed, and nobody agreed to another: add --encrypt")
        from ..calibration.consent import sealed

        granted = grant(permit)
        _seal_all(path, granted)

        def under(content: bytes) -> bytes:
            return sealed.sealed(content, [granted])

        seal = under
    write = profile.update if donned else profile.save
    write(path, fitted, seal=seal)
    if permit is not None:
        accounting.note_profile(permit, path)


def open_copy(path: Path, out: Path) -> Kind:
    """Write what a sealed file holds to a plain one, which a withdrawal deletes as well.

    Raises:
        ConsentError: As `opened`, or it cannot be written.
    """
    from ..calibration.consent import sealed

    content, record = _opened(path, sealed.read(path))
    kind: Kind = "recording" if content.startswith(_HDF5) else "profile"
    with replacing(out, ConsentError) as draft:
        draft.write_bytes(content)
    accounting.note(_permit(record), out, kind)
    return kind


def seal_file(path: Path) -> Kind:
    """Seal a plain profile with its former ones, or a recording, in its place.

    Raises:
        ConsentError: It is sealed already, or there is no consent to seal it under.
        UnvisorError: It cannot be read.
    """
    from ..calibration.consent.store import Store

    if is_sealed(path):
        raise ConsentError(f"{path}: is sealed already: leave it as it is")
    store = Store()
    kind: Kind = "profile" if path.suffix == ".json" else "recording"
    record = _of_profile(path, store) if kind == "profile" else _of_recording(path, store)
    permit = _permit(record)
    if kind == "profile":
        _seal_all(path, store.granted(record))
        accounting.note_profile(permit, path)
    else:
        from ..calibration.consent import sealed

        sealed.seal(path, [store.granted(record)])
        accounting.note(permit, path, kind)
    return kind


def _seal_all(path: Path, granted: Grant) -> None:
    """Seal what is plain of a profile and its former ones."""
    from ..calibration.consent import sealed

    for one in (*profile.former(path), path):
        if one.exists():
            sealed.seal(one, [granted])


def _opened(path: Path, whole: bytes) -> tuple[bytes, Record]:
    """Return what a sealed file holds, and the consent under which it was opened."""
    from ..calibration.consent import sealed
    from ..calibration.consent.store import Store

    store, shut, now = Store(), sealed.told(path, whole), consenting.utc()
    key = store.key()
    if key is None or key.public.kid != shut.wearer:
        raise ConsentError(f"{path}: is sealed by another wearer's key: open it where it was made")
    why = f"for a use that {store.folder} does not know: restore that folder, or make it anew"
    for kept in store.all(now=now):
        record = kept.record
        if record is None or record.context.id not in shut.context_ids:
            continue
        state = record.state(now)
        if state == "given":
            content = sealed.unsealed(path, whole, store.granted(record))
            _warn(record)
            return content, record
        if state == "withdrawn":
            on = record.events[-1].at_utc[:10]
            why = f"and its consent was withdrawn on {on}: no copy opens any more: make it anew"
        else:
            on = record.processing.expires_utc[:10]
            why = f"and its consent ended on {on}: run `{record.context.command}`"
    raise ConsentError(f"{path}: is sealed, {why}")


def _warn(record: Record) -> None:
    """Tell that what was opened will not open for much longer."""
    if warning := _permit(record).warning:
        LOG.warning("%s", warning)
        CONSOLE.print(warning, markup=False, highlight=False, soft_wrap=True)


def _permit(record: Record) -> accounting.SignedPermit:
    from ..calibration.consent.permit import SignedPermit
    from ..calibration.consent.store import Store

    return SignedPermit(Store(), record, record.context, now=consenting.utc())


def _of_profile(path: Path, store: Store) -> Record:
    """Return the consent that a profile is kept under."""
    profile.load(path)
    asked = consenting.use("calibrate", {}, stored={"profile": path}, synthesis=False)
    record, why = store.covering(asked, now=consenting.utc())
    if record is None:
        why = why or "nobody has agreed to it yet"
        raise ConsentError(f"{path}: {why}: run `{asked.command}`, then seal it")
    return record


def _of_recording(path: Path, store: Store) -> Record:
    """Return the consent that a recording was made under."""
    from ..datasets.store import load

    basis = load(path).about.basis
    if basis.kind != "consent" or not basis.text.isalnum() or not store.path(basis.text).exists():
        raise ConsentError(
            f"{path}: rests on no consent that was given here ({basis.kind}): it cannot be sealed"
        )
    return store.read(basis.text)

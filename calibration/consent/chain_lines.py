"""What stands in the log: one signed JSON object a line, and the head that says where it ends."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from . import utc
from .keys import Kind, PublicKey, WearerKey

LARGEST_LINE_BYTES: Final = 1 << 14
LARGEST_FILE_BYTES: Final = 16 << 20
"""A file that is larger is followed by another of the same month."""

FIRST: Final = "0" * 64
"""What the first line holds for the hash of the one before."""

HEAD: Final = "head.json"

_SIGNATURE: Final = b',"signature":"'
_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
_Word = Annotated[str, msgspec.Meta(max_length=200)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Sent(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What went to one destination since the run began.

    Attributes:
        faces: How many.
        octets: Bytes of it; of a file, its size.
        refused: Faces that were held back, because consent did not hold any more.
    """

    faces: _Count = 0
    octets: _Count = 0
    refused: _Count = 0


class Entry(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What one line says. No number in it is of a face.

    Attributes:
        event: `given`, `withdrawn`; `start`, `going`, `end` of a run; `made`: a file that is kept;
            `begun`: of the log.
        run: Tells runs apart, 16 hexadecimal digits.
        application: The command.
        basis: On what ground: `generated`, `licence`, `reference`, `consent`.
        consent: The record's id, or the words of another basis.
        digest: Of the consent's record.
        model: Digest of the model.
        profile: Digest of the wearer's profile.
        sent: By destination, since the run began.
        shares: Of all channels of all faces since the run began, how many were measured, inferred,
            synthesised, held: 0 to 1.
        path: Of a file.
        kind: Of it.
        octets: Its size.
        mtime_ns: When it was last written, as the file system says.
        note: What is odd.
    """

    event: Literal["begun", "given", "withdrawn", "start", "going", "end", "made"]
    run: _Word = ""
    application: _Word = ""
    basis: _Word = ""
    consent: _Word = ""
    digest: _Word = ""
    model: _Word = ""
    profile: _Word = ""
    sent: Annotated[dict[_Word, Sent], msgspec.Meta(max_length=64)] = {}
    shares: Annotated[dict[_Word, float], msgspec.Meta(max_length=8)] = {}
    path: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    kind: _Word = ""
    octets: _Count = 0
    mtime_ns: int = 0
    note: _Word = ""


class Line(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One line but for its signature.

    Attributes:
        n: Its number in the log, from 0.
        at_utc: When.
        prev: SHA-256 of the line before, its end of line apart.
        torn: Bytes of a torn line that were cut off before this one was appended.
    """

    n: _Count
    at_utc: utc.Utc
    prev: _Hash
    torn: _Count = 0
    entry: Entry


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the log ends, but for the signature.

    Attributes:
        lines: How many.
        last: SHA-256 of the last.
        file: Name of the newest file, empty where there is none yet.
        octets: How much of it.
    """

    lines: _Count
    last: _Hash
    file: Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d\d\.\d{3}\.jsonl)?$", max_length=17)]
    octets: _Count


def files(folder: Path) -> list[Path]:
    """Return a log's files, oldest first."""
    return sorted(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9].[0-9][0-9][0-9].jsonl"))


def digest(written: bytes) -> str:
    """Return the SHA-256 of a line, 64 hexadecimal digits."""
    return hashlib.sha256(written).hexdigest()


def signed(body: bytes, kind: Kind, key: WearerKey) -> bytes:
    """Return a JSON object with its signature as the last member."""
    return body[:-1] + _SIGNATURE + key.sign(kind, body).encode() + b'"}'


def body(written: bytes, kind: Kind, wearer: PublicKey) -> bytes | None:
    """Return the object that was signed; None where it was not, by this wearer, as this kind."""
    whole, signature = _parted(written)
    return whole if whole is not None and wearer.signed(kind, whole, signature) else None


def _parted(written: bytes) -> tuple[bytes | None, str]:
    before, mark, after = written.rpartition(_SIGNATURE)
    if not mark or not after.endswith(b'"}'):
        return None, ""
    return before + b"}", after[:-2].decode("ascii", "replace")


def unchecked(written: bytes) -> Line | None:
    """Return a line whoever signed it: for one that is vouched for by a hash."""
    whole, _ = _parted(written) if len(written) <= LARGEST_LINE_BYTES else (None, "")
    return None if whole is None else _read(whole, Line)


def opened(written: bytes, wearer: PublicKey) -> Line | None:
    """Return a line; None where it is not one that this wearer's key signed."""
    whole = body(written, "audit", wearer) if len(written) <= LARGEST_LINE_BYTES else None
    return None if whole is None else _read(whole, Line)


def read_head(folder: Path, wearer: PublicKey) -> Head | None:
    """Return where a log ends; None where nothing signed says so."""
    try:
        with (folder / HEAD).open("rb") as file:
            whole = body(file.read(LARGEST_LINE_BYTES), "audit-head", wearer)
    except OSError:
        return None
    return None if whole is None else _read(whole, Head)


def _read(whole: bytes, kind: type[_Struct]) -> _Struct | None:
    try:
        return msgspec.json.decode(whole, type=kind)
    except (msgspec.DecodeError, ValueError):  # not JSON, no Unicode, or another version's
        return None

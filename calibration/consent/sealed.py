"""Files that only their wearer can open, and only for a use they agreed to. Opt-in.

A sealed file has a key of its own, kept in it once for each context it was made under, under that
context's key. Withdrawing a consent deletes that key: every copy of the file, wherever it went, then
stays shut. The whole head is authenticated with the content, so that no byte can be changed unseen.

    `SEALED`, 4 bytes length of the head (big-endian), the head (JSON), the content

Source: AES-256-GCM (NIST SP 800-38D), nonces of 96 random bits: each key seals one content.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...headset.errors import ConsentError
from ...headset.files import SEALED, replacing
from .keys import KEY_BYTES, decoded, encoded
from .store import Grant

LARGEST_BYTES: Final = 1 << 30
"""It is sealed in one piece, in memory."""

_NONCE_BYTES: Final = 12
_LARGEST_HEAD_BYTES: Final = 1 << 13
_LENGTH: Final = struct.Struct(">I")


class _Wrap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's key, under a context's."""

    context_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
    nonce: Annotated[str, msgspec.Meta(max_length=16)]
    key: Annotated[str, msgspec.Meta(max_length=64)]


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands before the content."""

    wearer: Annotated[str, msgspec.Meta(max_length=43)]
    nonce: Annotated[str, msgspec.Meta(max_length=16)]
    wraps: Annotated[tuple[_Wrap, ...], msgspec.Meta(min_length=1, max_length=32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """What a sealed file says before it is opened. It proves nothing yet.

    Attributes:
        wearer: Id of the key of who sealed it.
        context_ids: Of the uses it was sealed for.
    """

    wearer: str
    context_ids: frozenset[str]


def told(path: Path, whole: bytes) -> Shut:
    """Return what a sealed form says of itself.

    Args:
        path: Where it came from, for messages.
        whole: The file, or its beginning.

    Raises:
        ConsentError: It is not sealed, or was changed.
    """
    head, _ = _head(path, whole)
    return Shut(wearer=head.wearer, context_ids=frozenset(one.context_id for one in head.wraps))


def seal(path: Path, grants: Sequence[Grant]) -> None:
    """Seal a file in its place, whole or not at all; one that is sealed already is left.

    Args:
        path: Of the file.
        grants: For which uses it may be opened (`Store.grant`).

    Raises:
        ConsentError: It cannot be read or written, or is too large.
    """
    content = read(path)
    if content.startswith(SEALED):
        return
    write_sealed(path, content, grants)


def write_sealed(path: Path, content: bytes, grants: Sequence[Grant]) -> None:
    """Write a file that is sealed from its first byte on.

    Raises:
        ConsentError: It cannot be written, or is for no use.
    """
    whole = sealed(content, grants)
    with replacing(path, ConsentError) as draft:
        draft.write_bytes(whole)


def open_sealed(path: Path, grant: Grant) -> bytes:
    """Return what a sealed file holds.

    Raises:
        ConsentError: It is not for this use, was changed, or cannot be read.
    """
    return unsealed(path, read(path), grant)


def also_for(path: Path, grant: Grant, more: Sequence[Grant]) -> None:
    """Seal a file anew, for further uses.

    Raises:
        ConsentError: As `open_sealed`, or it cannot be written.
    """
    write_sealed(path, open_sealed(path, grant), (grant, *more))


def sealed(content: bytes, grants: Sequence[Grant]) -> bytes:
    """Return a content's sealed form.

    Raises:
        ConsentError: It is for no use, or of several wearers.
    """
    if not grants:
        raise ConsentError("sealing: for no use: give consent first")
    if len({one.wearer for one in grants}) > 1:
        raise ConsentError("sealing: of several wearers: seal a file for each")
    key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
    wraps = tuple(
        _wrapped(key, grant) for grant in {one.context_id: one for one in grants}.values()
    )
    head = msgspec.json.encode(_Head(wearer=grants[0].wearer, nonce=encoded(nonce), wraps=wraps))
    before = SEALED + _LENGTH.pack(len(head)) + head
    return before + AESGCM(key).encrypt(nonce, content, before)


def unsealed(path: Path, whole: bytes, grant: Grant) -> bytes:
    """Return the content of a sealed form.

    Args:
        path: Where it came from, for messages.
        whole: The file.
        grant: The use it is opened for.

    Raises:
        ConsentError: It is not for this use, or was changed.
    """
    head, ends = _head(path, whole)
    before, content = whole[:ends], whole[ends:]
    wrap = next((one for one in head.wraps if one.context_id == grant.context_id), None)
    if wrap is None:
        raise ConsentError(
            f"{path}: is sealed for another use: make it anew under the consent that holds now"
        )
    key = _opened(path, grant.key, wrap.nonce, decoded(wrap.key), grant.context_id.encode())
    return _opened(path, key, head.nonce, content, before)


def _head(path: Path, whole: bytes) -> tuple[_Head, int]:
    """Return the head, and where the content begins."""
    begins = len(SEALED) + _LENGTH.size
    if not whole.startswith(SEALED) or len(whole) < begins:
        raise ConsentError(f"{path}: is not sealed: open it as it is")
    (length,) = _LENGTH.unpack_from(whole, len(SEALED))
    if length > _LARGEST_HEAD_BYTES:
        raise _changed(path)
    try:
        return msgspec.json.decode(whole[begins : begins + length], type=_Head), begins + length
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        raise _changed(path) from cause


def _wrapped(key: bytes, grant: Grant) -> _Wrap:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    shut = AESGCM(grant.key).encrypt(nonce, key, grant.context_id.encode())
    return _Wrap(grant.context_id, encoded(nonce), encoded(shut))


def _opened(path: Path, key: bytes, nonce: str, shut: bytes | None, beside: bytes) -> bytes:
    octets = decoded(nonce)
    if octets is None or len(octets) != _NONCE_BYTES or shut is None:
        raise _changed(path)
    try:
        return AESGCM(key).decrypt(octets, shut, beside)
    except InvalidTag as cause:
        raise _changed(path) from cause


def _changed(path: Path) -> ConsentError:
    return ConsentError(
        f"{path}: was changed since it was sealed, or its consent was withdrawn and given again: "
        "restore it or make it anew"
    )


def read(path: Path) -> bytes:
    """Return a whole file, not above what can be sealed.

    Raises:
        ConsentError: It cannot be read, or is too large.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConsentError(f"{path}: above 1 GiB: leave --encrypt out, or record for less long")
        return path.read_bytes()
    except OSError as cause:
        raise ConsentError(f"{path}: cannot be read ({cause.strerror}): allow it") from cause

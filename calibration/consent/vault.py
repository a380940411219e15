"""Where secrets are kept: in the system's keyring where there is one, else in files of mode 0600.

Which of the two is settled when the first secret is kept, and written down, so that a keyring which
does not answer one day is told of and not taken for an empty one.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal, Protocol

import msgspec

from ...headset.errors import ConsentError
from ...headset.files import replacing
from .keys import KEY_BYTES, decoded, encoded
from .system_keyring import SystemKeyring, present

_ANEW: Final = "move the consent folder away and give consent anew"
_MARKER: Final = "keys.json"
_FOLDER: Final = "keys"
_LARGEST_BYTES: Final = 1 << 12


class Vault(Protocol):
    """Keeps secrets of 32 bytes by name."""

    def find(self, name: str) -> bytes | None:
        """Return a secret, None where there is none of that name."""
        ...

    def keep(self, name: str, secret: bytes) -> None:
        """Keep a secret, in place of one of the same name."""
        ...

    def forget(self, name: str) -> None:
        """Delete a secret, if there is one."""
        ...

    @property
    def words(self) -> str:
        """Where it is, for people."""
        ...


class KeyFiles:
    """Secrets in files that their owner alone can read. A copy of the folder is a copy of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    @property
    def words(self) -> str:
        """Where it is."""
        return str(self._folder)

    def find(self, name: str) -> bytes | None:
        """Return a secret.

        Raises:
            ConsentError: Its file cannot be read, or is no key.
        """
        path = self._folder / f"{name}.key"
        try:
            with path.open("rb") as file:
                octets = decoded(file.read(_LARGEST_BYTES).decode("ascii", "replace").strip())
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise ConsentError(f"{path}: cannot be read ({cause.strerror}): allow it") from cause
        if octets is None or len(octets) != KEY_BYTES:
            raise ConsentError(f"{path}: is damaged: restore it, or {_ANEW}")
        return octets

    def keep(self, name: str, secret: bytes) -> None:
        """Keep a secret.

        Raises:
            ConsentError: The folder cannot be written.
        """
        _private(self._folder)
        with replacing(self._folder / f"{name}.key", ConsentError) as draft:
            draft.write_text(encoded(secret), encoding="ascii")

    def forget(self, name: str) -> None:
        """Delete a secret.

        Raises:
            ConsentError: It is still there.
        """
        path = self._folder / f"{name}.key"
        try:
            path.unlink(missing_ok=True)
        except OSError as cause:
            raise ConsentError(f"{path}: cannot be deleted ({cause.strerror}): do it") from cause


class _Marker(msgspec.Struct, forbid_unknown_fields=True):
    """The file that says which it is."""

    kept_in: Literal["keyring", "files"]
    place: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]


def vault(folder: Path) -> Vault:
    """Return where a folder's secrets are kept, or will be; nothing is written before one is kept.

    Raises:
        ConsentError: They are in a keyring that is not there, or nothing says where they are.
    """
    path = folder / _MARKER
    try:
        with path.open("rb") as file:
            marker = msgspec.json.decode(file.read(_LARGEST_BYTES), type=_Marker)
    except FileNotFoundError:
        return KeyFiles(folder)
    except OSError as cause:
        raise ConsentError(f"{path}: cannot be read ({cause.strerror}): allow it") from cause
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        raise ConsentError(f"{path}: is damaged ({cause}): restore it, or {_ANEW}") from cause
    if marker.kept_in == "files":
        return KeyFiles(folder)
    backend = present()
    if backend is None:
        raise ConsentError(
            "the system's keyring: holds the wearer's key and is not there now: run this where you "
            f"are logged in to the desktop, or {_ANEW}"
        )
    return SystemKeyring(backend, marker.place)


def settled(folder: Path) -> Vault:
    """Return where a folder's secrets are kept; settles it where nothing is kept yet.

    Raises:
        ConsentError: As `vault`, or the folder cannot be written.
    """
    if (folder / _MARKER).exists():
        return vault(folder)
    _private(folder)
    marker = _Marker(kept_in="files", place=secrets.token_hex(8))
    chosen: Vault = KeyFiles(folder)
    with suppress(ConsentError):  # one that is locked, or does not keep what it takes
        backend = present()
        if backend is not None:
            tried, probe = SystemKeyring(backend, marker.place), secrets.token_bytes(KEY_BYTES)
            tried.keep("probe", probe)
            if tried.find("probe") == probe:
                tried.forget("probe")
                chosen, marker.kept_in = tried, "keyring"
    with replacing(folder / _MARKER, ConsentError) as draft:
        draft.write_bytes(msgspec.json.encode(marker))
    return chosen


def _private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            folder.chmod(0o700)
    except OSError as cause:
        raise ConsentError(f"{folder}: cannot be made ({cause.strerror}): allow it") from cause

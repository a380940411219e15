"""The system's keyring. It is never waited for longer than `PATIENCE_S`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, cast

from ...headset.errors import ConsentError
from .keys import KEY_BYTES, decoded, encoded

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PATIENCE_S: Final = 10.0
"""Long enough to type a password where the keyring asks for one; a window that asks may be open on a
desktop that nobody in a headset sees."""

_SYSTEMS: Final = {
    "linux": ("keyring.backends.SecretService", "Keyring"),
    "win32": ("keyring.backends.Windows", "WinVaultKeyring"),
    "darwin": ("keyring.backends.macOS", "Keyring"),
}
"""The keyring that each system brings. Others that may be installed ask in the terminal, or keep
secrets in the clear."""

_T = TypeVar("_T")


class _Writes(Protocol):
    """What the library's own types leave unknown."""

    def set_password(self, service: str, username: str, password: str, /) -> None: ...


class SystemKeyring:
    """Secrets in the system's keyring."""

    def __init__(self, backend: KeyringBackend, place: str) -> None:
        """Use a keyring.

        Args:
            backend: Of the library `keyring`.
            place: Tells several folders' secrets apart.
        """
        self._backend = backend
        self._place = place

    @property
    def words(self) -> str:
        """Where it is."""
        return "the system's keyring"

    def find(self, name: str) -> bytes | None:
        """Return a secret.

        Raises:
            ConsentError: The keyring does not answer, or what it has is no key.
        """
        text = _patiently(lambda: self._backend.get_password("unvisor", self._name(name)))
        if text is None:
            return None
        octets = decoded(text)
        if octets is None or len(octets) != KEY_BYTES:
            raise ConsentError(
                f"the system's keyring: {self._name(name)} is no key: delete it there"
            )
        return octets

    def keep(self, name: str, secret: bytes) -> None:
        """Keep a secret.

        Raises:
            ConsentError: The keyring does not take it.
        """
        text, backend = encoded(secret), cast("_Writes", self._backend)
        _patiently(lambda: backend.set_password("unvisor", self._name(name), text))

    def forget(self, name: str) -> None:
        """Delete a secret.

        Raises:
            ConsentError: The keyring does not answer.
        """
        if self.find(name) is not None:
            _patiently(lambda: self._backend.delete_password("unvisor", self._name(name)))

    def _name(self, name: str) -> str:
        return f"{self._place}/{name}"


def present(patience_s: float = PATIENCE_S) -> KeyringBackend | None:
    """Return this system's keyring, or the one that PYTHON_KEYRING_BACKEND names; None without one.

    Raises:
        ConsentError: It does not say whether it is there.
    """
    return _patiently(_system, patience_s)


def _system() -> KeyringBackend | None:
    """Return this system's keyring; None where there is none."""
    try:
        from importlib import import_module

        from keyring.core import load_env

        named = load_env()  # PYTHON_KEYRING_BACKEND
        if named is not None:
            return named
        module, name = _SYSTEMS.get(sys.platform, ("keyring.backends.fail", "Keyring"))
        kind: type[KeyringBackend] = getattr(import_module(module), name)
        return kind() if kind.viable and kind.priority >= 1 else None
    except (ImportError, RuntimeError):
        return None


def _patiently(ask: Callable[[], _T], patience_s: float = PATIENCE_S) -> _T:
    """Return what a keyring says.

    Raises:
        ConsentError: It fails, or does not say anything for too long.
    """
    answers: SimpleQueue[_T | ConsentError] = SimpleQueue()

    def asking() -> None:
        try:
            answers.put(_told(ask))
        except ConsentError as error:
            answers.put(error)

    Thread(target=asking, name="keyring", daemon=True).start()
    try:
        answer = answers.get(timeout=patience_s)
    except Empty:
        raise ConsentError(
            "the system's keyring: does not answer: unlock it on the desktop, then run this again"
        ) from None
    if isinstance(answer, ConsentError):
        raise answer
    return answer


def _told(ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except Exception as cause:  # each system's library raises its own
        raise ConsentError(
            f"the system's keyring: {cause or type(cause).__name__}: unlock it, then run this again"
        ) from cause

"""The wearer's key: Ed25519 signatures as detached JSON Web Signatures, and keys derived from it.

A signature is for one kind of text: the kind is part of what is signed, so that one made for a line
of the audit can never stand under a consent.

Source: RFC 8032 (Ed25519), RFC 7515 with appendix F (JWS, detached), RFC 8037 (EdDSA in JOSE), RFC 7638
(the key's id), RFC 5869 (HKDF).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Kind = Literal["consent", "audit", "audit-head", "receipt"]
"""What is signed."""

KEY_BYTES: Final = 32
"""Of an Ed25519 seed, of its public key, and of every key that is derived."""

_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True)
class PublicKey:
    """Tells whether a signature is the wearer's."""

    octets: bytes

    @cached_property
    def x(self) -> str:
        """As in a JSON Web Key."""
        return encoded(self.octets)

    @cached_property
    def kid(self) -> str:
        """The key's id: its thumbprint, which anybody can work out again."""
        members = f'{{"crv":"Ed25519","kty":"OKP","x":"{self.x}"}}'
        return encoded(hashlib.sha256(members.encode()).digest())

    def protected(self, kind: Kind) -> str:
        """Return the protected header of every signature of a kind."""
        return _protected(self.kid, kind)

    def signed(self, kind: Kind, payload: bytes, signature: str) -> bool:
        """Whether a signature of this kind, base64url, is the wearer's under these bytes."""
        octets = decoded(signature)
        if octets is None or len(octets) != _SIGNATURE_BYTES:
            return False
        try:
            self._key.verify(octets, _input(self.protected(kind), payload))
        except InvalidSignature:
            return False
        return True

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.octets)


@dataclass(frozen=True)
class WearerKey:
    """Signs for the wearer. Its secret is in no text that it gives of itself.

    Attributes:
        seed: 32 bytes, secret.
    """

    seed: bytes = field(repr=False)

    @cached_property
    def public(self) -> PublicKey:
        """Its public half."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, kind: Kind, payload: bytes) -> str:
        """Return a signature, base64url."""
        return encoded(self._key.sign(_input(self.public.protected(kind), payload)))

    def derived(self, secret: bytes, purpose: bytes) -> bytes:
        """Return a key of 32 bytes from this one and another secret, for one purpose."""
        kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=secret, info=purpose)
        return kdf.derive(self.seed)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def encoded(octets: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(text: str) -> bytes | None:
    """Return the bytes of a base64url text; None where it is not the one text for them."""
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        return None
    return octets if encoded(octets) == text else None


@lru_cache(maxsize=32)
def _protected(kid: str, kind: Kind) -> str:
    header = {"alg": "EdDSA", "kid": kid, "typ": f"unvisor-{kind}"}
    return encoded(json.dumps(header, separators=(",", ":")).encode())


def _input(protected: str, payload: bytes) -> bytes:
    return f"{protected}.{encoded(payload)}".encode()

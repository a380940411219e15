from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from unvisor.calibration.consent.keys import WearerKey, decoded, encoded

RFC_8037_D = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC_8037_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
RFC_8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def key(text: str = RFC_8037_D) -> WearerKey:
    return WearerKey(decoded(text) or b"")


def test_public_key_and_id_are_those_of_the_standard() -> None:
    assert key().public.x == RFC_8037_X
    assert key().public.kid == RFC_8037_THUMBPRINT


def test_a_signature_is_a_jws_that_others_can_check() -> None:
    payload, wearer = b'{"a":1}', key().public
    signature, protected = key().sign("consent", payload), wearer.protected("consent")
    pad = "=" * (-len(protected) % 4)
    assert json.loads(base64.urlsafe_b64decode(protected + pad)) == {
        "alg": "EdDSA", "kid": RFC_8037_THUMBPRINT, "typ": "unvisor-consent",
    }  # fmt: skip
    theirs = Ed25519PublicKey.from_public_bytes(wearer.octets)
    message = f"{protected}.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}".encode()
    theirs.verify(base64.urlsafe_b64decode(signature + "=="), message)
    with pytest.raises(InvalidSignature):
        theirs.verify(base64.urlsafe_b64decode(signature + "=="), message + b"x")
    assert wearer.signed("consent", payload, signature)


def test_a_signature_is_of_one_text_one_kind_and_one_key() -> None:
    signature = key().sign("consent", b"x")
    assert not key().public.signed("consent", b"y", signature)
    assert not key().public.signed("audit", b"x", signature)
    assert not key(encoded(bytes(32))).public.signed("consent", b"x", signature)
    for other in (
        "",
        signature[:-1],
        signature + "A",
        signature + "=",
        "é" * 86,
        signature[:-1] + "\n",
    ):
        assert not key().public.signed("consent", b"x", other)


def test_bytes_have_one_text() -> None:
    assert decoded(encoded(b"\xff\xfe\xfd")) == b"\xff\xfe\xfd"
    # 64 bytes leave four bits of the last character free: only one setting of them is taken.
    text = encoded(bytes(64))
    assert [last for last in "ABCDEFGHIJKLMNOP" if decoded(text[:-1] + last) is not None] == ["A"]


def test_a_secret_is_in_no_text() -> None:
    assert repr(key()) == "WearerKey()"
    assert key().derived(b"a", b"x") != key().derived(b"b", b"x") != key().derived(b"b", b"y")

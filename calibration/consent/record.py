"""The record of a consent: JSON that people can read, signed by its wearer.

Its sections (header, processing, parties, events) are shaped after ISO/IEC TS 27560:2023. The signature
is over the whole of the rest in one canonical form; a file that is not, to the byte, what this program
wrote is refused, so that nothing in it can mean one thing to a reader and another to the program.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec

from ...headset.errors import ConsentError
from . import utc
from .context import Context
from .keys import PublicKey, WearerKey, encoded

LARGEST_BYTES: Final = 1 << 15
"""Of a file; a record is some 2 kB."""

VERSION: Final = 1
State = Literal["given", "withdrawn", "expired"]

_Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
_Key = Annotated[str, msgspec.Meta(max_length=43)]
_Text = Annotated[str, msgspec.Meta(max_length=2000)]
_AHEAD: Final = timedelta(days=1)
"""How far a clock that was changed since may lag: a time zone that was set wrong is no more."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file is, and whose."""

    format: Literal["unvisor-consent"]
    version: Literal[1]
    schema: Literal["after ISO/IEC TS 27560:2023"]
    record_id: _Id


class Processing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was agreed to.

    Attributes:
        context: The use.
        context_id: Of it.
        notice: The sentence its wearer agreed to.
        special_category: Of personal data.
        commitment: SHA-256 of the context's secret, which withdrawal deletes: an older copy of this
            file does not bring the consent back.
        expires_utc: When it ends.
    """

    context: Context
    context_id: _Id
    notice: _Text
    special_category: Literal["biometric: face, gaze and voice"]
    commitment: _Key
    expires_utc: utc.Utc


class Principal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The wearer, by their key."""

    kid: _Key
    public_key: _Key


class Parties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is in it."""

    principal: Principal
    controller: Literal["the wearer, on their own machine"]
    recipients: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=32)]


class Happening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event: consent was given or withdrawn."""

    state: Literal["given", "withdrawn"]
    at_utc: utc.Utc
    how: Annotated[str, msgspec.Meta(max_length=100)]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One consent, as in its file."""

    header: Header
    processing: Processing
    parties: Parties
    events: Annotated[tuple[Happening, ...], msgspec.Meta(min_length=1, max_length=2)]
    signature: Annotated[str, msgspec.Meta(max_length=300)]

    @property
    def id(self) -> str:
        """Of this consent."""
        return self.header.record_id

    @property
    def context(self) -> Context:
        """What it is to."""
        return self.processing.context

    @property
    def withdrawn(self) -> bool:
        """Whether it was withdrawn."""
        return self.events[-1].state == "withdrawn"

    @property
    def expires(self) -> datetime:
        """When it ends."""
        return utc.instant(self.processing.expires_utc)

    @property
    def digest(self) -> str:
        """SHA-256 of what is signed, 64 hexadecimal digits."""
        return hashlib.sha256(payload(self)).hexdigest()

    def state(self, now: datetime) -> State:
        """Return what it is at a time."""
        if self.withdrawn:
            return "withdrawn"
        return "expired" if now >= self.expires else "given"


def given(
    context: Context, key: WearerKey, secret: bytes, *, record_id: str, now: datetime, how: str
) -> Record:
    """Return a new record, signed.

    Args:
        context: What is agreed to.
        key: Of who agrees.
        secret: The context's.
        record_id: 32 hexadecimal digits, never used before.
        now: The time.
        how: By what act: "one key in the terminal".
    """
    unsigned = Record(
        header=Header("unvisor-consent", VERSION, "after ISO/IEC TS 27560:2023", record_id),
        processing=Processing(
            context=context,
            context_id=context.id,
            notice=context.sentence,
            special_category="biometric: face, gaze and voice",
            commitment=committed(secret),
            expires_utc=utc.text(now + timedelta(days=context.days)),
        ),
        parties=Parties(
            Principal(key.public.kid, key.public.x),
            "the wearer, on their own machine",
            context.audience,
        ),
        events=(Happening("given", utc.text(now), how),),
        signature="",
    )
    return _signed(unsigned, key)


def withdrawn(record: Record, key: WearerKey, *, now: datetime, how: str) -> Record:
    """Return a record with its withdrawal added, signed anew."""
    events = (record.events[0], Happening("withdrawn", utc.text(now), how))
    return _signed(msgspec.structs.replace(record, events=events), key)


def written(record: Record) -> bytes:
    """Return the file of a record."""
    text = json.dumps(msgspec.to_builtins(record), indent=2, ensure_ascii=False)
    return f"{text}\n".encode()


def payload(record: Record) -> bytes:
    """Return what is signed: all but the signature, keys in order, nothing between.

    Source: RFC 8785 (its form of texts, whole numbers, lists and objects; there is nothing else).
    """
    whole: dict[str, Any] = msgspec.to_builtins(record)
    del whole["signature"]
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def read(content: bytes, wearer: PublicKey, *, now: datetime | None = None) -> Record:
    """Return the record in a file's bytes, where it is whole and this wearer's.

    Args:
        content: The whole file.
        wearer: Whose it must be.
        now: The time; None where that does not matter.

    Raises:
        ConsentError: Why it is refused, without the file's name or a remedy.
    """
    if len(content) > LARGEST_BYTES:
        raise ConsentError("too large for a consent")
    try:
        record = msgspec.json.decode(content, type=Record)
        same = written(record) == content
        began = utc.instant(record.events[0].at_utc)
        ended = utc.instant(record.processing.expires_utc)
    except (msgspec.DecodeError, ValueError) as cause:  # ValueError: no such day, no Unicode
        raise ConsentError(f"not a consent ({cause})") from cause
    principal = record.parties.principal
    if (principal.kid, principal.public_key) != (wearer.kid, wearer.x):
        raise ConsentError("of another wearer's key")
    protected, dots, signature = record.signature.partition("..")
    true = protected == wearer.protected("consent") and dots and same
    if not (true and wearer.signed("consent", payload(record), signature)):
        raise ConsentError("changed since it was signed")
    if now is not None and began > now + _AHEAD:
        raise ConsentError(f"given on {record.events[0].at_utc[:10]}, which is still to come here")
    if ended <= began or record.context.id != record.processing.context_id:
        raise ConsentError("contradicts itself")  # another version's, signed all the same
    return record


def receipt(record: Record, key: WearerKey, *, now: datetime) -> dict[str, object]:
    """Return a copy for others, which anyone's JOSE library can check by itself.

    The record stands in it twice: to be read, and as the payload of a JWS (RFC 7515, 7.2.2). Who signed
    is "this installation": nobody vouches for whose key it is.
    """
    stated: dict[str, object] = {
        "record": {k: v for k, v in msgspec.to_builtins(record).items() if k != "signature"},
        "state": record.state(now),
        "exported_utc": utc.text(now),
    }
    body = json.dumps(stated, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return stated | {
        "signed_by": "this installation's wearer key",
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": key.public.x, "kid": key.public.kid},
        "jws": {
            "protected": key.public.protected("receipt"),
            "payload": encoded(body),
            "signature": key.sign("receipt", body),
        },
    }


def committed(secret: bytes) -> str:
    """Return what stands for a secret in a record."""
    return encoded(hashlib.sha256(b"unvisor context secret" + secret).digest())


def _signed(record: Record, key: WearerKey) -> Record:
    signature = f"{key.public.protected('consent')}..{key.sign('consent', payload(record))}"
    return msgspec.structs.replace(record, signature=signature)

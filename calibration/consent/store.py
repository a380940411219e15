"""The folder of one person's consents on this machine: records, the keys to them, and the log.

`records/ID.json` is one a consent, `audit/` what was done under them (`chain`), `keys.json` and `keys/`
say and hold where secrets are (`vault`). All of it is readable by its owner alone.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import platformdirs

from ...headset.errors import ConsentError
from ...headset.files import replacing
from . import record as records
from .chain import Chain, alone
from .chain_check import Checked, check
from .chain_lines import HEAD, Entry, Line
from .context import Context
from .keys import KEY_BYTES, PublicKey, WearerKey
from .record import Record
from .vault import Vault, settled, vault

_WEARER: Final = "wearer"
_AUDIT: Final = "audit"
_ASIDE: Final = "audit-"
_MOST: Final = 1000
"""Records that are looked at."""


def consent_folder() -> Path:
    """Return where consents belong on this system; it need not exist."""
    return platformdirs.user_data_path("unvisor", appauthor=False) / "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A record's file: the record, or why it is refused."""

    path: Path
    record: Record | None
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A context that was consented to, and the key of what is sealed for it.

    Attributes:
        context_id: Of the context.
        wearer: Id of the wearer's key.
        key: 32 bytes, from the wearer's key and the context's secret.
    """

    context_id: str
    wearer: str
    key: bytes = field(repr=False)


class Store:
    """Consents in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use a folder, this person's own where none is given; nothing is written yet."""
        self.folder = consent_folder() if folder is None else folder

    @property
    def audit_folder(self) -> Path:
        """Where the log is."""
        return self.folder / "audit"

    def path(self, record_id: str) -> Path:
        """Return where a record belongs."""
        return self.folder / "records" / f"{record_id}.json"

    def key(self) -> WearerKey | None:
        """Return the wearer's key, None where there is none yet.

        Raises:
            ConsentError: It cannot be read.
        """
        seed = vault(self.folder).find(_WEARER)
        return None if seed is None else WearerKey(seed)

    def give(self, context: Context, *, now: datetime, how: str) -> Record:
        """Keep a consent that was just given.

        Args:
            context: To what.
            now: The time.
            how: By what act of the wearer.

        Raises:
            ConsentError: It cannot be kept.
        """
        with alone(self.folder):  # or two programs would each make a first key
            held = settled(self.folder)
            key = self.key() or _new_key(held)
            secret = held.find(_name(context.id))
            if secret is None:
                secret = secrets.token_bytes(KEY_BYTES)
                held.keep(_name(context.id), secret)
            record = records.given(
                context, key, secret, record_id=secrets.token_hex(16), now=now, how=how
            )
            self._chain(now).append(_entry("given", record), now)
            self._write(record)
        return record

    def read(self, record_id: str, *, now: datetime | None = None) -> Record:
        """Return a record that is whole and this wearer's, whatever its state.

        Raises:
            ConsentError: It is not, with the remedy.
        """
        kept = self._look(self.path(record_id), self.key(), vault(self.folder), now)
        if kept.record is None:
            raise ConsentError(f"{kept.path}: {kept.fault}: restore it or give consent anew")
        return kept.record

    def all(self, *, now: datetime | None = None) -> list[Kept]:
        """Return every record there is, oldest first; those that are refused say why.

        Raises:
            ConsentError: The keys cannot be read.
        """
        key, held = self.key(), vault(self.folder)
        paths = sorted((self.folder / "records").glob("*.json"))[:_MOST]
        kept = [self._look(path, key, held, now) for path in paths]
        return sorted(kept, key=lambda one: one.record.events[0].at_utc if one.record else "")

    def covering(self, context: Context, *, now: datetime) -> tuple[Record | None, str]:
        """Return the consent that covers a use, and where there is none, why.

        Of several the one that holds longest. The reason is empty where nothing was ever agreed to.

        Raises:
            ConsentError: The keys cannot be read.
        """
        found: list[Record] = []
        far: list[str] = []
        near: list[str] = []
        for kept in self.all(now=now):
            record = kept.record
            if record is None:
                near.append(f"{kept.path.name}: {kept.fault}")
            elif beyond := record.context.beyond(context):
                far.append(f"consent {record.id[:8]}: {beyond}")
            elif (state := record.state(now)) != "given":
                near.append(f"consent {record.id[:8]}: {_ended(record, state)}")
            else:
                found.append(record)
        if found:
            return max(found, key=lambda one: one.expires), ""
        return None, next(reversed((*far, *near)), "")

    def withdraw(self, record: Record, *, now: datetime, how: str) -> list[Record]:
        """Withdraw a consent, and every other to the very same use.

        What was sealed for that use cannot be opened any more, wherever it is. A log that was
        tampered with, and takes no line more, keeps nobody from it.

        Returns:
            All that ended.

        Raises:
            ConsentError: It cannot be written.
        """
        key = self.key()
        if key is None:
            raise ConsentError(f"{self.folder}: the wearer's key is gone: nothing can be withdrawn")
        same = [
            one.record
            for one in self.all()
            if one.record and one.record.context.id == record.context.id
        ]
        # First the secret: without it every record is void, whatever happens to the rest of this.
        vault(self.folder).forget(_name(record.context.id))
        ended = [records.withdrawn(one, key, now=now, how=how) for one in same if not one.withdrawn]
        for one in ended:
            self._write(one)
            with suppress(ConsentError):
                self.chain(now).append(_entry("withdrawn", one), now)
        return ended

    def grant(self, context: Context, *, now: datetime) -> Grant:
        """Return the key of what is sealed for a use.

        Raises:
            ConsentError: Nobody consented to it, or not any more.
        """
        record, reason = self.covering(context, now=now)
        if record is None:
            raise ConsentError(
                f"consent: {reason or 'nobody has agreed to this use'}: run {context.command}"
            )
        return self.granted(record)

    def granted(self, record: Record) -> Grant:
        """Return the key of what is sealed for the use that a consent is to.

        Raises:
            ConsentError: It was deleted by a withdrawal.
        """
        use, key = record.context, self.key()
        secret = vault(self.folder).find(_name(use.id))
        if key is None or secret is None:
            raise ConsentError(f"consent {record.id[:8]}: was withdrawn: run {use.command}")
        derived = key.derived(secret, b"unvisor sealed 1 " + use.id.encode())
        return Grant(context_id=use.id, wearer=key.public.kid, key=derived)

    def chain(self, now: datetime) -> Chain:
        """Return the log, begun.

        Raises:
            ConsentError: It cannot be begun.
        """
        with alone(self.folder):
            return self._chain(now)

    def _chain(self, now: datetime) -> Chain:
        held = settled(self.folder)
        chain = Chain(self.audit_folder, self.key() or _new_key(held))
        if held.find(_AUDIT) is None:
            if not (self.audit_folder / HEAD).exists():
                chain.begin(now)
            held.keep(_AUDIT, secrets.token_bytes(KEY_BYTES))
        return chain

    def check(self) -> Checked:
        """Return what the log holds, and what is wrong with it.

        Raises:
            ConsentError: It or the keys cannot be read.
        """
        held, key = vault(self.folder), self.key()
        wearer = PublicKey(bytes(KEY_BYTES)) if key is None else key.public
        begun = held.find(_AUDIT) is not None
        if not self.audit_folder.is_dir():
            return check(self.audit_folder, wearer, begun=begun)
        with alone(self.audit_folder):  # or a run that goes on would write between two looks
            return check(self.audit_folder, wearer, begun=begun)

    def told(self) -> tuple[Line, ...]:
        """Return every line that the wearer signed, of the logs that were set aside as well.

        Raises:
            ConsentError: A log or the keys cannot be read.
        """
        key = self.key()
        if key is None:
            return ()
        asides = sorted(self.folder.glob(f"{_ASIDE}*"))
        before = [line for one in asides for line in check(one, key.public, begun=True).lines]
        return (*before, *self.check().lines)

    def renew(self, now: datetime) -> Path | None:
        """Set the log aside and begin another; returns where the old one went, if there was one.

        Raises:
            ConsentError: It cannot be moved.
        """
        aside = None
        if self.audit_folder.exists():
            aside = self.folder / f"{_ASIDE}{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
            try:
                self.audit_folder.rename(aside)
            except OSError as cause:
                raise ConsentError(
                    f"{self.audit_folder}: cannot be moved ({cause.strerror}): end what uses it"
                ) from cause
        settled(self.folder).forget(_AUDIT)
        self.chain(now)
        return aside

    def _write(self, record: Record) -> None:
        path = self.path(record.id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(path, ConsentError) as draft:
            draft.write_bytes(records.written(record))

    def _look(self, path: Path, key: WearerKey | None, held: Vault, now: datetime | None) -> Kept:
        try:
            if key is None:
                raise ConsentError("the wearer's key is gone")
            with path.open("rb") as file:
                content = file.read(records.LARGEST_BYTES + 1)
            record = records.read(content, key.public, now=now)
            if self.path(record.id).name != path.name:
                raise ConsentError("a copy of another record")
            secret = None if record.withdrawn else held.find(_name(record.context.id))
            if not record.withdrawn and (
                secret is None or records.committed(secret) != record.processing.commitment
            ):
                raise ConsentError("its key was deleted when it was withdrawn")
        except OSError as cause:
            return Kept(path=path, record=None, fault=f"cannot be read ({cause.strerror})")
        except ConsentError as error:
            return Kept(path=path, record=None, fault=str(error))
        return Kept(path=path, record=record, fault="")


def _new_key(held: Vault) -> WearerKey:
    seed = secrets.token_bytes(KEY_BYTES)
    held.keep(_WEARER, seed)
    return WearerKey(seed)


def _name(context_id: str) -> str:
    return f"context-{context_id}"


def _ended(record: Record, state: str) -> str:
    if state == "withdrawn":
        return f"was withdrawn on {record.events[-1].at_utc[:10]}"
    return f"ended on {record.processing.expires_utc[:10]}"


def _entry(event: Literal["given", "withdrawn"], record: Record) -> Entry:
    return Entry(event=event, basis="consent", consent=record.id, digest=record.digest)

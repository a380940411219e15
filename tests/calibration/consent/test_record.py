from __future__ import annotations

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from unvisor.calibration.consent import record as records
from unvisor.calibration.consent.context import Context, context
from unvisor.calibration.consent.keys import WearerKey, decoded
from unvisor.calibration.consent.store import Store
from unvisor.headset.errors import ConsentError

from .conftest import NOW
from .mutations import count, mutations

posix = pytest.mark.skipif(os.name != "posix", reason="elsewhere: modes are POSIX's")


def test_a_record_says_who_what_where_and_until_when(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    told = json.loads(store.path(record.id).read_text("utf-8"))
    assert set(told) == {"header", "processing", "parties", "events", "signature"}
    assert told["processing"]["notice"] == evening.sentence
    assert told["processing"]["expires_utc"] == "2027-11-25T20:00:00Z"
    assert told["parties"]["recipients"] == ["live-link-face", "vrchat"]
    assert told["events"] == [{"state": "given", "at_utc": "2026-11-25T20:00:00Z", "how": "--yes"}]
    assert store.read(record.id) == record
    assert [record.state(NOW + timedelta(days=days)) for days in (364, 365)] == ["given", "expired"]


@posix
def test_it_is_its_owners_alone(store: Store, evening: Context) -> None:
    store.give(evening, now=NOW, how="--yes")
    for path in store.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_no_change_to_a_record_is_taken(store: Store, evening: Context, tmp_path: Path) -> None:
    """7000 of the 10 000; the rest is the log's and the sealed files'."""
    record = store.give(evening, now=NOW, how="--yes")
    more = store.give(context("run", audience=["vmc"]), now=NOW, how="--yes")
    other = Store(tmp_path / "other").give(evening, now=NOW, how="--yes")
    key = store.key()
    assert key is not None
    content = records.written(record)
    others = [records.written(more), records.written(other), records.written(record)]
    refused: set[str] = set()
    for changed in mutations(content, others, 1, count(7000)):
        with pytest.raises(ConsentError) as error:
            records.read(changed, key.public)
        refused.add(str(error.value).partition("(")[0])
    assert {"changed since it was signed", "of another wearer's key"} <= refused
    assert records.read(content, key.public) == record


def test_what_another_key_signed_is_refused(store: Store, evening: Context) -> None:
    theirs = WearerKey(bytes(32))
    forged = records.given(evening, theirs, bytes(32), record_id="0" * 32, now=NOW, how="--yes")
    record = store.give(evening, now=NOW, how="--yes")
    store.path(forged.id).write_bytes(records.written(forged))
    with pytest.raises(ConsentError, match="of another wearer's key"):
        store.read(forged.id)
    assert [one.fault for one in store.all()] == ["of another wearer's key", ""]
    assert store.covering(evening, now=NOW)[0] == record


def test_a_receipt_can_be_checked_without_us(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    key = store.key()
    assert key is not None
    told = json.loads(json.dumps(records.receipt(record, key, now=NOW)))
    jws = told["jws"]
    wearer = Ed25519PublicKey.from_public_bytes(decoded(told["jwk"]["x"]) or b"")
    wearer.verify(decoded(jws["signature"]) or b"", f"{jws['protected']}.{jws['payload']}".encode())
    stated = json.loads(decoded(jws["payload"]) or b"")
    assert stated == {name: told[name] for name in ("record", "state", "exported_utc")}


@pytest.mark.parametrize(
    "nonsense", [b"", b"{}", b"[" * 30_000, b"x" * (1 << 20), b"\xff", b"null"]
)
def test_nonsense_is_bounded_and_told(nonsense: bytes) -> None:
    with pytest.raises(ConsentError):
        records.read(nonsense, WearerKey(bytes(32)).public)

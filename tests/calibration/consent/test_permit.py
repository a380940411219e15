from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from unvisor.calibration.consent.context import Context, context
from unvisor.calibration.consent.permit import SignedPermit
from unvisor.calibration.consent.record import written
from unvisor.calibration.consent.store import Store
from unvisor.headset.errors import ConsentError
from unvisor.headset.permit import Permit

from .conftest import NOW


def permit(store: Store, asked: Context, look_s: float = 0.0) -> SignedPermit:
    record = store.give(asked, now=NOW, how="--yes")
    return SignedPermit(store, record, asked, now=NOW, look_s=look_s)


def test_it_permits_the_use_and_nothing_else(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    less = context("run", audience=["vrchat"])
    ours: Permit = SignedPermit(store, record, less, now=NOW)
    assert ours.basis.kind == "consent"
    assert ours.basis.text == record.id
    assert ours.refusal("vrchat") is None
    for other in ("live-link-face", "recording", "vrchat@192.0.2.7", ""):
        assert f"{other}: is not part of what was agreed to" in (ours.refusal(other) or "")
    with pytest.raises(
        ConsentError, match=r"sending to vmc: run unvisor consent give --for run --to vmc"
    ):
        SignedPermit(store, record, context("run", audience=["vmc"]), now=NOW)


def test_a_withdrawal_is_heeded_while_it_runs(store: Store, evening: Context) -> None:
    ours = permit(store, evening)
    assert ours.refusal("vrchat") is None
    store.withdraw(ours.record, now=NOW, how="test")
    refusal = ours.refusal("vrchat") or ""
    assert "was withdrawn" in refusal
    assert evening.command in refusal


def test_expiry_cuts_no_session_but_lets_none_begin(store: Store) -> None:
    asked = context("run", audience=["vrchat"], days=1)
    record = store.give(asked, now=NOW, how="--yes")
    ours = SignedPermit(store, record, asked, now=NOW + timedelta(hours=23))
    assert ours.refusal("vrchat") is None
    with pytest.raises(ConsentError, match="expired"):
        SignedPermit(store, record, asked, now=NOW + timedelta(hours=24))
    assert ours.refusal("vrchat") is None


@pytest.mark.parametrize(("days", "said"), [(8, ""), (7, "7 days"), (2, "2 days"), (1, "24 hours")])
def test_it_warns_a_week_ahead(store: Store, days: int, said: str) -> None:
    ours = permit(store, context("run", audience=["vrchat"], days=days))
    assert said in ours.warning
    assert bool(said) == ("renew it with unvisor consent give" in ours.warning)


Change = Callable[[bytes], bytes | None]


def nothing_left(content: bytes) -> bytes | None:
    return None


def another_host(content: bytes) -> bytes | None:
    return content.replace(b'"vrchat"', b'"evil.example"')


def half(content: bytes) -> bytes | None:
    return content[:100]


@pytest.mark.parametrize("change", [nothing_left, another_host, half])
def test_a_record_that_changes_or_goes_lets_nothing_out_until_it_is_back(
    store: Store, evening: Context, change: Change
) -> None:
    ours = permit(store, evening)
    path = store.path(ours.record.id)
    changed = change(path.read_bytes())
    if changed is None:
        path.unlink()
    else:
        path.write_bytes(changed)
    assert ours.refusal("vrchat")
    assert ours.refusal("vrchat"), "still"
    path.write_bytes(written(ours.record))
    assert ours.refusal("vrchat") is None


def test_a_fault_of_the_moment_ends_with_it(store: Store, evening: Context) -> None:
    ours = permit(store, evening)
    key = store.folder / "keys" / "wearer.key"
    away = key.rename(key.with_suffix(".away"))
    path = store.path(ours.record.id)
    path.write_bytes(path.read_bytes())  # looked at anew
    assert "the wearer's key is gone" in (ours.refusal("vrchat") or "")
    away.rename(key)
    assert ours.refusal("vrchat") is None


def test_between_two_looks_no_file_is_touched(store: Store, evening: Context) -> None:
    ours = permit(store, evening, look_s=3600.0)
    assert ours.refusal("vrchat") is None
    store.path(ours.record.id).unlink()
    assert ours.refusal("vrchat") is None, "it was not looked at"

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from unvisor.calibration.consent.context import Context, context
from unvisor.calibration.consent.store import Store
from unvisor.headset.errors import ConsentError

from .conftest import NOW


def test_a_use_is_covered_by_what_was_agreed_to(store: Store, evening: Context) -> None:
    assert store.covering(evening, now=NOW) == (None, "")
    record = store.give(evening, now=NOW, how="--yes")
    assert store.covering(evening, now=NOW) == (record, "")
    assert store.covering(context("run", audience=["vrchat"]), now=NOW)[0] == record
    none, reason = store.covering(context("run", audience=["vmc"]), now=NOW)
    assert none is None
    assert "does not hold sending to vmc" in reason


def test_two_programs_may_give_the_first_consents_at_once(store: Store) -> None:
    uses = [context("run", audience=[f"output{n}"]) for n in range(8)]

    def give(use: Context) -> None:
        Store(store.folder).give(use, now=NOW, how="--yes")

    with ThreadPoolExecutor(len(uses)) as programs:
        list(programs.map(give, uses))
    assert all(store.covering(use, now=NOW)[0] for use in uses)
    assert not store.check().faults


def test_it_ends_and_is_renewed(store: Store, evening: Context) -> None:
    store.give(evening, now=NOW, how="--yes")
    later = NOW + timedelta(days=366)
    none, reason = store.covering(evening, now=later)
    assert none is None
    assert "ended on 2027-11-25" in reason
    again = store.give(evening, now=later, how="--yes")
    assert store.covering(evening, now=later)[0] == again


def test_a_clock_set_back_does_not_help(store: Store, evening: Context) -> None:
    store.give(evening, now=NOW, how="--yes")
    assert "still to come" in store.covering(evening, now=NOW - timedelta(days=2))[1]


def test_a_withdrawal_ends_every_consent_to_the_same_use(store: Store, evening: Context) -> None:
    first = store.give(evening, now=NOW, how="--yes")
    second = store.give(evening, now=NOW, how="--yes")
    ended = store.withdraw(first, now=NOW, how="test")
    assert {one.id for one in ended} == {first.id, second.id}
    assert store.read(second.id).state(NOW) == "withdrawn"
    none, reason = store.covering(evening, now=NOW)
    assert none is None
    assert "was withdrawn on 2026-11-25" in reason
    assert not store.check().faults


def test_a_copy_from_before_its_withdrawal_is_void(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    before = store.path(record.id).read_bytes()
    store.withdraw(record, now=NOW, how="test")
    store.path(record.id).write_bytes(before)
    assert "its key was deleted when it was withdrawn" in store.covering(evening, now=NOW)[1]
    # Not even where the same is agreed to again: that has a key of its own.
    again = store.give(evening, now=NOW, how="--yes")
    assert [one.record for one in store.all() if one.record] == [again]


def test_a_copy_under_another_name_is_refused(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    shutil.copy(store.path(record.id), store.path("0" * 32))
    with pytest.raises(ConsentError, match="a copy of another record"):
        store.read("0" * 32)


def test_without_the_key_nothing_is_permitted(store: Store, evening: Context) -> None:
    store.give(evening, now=NOW, how="--yes")
    (store.folder / "keys" / "wearer.key").unlink()
    none, reason = store.covering(evening, now=NOW)
    assert none is None
    assert "the wearer's key is gone" in reason


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff" * 43, b"A" * 42 + b"B", b"A" * 5000])
def test_a_damaged_key_is_told(store: Store, evening: Context, damage: bytes) -> None:
    store.give(evening, now=NOW, how="--yes")
    (store.folder / "keys" / "wearer.key").write_bytes(damage)
    with pytest.raises(ConsentError, match=r"wearer\.key: is damaged: restore it"):
        store.covering(evening, now=NOW)


def test_with_a_tampered_log_a_consent_can_be_withdrawn_and_not_given(
    store: Store, evening: Context
) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    (store.audit_folder / "2026-11.001.jsonl").unlink()
    with pytest.raises(ConsentError, match="--renew"):
        store.give(evening, now=NOW, how="--yes")
    assert store.withdraw(record, now=NOW, how="test")
    assert store.covering(evening, now=NOW)[0] is None
    assert store.check().faults
    assert store.renew(NOW) is not None
    assert not store.check().faults
    assert store.give(evening, now=NOW, how="--yes")

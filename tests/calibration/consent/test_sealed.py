from __future__ import annotations

from pathlib import Path

import pytest

from unvisor.calibration.consent.context import Context, context
from unvisor.calibration.consent.sealed import (
    also_for,
    open_sealed,
    seal,
    sealed,
    told,
    unsealed,
)
from unvisor.calibration.consent.store import Store
from unvisor.headset.errors import ConsentError
from unvisor.headset.files import is_sealed

from .conftest import NOW
from .mutations import count, mutations

CONTENT = b'{"format": "unvisor-profile", "rest": 0.123}'


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "me.json"
    path.write_bytes(CONTENT)
    return path


def test_it_opens_for_its_use_and_no_other(store: Store, evening: Context, profile: Path) -> None:
    other = context("run", audience=["vmc"])
    for one in (evening, other):
        store.give(one, now=NOW, how="--yes")
    ours, theirs = (store.grant(one, now=NOW) for one in (evening, other))
    seal(profile, [ours])
    assert is_sealed(profile)
    assert b"0.123" not in profile.read_bytes()
    assert open_sealed(profile, ours) == CONTENT
    with pytest.raises(ConsentError, match="is sealed for another use"):
        open_sealed(profile, theirs)
    also_for(profile, ours, [theirs])
    assert open_sealed(profile, ours) == open_sealed(profile, theirs) == CONTENT


def test_it_says_whose_it_is_before_it_is_opened(
    store: Store, evening: Context, profile: Path, tmp_path: Path
) -> None:
    store.give(evening, now=NOW, how="--yes")
    grant = store.grant(evening, now=NOW)
    seal(profile, [grant])
    key = store.key()
    assert key is not None
    shut = told(profile, profile.read_bytes())
    assert (shut.wearer, shut.context_ids) == (key.public.kid, {evening.id})
    other = Store(tmp_path / "another")
    other.give(evening, now=NOW, how="--yes")
    theirs = other.grant(evening, now=NOW)
    with pytest.raises(ConsentError, match="was changed since"):
        open_sealed(profile, theirs)
    with pytest.raises(ConsentError, match="of several wearers"):
        sealed(CONTENT, [grant, theirs])
    with pytest.raises(ConsentError, match="is not sealed"):
        told(profile, CONTENT)


def test_sealing_twice_changes_nothing(store: Store, evening: Context, profile: Path) -> None:
    store.give(evening, now=NOW, how="--yes")
    grant = store.grant(evening, now=NOW)
    seal(profile, [grant])
    once = profile.read_bytes()
    seal(profile, [grant])
    assert profile.read_bytes() == once


def test_after_a_withdrawal_no_copy_opens(store: Store, evening: Context, profile: Path) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    seal(profile, [store.grant(evening, now=NOW)])
    store.withdraw(record, now=NOW, how="test")
    with pytest.raises(ConsentError, match="was withdrawn"):
        store.grant(evening, now=NOW)
    store.give(evening, now=NOW, how="--yes")
    with pytest.raises(ConsentError, match="withdrawn and given again"):
        open_sealed(profile, store.grant(evening, now=NOW))


def test_renewing_a_consent_keeps_what_was_sealed(
    store: Store, evening: Context, profile: Path
) -> None:
    store.give(evening, now=NOW, how="--yes")
    seal(profile, [store.grant(evening, now=NOW)])
    store.give(evening, now=NOW, how="--yes")
    assert open_sealed(profile, store.grant(evening, now=NOW)) == CONTENT


def test_nothing_is_sealed_without_consent(store: Store, evening: Context) -> None:
    with pytest.raises(ConsentError, match="run unvisor consent give --for run"):
        store.grant(evening, now=NOW)
    with pytest.raises(ConsentError, match="for no use"):
        sealed(CONTENT, [])


def test_no_change_to_a_sealed_file_is_taken(store: Store, evening: Context) -> None:
    """2000 of the 10 000."""
    other = context("run", audience=["vmc"])
    for one in (evening, other):
        store.give(one, now=NOW, how="--yes")
    ours, theirs = (store.grant(one, now=NOW) for one in (evening, other))
    whole = sealed(CONTENT, [theirs, ours])
    others = [sealed(CONTENT, [ours]), sealed(b"{}", [theirs, ours])]
    for changed in mutations(whole, others, 2, count(2000)):
        if changed in others:  # whole files of the wearer's own
            continue
        with pytest.raises(ConsentError):
            unsealed(Path("me.json"), changed, ours)
    assert unsealed(Path("me.json"), whole, ours) == CONTENT


def test_what_is_not_sealed_is_told(tmp_path: Path, store: Store, evening: Context) -> None:
    store.give(evening, now=NOW, how="--yes")
    with pytest.raises(ConsentError, match=r"none\.json: cannot be read"):
        open_sealed(tmp_path / "none.json", store.grant(evening, now=NOW))
    assert not is_sealed(tmp_path / "none.json")

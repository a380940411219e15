"""`unvisor consent`, and the question on a real terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Literal

import pytest

from unvisor.calibration.consent.context import context
from unvisor.calibration.consent.permit import SignedPermit
from unvisor.calibration.consent.store import Store
from unvisor.headset.errors import ConsentError
from unvisor.headset.outputs.live_link_face import PLUG as LIVE_LINK_FACE
from unvisor.headset.permit import Basis
from unvisor.tools import accounting, consenting
from unvisor.tools.main import main

EVENING = context("run", audience=["vrchat"], retention=["recording"])


@pytest.fixture(autouse=True)
def folder(own_folders: Path) -> Path:
    """Where a test's consents are."""
    return Store().folder


def consent(*words: str) -> int:
    return main(["consent", *words])


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, object]:
    capsys.readouterr()
    assert consent(*words, "--json") == code
    return json.loads(capsys.readouterr().out)


def test_from_giving_to_withdrawing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = told(
        capsys, "give", "--for", "run", "--to", "vrchat", "--to", "live-link-face", "--store",
        "recording", "--expires-days", "30", "--yes",
    )  # fmt: skip
    assert given["state"] == "given"
    assert given["audience"] == ["live-link-face", "vrchat"]
    (shown,) = told(capsys, "show")["consents"]  # type: ignore[misc]  # pyright: ignore
    assert shown == given
    assert told(capsys, "verify")["whole"] is True
    out = tmp_path / "receipt.json"
    told(capsys, "export", str(given["id"])[:6], "--out", str(out))
    assert json.loads(out.read_text("utf-8"))["state"] == "given"
    assert told(capsys, "withdraw", str(given["id"])[:6], "--yes")["withdrawn"] == [given["id"]]
    audit = told(capsys, "audit")
    assert (audit["whole"], audit["lines"]) == (True, 3)
    assert told(capsys, "withdraw", "--yes") == {"withdrawn": []}


def test_for_people_it_says_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert consent("show") == 0
    assert "nothing was agreed to" in capsys.readouterr().out
    assert consent("give", "--for", "calibrate", "--store", "profile", "--yes") == 0
    assert "For learning your face, `unvisor calibrate` senses" in capsys.readouterr().out
    for words in ("show", "verify", "audit"):
        assert consent(words) == 0
    out = capsys.readouterr().out
    assert "given until" in out
    assert "this installation's wearer key" in out
    assert out.endswith("whole\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["give", "--for", "run", "--to", "vrchat"],
            "press y at the question, or run unvisor consent",
        ),
        (["give", "--for", "run"], "nothing is sent or stored: name --to or --store"),
        (["give", "--for", "run", "--to", "a b", "--yes"], "correct it"),
        (
            ["give", "--for", "run", "--to", "vrcaht@192.0.2.7", "--yes"],
            "--to vrcaht: no such output: known are live-link-face, vrchat",
        ),
        (["withdraw", "abc", "--yes"], "no such consent: there are none"),
        (["export", "abc", "--out", "x.json"], "no such consent"),
    ],
)
def test_refusals(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert consent(*words) == 1
    assert said in capsys.readouterr().err


def test_a_changed_record_and_a_cut_log_are_told(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    given = told(capsys, "give", "--for", "run", "--to", "vrchat", "--yes")
    path = Path(str(given["path"]))
    path.write_bytes(path.read_bytes().replace(b'"vrchat"', b'"evil.example"'))
    log = next((folder / "audit").glob("*.jsonl"))
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    verified = told(capsys, "verify", code=1)
    assert verified["whole"] is False
    assert "changed since it was signed" in json.dumps(verified)
    assert "cut" in json.dumps(told(capsys, "audit", code=1)["faults"])
    assert told(capsys, "audit", "--renew")["whole"] is True


def test_a_withdrawal_reaches_logs_that_were_set_aside_and_can_be_done_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    permit = consenting.permit_for(EVENING, yes=True, terminal=False)
    assert isinstance(permit, SignedPermit)
    takes = [tmp_path / name for name in ("one.h5", "two.h5")]
    for take in takes:
        take.write_bytes(b"a face")
        accounting.audit(permit).keep_file(take, "recording")
        told(capsys, "audit", "--renew")
    (record,) = [one.record for one in Store().all() if one.record]
    Store().withdraw(record, now=consenting.utc(), how="one that was interrupted here")
    assert told(capsys, "withdraw", "--yes") == {"withdrawn": []}
    consenting.permit_for(EVENING, yes=True, terminal=False)  # what holds now stays so
    after = told(capsys, "withdraw", record.id[:8], "--yes")
    assert after["withdrawn"] == [record.id]
    assert not any(take.exists() for take in takes)
    assert len(after["deleted"]) == len(takes)  # type: ignore[arg-type]  # pyright: ignore
    assert consenting.permit_for(EVENING, yes=False, terminal=False).refusal("vrchat") is None


def test_a_use_that_was_agreed_to_is_permitted_and_another_refused_by_its_command() -> None:
    with pytest.raises(ConsentError) as refused:
        consenting.permit_for(EVENING, yes=False, terminal=False)
    assert str(refused.value) == (
        "vrchat, recording: nobody has agreed to it yet: run `unvisor consent give --for run --to "
        'vrchat --store recording`, or add --consent-reference "form, version, date"'
    )
    permit = consenting.permit_for(EVENING, yes=True, terminal=False)
    assert permit.refusal("vrchat") is None
    assert permit.refusal("recording") is None
    again = consenting.permit_for(EVENING, yes=False, terminal=False)
    assert again.basis == permit.basis
    assert again.basis.kind == "consent"


@pytest.mark.parametrize(
    "basis",
    [
        Basis(kind="generated", text="demo"),
        Basis(kind="licence", text="CC-BY-4.0"),
        Basis(kind="reference", text="form 2, 2026-05-01"),
        Basis(kind="consent", text="a" * 32),
        Basis(kind="consent", text="../../etc/passwd"),
    ],
)
def test_what_has_a_basis_of_its_own_needs_no_record(basis: Basis, folder: Path) -> None:
    permit = consenting.permit_for(EVENING, yes=False, terminal=False, basis=basis)
    assert permit.basis == basis
    assert permit.refusal("vrchat") is None
    assert not folder.exists(), "nothing was written for it"


@pytest.mark.parametrize("kind", ["reference", "licence"])
def test_a_wearers_consent_is_not_for_a_recording_of_nobody_knows_whom(
    kind: Literal["reference", "licence"],
) -> None:
    assert consenting.permit_for(EVENING, yes=True, terminal=False)
    unstated = Basis(kind=kind, text="not stated")
    permit = consenting.permit_for(EVENING, yes=True, terminal=False, basis=unstated)
    assert permit.refusal("vrchat") is not None


@pytest.mark.parametrize("text", ["a" * 300, "\udcff" * 32, "０" * 32])
def test_a_recording_may_name_what_is_no_record(text: str, folder: Path) -> None:
    consenting.permit_for(EVENING, yes=True, terminal=False)
    basis = Basis(kind="consent", text=text)
    assert consenting.permit_for(EVENING, yes=False, terminal=False, basis=basis).basis == basis


def test_what_stays_in_the_headset_is_not_asked_about(folder: Path) -> None:
    alone = context("run")
    permit = consenting.permit_for(alone, yes=False, terminal=False)
    assert "consent give" in (permit.refusal("vrchat") or "")
    assert not folder.exists()


def test_what_was_recorded_under_a_withdrawn_consent_is_not_used() -> None:
    permit = consenting.permit_for(EVENING, yes=True, terminal=False)
    store = Store()
    (record,) = [one.record for one in store.all() if one.record]
    assert consenting.permit_for(EVENING, yes=False, terminal=False, basis=permit.basis)
    store.withdraw(record, now=consenting.utc(), how="test")
    with pytest.raises(ConsentError, match="what was recorded under it cannot be used"):
        consenting.permit_for(EVENING, yes=False, terminal=False, basis=permit.basis)


def test_another_machine_is_another_destination() -> None:
    here, there = (LIVE_LINK_FACE.settings(host=host) for host in ("127.0.0.1", "192.0.2.7"))
    asked = consenting.use("run", {"live-link-face": there}, stored={"film": None, "bundle": "x"})
    assert asked.audience == ("live-link-face@192.0.2.7",)
    assert asked.retention == ("bundle",)
    assert consenting.destination("live-link-face", here) == "live-link-face"


def test_no_two_hosts_have_one_name() -> None:
    hosts = ("münchen.example", "mänchen.example", "fe80::1%eth0", "fe80::1_eth0")
    outputs = [LIVE_LINK_FACE.settings(host=host) for host in hosts]
    named = {consenting.destination("x", given) for given in outputs}
    assert {"x@xn--mnchen-3ya.example", "x@fe80::1%eth0"} < named
    assert len(context("run", audience=sorted(named)).audience) == len(hosts)
    for nonsense, shown in (("a b", "a%20b"), ("a\x1b[2Jb", "a%1B[2Jb"), ("ü..", "%C3%BC..")):
        given = LIVE_LINK_FACE.settings(host=nonsense)
        asked = consenting.use("run", {"live-link-face": given}, stored={})
        assert asked.audience == (f"live-link-face@{shown}",)
    given = LIVE_LINK_FACE.settings(host="x" * 300)
    with pytest.raises(ConsentError):
        consenting.use("run", {"live-link-face": given}, stored={})


ASKING = """
    from unvisor.calibration.consent.context import context
    from unvisor.headset.errors import ConsentError
    from unvisor.tools import consenting
    asked = context("run", audience=["vrchat"], retention=["recording"])
    try:
        permit = consenting.permit_for(asked, yes=False, terminal=True)
        print("permitted", permit.refusal("vrchat"), flush=True)
    except ConsentError as error:
        print(error, flush=True)
"""


def on_a_terminal(key: bytes, before: bytes = b"") -> str:
    """Return all that a terminal shows where this key is pressed at the question.

    Args:
        key: Pressed once it is asked.
        before: Pressed before.
    """
    if sys.platform == "win32":
        pytest.skip("elsewhere: terminals of POSIX")
    assert sys.platform != "win32"  # for the type checker, which has none of it there
    import pty

    terminal, its_side = pty.openpty()
    opens = f"import os; os.dup2(os.open({os.ttyname(its_side)!r}, os.O_RDWR), 0)\n"
    child = subprocess.Popen(
        [sys.executable, "-c", opens + textwrap.dedent(ASKING)],
        stdin=subprocess.DEVNULL, stdout=its_side, stderr=its_side, start_new_session=True,
    )  # fmt: skip
    os.write(terminal, before)
    os.close(its_side)
    shown, pressed, deadline_s = b"", False, time.monotonic() + 60
    while time.monotonic() < deadline_s:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # the other side has gone
            break
        shown += more
        if not pressed and shown.endswith(b"Agree? [y/n] "):
            os.write(terminal, b"x" + key)
            pressed = True
    os.close(terminal)
    assert child.wait(30) == 0
    return shown.decode().replace("\r\n", "\n")


def test_one_sentence_and_one_key(folder: Path) -> None:
    shown = on_a_terminal(b"y")
    sentence = EVENING.sentence
    assert shown == f"{sentence} Agree? [y/n] yes\npermitted None\n"
    (record,) = [one.record for one in Store(folder).all() if one.record]
    assert record.events[0].how == "one key in the terminal"


def test_a_no_is_a_no(folder: Path) -> None:
    shown = on_a_terminal(b"\x1bOy" + b"n", before=b"y")
    assert (
        " Agree? [y/n] no\nvrchat, recording: the answer was no: run `unvisor consent give" in shown
    )
    assert not list(folder.rglob("*.json"))

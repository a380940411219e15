"""What was agreed to, and what was done under it.

unvisor consent give --for run --to vrchat --store recording --expires-days 365
unvisor consent show
unvisor consent withdraw ID
unvisor consent verify
unvisor consent audit
unvisor consent export ID --out consent.json
unvisor consent open X.h5 --out plain.h5
unvisor consent seal plain.h5
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from ..calibration.consent.context import DAYS, SENSED, Application, Channel, Stored, context
from ..headset.errors import ConsentError
from ..headset.files import replacing
from ..headset.plug import SINK_PLUGS
from . import consenting, sealing
from .terminal import ready

if TYPE_CHECKING:
    from ..calibration.consent.record import Record
    from ..calibration.consent.store import Kept, Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done, each with its options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, words: str) -> Callable[..., argparse.Action]:
        sub = actions.add_parser(name, help=words, description=f"{words}.")
        sub.add_argument("--json", action="store_true", help="print the result as JSON")
        sub.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
        return sub.add_argument

    add = action("give", "agree to one use of your face")
    add(
        "--for", dest="application", choices=get_args(Application), required=True,
        help="the command that may use it",
    )  # fmt: skip
    add(
        "--to", action="append", default=[], metavar="NAME[@HOST]",
        help="where it may be sent, again for each; a HOST is another machine; known are "
        f"{', '.join(SINK_PLUGS.names())}",
    )  # fmt: skip
    add(
        "--store", action="append", default=[], choices=get_args(Stored),
        help="what may be stored on this machine, again for each",
    )  # fmt: skip
    add(
        "--sense", action="append", default=[], choices=get_args(Channel),
        help=f"what may be sensed, again for each ({', '.join(SENSED)})",
    )  # fmt: skip
    add("--purpose", default="", metavar="TEXT", help="what for, in a few words")
    add("--no-synthesis", action="store_true", help="nothing may be made up")
    add(
        "--expires-days",
        type=int,
        default=DAYS,
        metavar="N",
        help="how long it holds (%(default)s)",
    )
    add("--yes", action="store_true", help="agree without being asked again, in a script")

    action("show", "what was agreed to, and whether it holds")
    add = action("withdraw", "end a consent, and delete what was made under it")
    add("id", nargs="?", metavar="ID", help="its first digits; all of them where none is named")
    add("--yes", action="store_true", help="without being asked again")
    action("verify", "whether every record is whole, and who signed it")
    add = action("audit", "what was done, and whether the log of it is whole")
    add(
        "--renew", action="store_true",
        help="set a log that was tampered with aside, and begin another",
    )  # fmt: skip
    add = action("export", "a copy of a record that anyone can check")
    add("id", metavar="ID", help="its first digits")
    add("--out", type=Path, required=True, metavar="X.json", help="where to")
    add = action("open", "a plain copy of a recording or a profile that is sealed")
    add("file", type=Path, metavar="FILE", help="what `--encrypt` made")
    add(
        "--out",
        type=Path,
        required=True,
        metavar="PLAIN",
        help="where to; a withdrawal deletes it too",
    )
    add = action("seal", "seal a recording, or a profile with its former ones, in its place")
    add("file", type=Path, metavar="FILE", help="made under a consent of yours")


def run(options: argparse.Namespace) -> int:
    """Do it."""
    from ..calibration.consent.store import Store

    return _ACTIONS[options.action](Store(), options)


def _give(store: Store, options: argparse.Namespace) -> int:
    asked = context(
        options.application,
        audience=options.to,
        retention=options.store,
        channels=options.sense or SENSED,
        purpose=options.purpose,
        synthesis=not options.no_synthesis,
        days=options.expires_days,
    )
    outputs = {one.partition("@")[0] for one in asked.audience}
    if unknown := sorted(outputs - set(SINK_PLUGS.names())):
        raise ConsentError(
            f"--to {unknown[0]}: no such output: known are {', '.join(SINK_PLUGS.names())}"
        )
    if not asked.leaves:
        raise ConsentError("consent: nothing is sent or stored: name --to or --store")
    if options.yes:
        record = store.give(asked, now=consenting.utc(), how=consenting.WORD)
    else:
        record = consenting.ask(asked, store=store)
    if record is None:
        raise ConsentError(
            f"consent: not given: press y at the question, or run {asked.command} --yes"
        )
    _tell(options, _row(store, record), f"{asked.sentence}\nconsent {record.id} is given")
    return 0


def _show(store: Store, options: argparse.Namespace) -> int:
    kept = store.all(now=consenting.utc())
    rows = [_kept_row(store, one) for one in kept]
    lines = [_words(one) for one in kept]
    keys = f"keys are in {_place(store)}; records in {store.folder / 'records'}"
    text = "\n".join([*lines, keys]) if kept else "nothing was agreed to on this machine"
    _tell(options, {"consents": rows, "folder": str(store.folder)}, text)
    return 0


def _withdraw(store: Store, options: argparse.Namespace) -> int:
    from ..calibration.consent.kept import delete_made

    known = [one.record for one in store.all() if one.record]
    chosen = known if options.id is None else [_named(known, options.id)]
    uses = {one.context.id for one in chosen if not one.withdrawn}
    records = [one for one in known if one.context.id in uses and not one.withdrawn]
    if options.id is not None and not records:
        records = chosen  # it was withdrawn before: what it left is deleted now
    if not records:
        _tell(options, {"withdrawn": []}, "nothing is agreed to that could be withdrawn")
        return 0
    names = ", ".join(one.id[:8] for one in records)
    question = f"Withdraw {names} and delete the recordings and profiles made under it?"
    if not options.yes and not consenting.confirmed(question):
        raise ConsentError("consent: not withdrawn: press y at the question, or add --yes")
    deleted: list[str] = []
    left: list[str] = []
    for record in records:
        if not record.withdrawn:
            store.withdraw(record, now=consenting.utc(), how="unvisor consent withdraw")
    lines = store.told()
    for record in records:
        after = delete_made(record.id, lines)
        deleted += map(str, after.deleted)
        left += [one for one in after.left if one not in left]
    if store.check().faults:
        left.append(
            "what a log that was tampered with may have told of: see `unvisor consent audit`"
        )
    text = [f"withdrawn: {names}. What was sealed under it cannot be opened any more."]
    text += [f"deleted {path}" for path in deleted]
    text += [f"left: {one}" for one in left]
    facts = {"withdrawn": [one.id for one in records], "deleted": deleted, "left": left}
    _tell(options, facts, "\n".join(text))
    return 0


def _verify(store: Store, options: argparse.Namespace) -> int:
    kept = store.all(now=consenting.utc())
    key = store.key()
    rows = [_kept_row(store, one) for one in kept]
    whole = all(one.record is not None for one in kept)
    who = "no key yet" if key is None else f"this installation's wearer key {key.public.kid}"
    lines = [f"{one.path.name}: {one.fault or 'whole, signed by the key'}" for one in kept]
    _tell(options, {"whole": whole, "kid": key and key.public.kid, "consents": rows},
          "\n".join([who, *lines]))  # fmt: skip
    return 0 if whole else 1


def _audit(store: Store, options: argparse.Namespace) -> int:
    from ..calibration.consent.kept import sent_under

    if options.renew:
        aside = store.renew(consenting.utc())
        print(f"a new log begins{f'; the old one is {aside}' if aside else ''}", file=sys.stderr)
    checked = store.check()
    ids = {line.entry.consent: None for line in checked.lines if line.entry.run}
    sent = {name: sent_under(name, checked.lines) for name in ids}
    facts = {
        "whole": not checked.faults, "lines": checked.count, "files": checked.files,
        "faults": checked.faults, "notes": checked.notes, "sent": sent,
    }  # fmt: skip
    lines = [f"{checked.count} lines in {checked.files} files in {store.audit_folder}"]
    for name, counts in sent.items():
        to = (
            ", ".join(f"{faces} faces to {where}" for where, faces in counts.items())
            or "nothing sent"
        )
        lines.append(f"under {name or 'no stated basis'}: {to}")
    lines += [f"note: {one}" for one in checked.notes]
    lines += [f"NOT AS IT WAS WRITTEN: {one}" for one in checked.faults]
    lines.append("not whole: `--renew` sets it aside" if checked.faults else "whole")
    _tell(options, facts, "\n".join(lines))
    return 1 if checked.faults else 0


def _export(store: Store, options: argparse.Namespace) -> int:
    from ..calibration.consent.record import receipt

    ready(options.out, ConsentError)
    record = _named([one.record for one in store.all() if one.record], options.id)
    key = store.key()
    assert key is not None  # there is a record that it signed
    facts = receipt(record, key, now=consenting.utc())
    with replacing(options.out, ConsentError) as draft:
        draft.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _tell(options, {"out": str(options.out), "id": record.id}, f"wrote {options.out}")
    return 0


def _open(store: Store, options: argparse.Namespace) -> int:  # noqa: ARG001  # as the others
    ready(options.out, ConsentError, inputs=[options.file])
    kind = sealing.open_copy(options.file, options.out)
    _tell(options, {"out": str(options.out), "kind": kind},
          f"wrote {options.out}, a plain {kind}: whatever reads such files can read it")  # fmt: skip
    return 0


def _seal(store: Store, options: argparse.Namespace) -> int:  # noqa: ARG001  # as the others
    kind = sealing.seal_file(options.file)
    _tell(options, {"out": str(options.file), "kind": kind}, f"{options.file}: {kind}, sealed")
    return 0


_ACTIONS: Final[dict[str, Callable[[Store, argparse.Namespace], int]]] = {
    "give": _give, "show": _show, "withdraw": _withdraw, "verify": _verify, "audit": _audit,
    "export": _export, "open": _open, "seal": _seal,
}  # fmt: skip


def _named(records: list[Record], digits: str) -> Record:
    found = [one for one in records if digits and one.id.startswith(digits)]
    if len(found) != 1:
        known = ", ".join(one.id[:8] for one in records) or "none"
        what = "more than one" if found else "no such consent"
        raise ConsentError(f"consent {digits}: {what}: there are {known}")
    return found[0]


def _row(store: Store, record: Record) -> dict[str, object]:
    asked, processing = record.context, record.processing
    return {
        "id": record.id, "state": record.state(consenting.utc()), "application": asked.application,
        "audience": asked.audience, "retention": asked.retention, "channels": asked.channels,
        "purpose": asked.purpose, "synthesis": asked.synthesis, "notice": processing.notice,
        "given_utc": record.events[0].at_utc, "expires_utc": processing.expires_utc,
        "path": str(store.path(record.id)),
    }  # fmt: skip


def _kept_row(store: Store, kept: Kept) -> dict[str, object]:
    if kept.record is None:
        return {"path": str(kept.path), "state": "refused", "fault": kept.fault}
    return _row(store, kept.record)


def _words(kept: Kept) -> str:
    record = kept.record
    if record is None:
        return f"{kept.path.name}: REFUSED: {kept.fault}: delete it, or restore it"
    state = record.state(consenting.utc())
    until = f"until {record.processing.expires_utc[:10]}" if state == "given" else ""
    return f"{record.id[:8]} {state} {until}\n  {record.processing.notice}"


def _place(store: Store) -> str:
    from ..calibration.consent.vault import vault

    return vault(store.folder).words


def _tell(options: argparse.Namespace, facts: object, text: str) -> None:
    print(json.dumps(facts, indent=2, ensure_ascii=False) if options.json else text)

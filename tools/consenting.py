"""Asks a wearer once for each use of their face, and gives the permit that rests on the answer."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ..calibration.consent import Stated
from ..calibration.consent.context import SENSED, Application, Context, context
from ..headset.errors import ConsentError
from ..headset.outputs.udp import LOOPBACK, UdpTarget
from ..headset.permit import Basis, Permit, stated
from ..headset.plug import Settings
from . import keys

if TYPE_CHECKING:
    from ..calibration.consent.record import Record
    from ..calibration.consent.store import Store

KEY: Final = "one key in the terminal"
WORD: Final = "--yes"

_RECORD_ID: Final = re.compile(r"[0-9a-f]{32}")


def utc() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def destination(name: str, settings: Settings) -> str:
    """Return what consent to an output is asked for: its name, and the host where that is another.

    No two hosts that there may be have one name: one beyond ASCII is named as the network names it.
    """
    if not isinstance(settings, UdpTarget) or settings.host in LOOPBACK:
        return name
    host = settings.host
    if not host.isascii():
        with suppress(UnicodeError):  # it is no host's name: the output will say so
            host = host.encode("idna").decode("ascii")
    # A scope's % stays as it is, and what is in no host's name is made readable.
    return f"{name}@{quote(host, safe=':[]%', errors='backslashreplace')}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how a command may be told of consent without being asked."""
    parser.add_argument(
        WORD,
        action="store_true",
        help="agree to what would be asked, once for each use: for scripts",
    )
    parser.add_argument(
        "--consent-reference", default="", metavar="TEXT",
        help="a consent form that is kept elsewhere, as laboratories do: its name, version and date",
    )  # fmt: skip


def reference(text: str) -> Basis | None:
    """Return the basis that `--consent-reference` states, None where it states none."""
    return Basis(kind="reference", text=text) if stated(text) else None


def use(
    application: Application,
    outputs: Mapping[str, Settings],
    *,
    stored: Mapping[str, object],
    synthesis: bool = True,
    channels: tuple[str, ...] = SENSED,
) -> Context:
    """Return what a command is about to do.

    Args:
        application: The command.
        outputs: That it sends to.
        stored: `recording`, `film`, `bundle`, `profile` -> where to; None where not.
        synthesis: Whether it makes up what no sensor sees.
        channels: What it senses.

    Raises:
        ConsentError: An output or its host has a name that cannot be one.
    """
    return context(
        application,
        audience=[destination(name, settings) for name, settings in outputs.items()],
        retention=[kind for kind, path in stored.items() if path is not None],
        channels=channels,
        synthesis=synthesis,
    )


def permit_for(
    asked: Context,
    *,
    yes: bool,
    terminal: bool,
    basis: Basis | None = None,
    store: Store | None = None,
) -> Permit:
    """Return the permit for a use; asks where nobody has agreed yet and somebody can be asked.

    Args:
        asked: The use.
        yes: Agree without a question: a script's `--yes`.
        terminal: Whether somebody is at the terminal.
        basis: What the face rests on, where it is not the wearer's live: a recording's, stated or
            not, the demo's, or a form that was named. None for a live face of which nothing is
            stated: its wearer alone can be asked.
        store: Where consents are; this person's own where none is given.

    Raises:
        ConsentError: Nobody agreed; says why, and which command does it.
    """
    if basis is not None:
        return _stated(basis, store)
    if not asked.leaves:  # what stays in the headset of whoever wears it needs nobody's consent
        return Stated(basis=Basis(kind="reference", text=""))
    from ..calibration.consent.permit import SignedPermit
    from ..calibration.consent.store import Store

    store, now = store or Store(), utc()
    record, reason = store.covering(asked, now=now)
    if record is None and yes:
        record = store.give(asked, now=now, how=WORD)
    elif record is None and terminal:
        record = ask(asked, store=store)
        reason = "the answer was no"
    if record is None:
        why = reason or "nobody has agreed to it yet"
        raise ConsentError(
            f"{', '.join((*asked.audience, *asked.retention))}: {why}: run `{asked.command}`, or add "
            '--consent-reference "form, version, date"'
        )
    return SignedPermit(store, record, asked, now=now)


def ask(asked: Context, *, store: Store) -> Record | None:
    """Ask for consent on the terminal: one sentence, one key.

    Returns:
        What was agreed to; None where the answer was no, or no key can be heard.

    Raises:
        ConsentError: It was agreed to, and cannot be kept.
    """
    if not _answered(f"{asked.sentence} Agree? [y/n] "):
        return None
    return store.give(asked, now=utc(), how=KEY)


def _answered(question: str) -> bool:
    answered, agreed = Event(), Event()

    def agree() -> None:
        agreed.set()
        answered.set()

    no = dict.fromkeys(("n", "q", ""), answered.set)
    with keys.listening({"y": agree, **no}, afresh=True) as heard:
        if not heard:
            return False
        print(question, end="", file=sys.stderr, flush=True)
        while not answered.wait(0.2):  # in parts, so that Windows hears Ctrl-C
            pass
    print("yes" if agreed.is_set() else "no", file=sys.stderr, flush=True)
    return agreed.is_set()


def confirmed(question: str) -> bool:
    """Ask something else for a y or an n; no where no key can be heard."""
    return _answered(f"{question} [y/n] ")


def _stated(basis: Basis, store: Store | None) -> Permit:
    """Return the permit of a recording's own basis, unless its consent is known here and has ended."""
    if basis.kind == "consent" and stated(basis.text):
        from ..calibration.consent.store import Store

        store = store or Store()
        known = _RECORD_ID.fullmatch(basis.text) and store.path(basis.text).exists()
        if known and store.read(basis.text).withdrawn:
            raise ConsentError(
                f"consent {basis.text[:8]}: was withdrawn: what was recorded under it cannot be used"
            )
    return Stated(basis=basis)

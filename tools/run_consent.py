"""What a run may do with the face it senses: asked before anything opens, heeded while it runs, logged.

Where a signed record is what it rests on, outputs stand behind gates, a log of what went out is kept,
and an end of consent is told by every way there is. Words (a licence, a form) do not end, and need
neither.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from ..calibration.consent import require
from ..calibration.consent.context import Channel
from ..headset.frame import Health, Sink
from ..headset.permit import Basis, Permit, stated
from ..headset.plug import Settings
from ..headset.prompts.prompt import Prompt, Signal
from ..headset.prompts.ways import Ways
from . import accounting, consenting, sealing
from .calibrate_ways import notices
from .logbook import LOG
from .terminal import CONSOLE

if TYPE_CHECKING:
    from ..calibration.consent.audit import Audit
    from ..calibration.consent.gate import Gated
    from ..calibration.consent.permit import SignedPermit
    from ..calibration.consent.store import Grant
    from ..headset.room import Room

_LOOK_S: Final = 0.25


class Consented:
    """The ground of one run.

    Attributes:
        room: The headset process, once it is there: it knows where films went.
        audit: The log, once it is kept.
        sealed: The key of what is to be sealed, once it is agreed to; None where nothing is.
    """

    def __init__(self, options: argparse.Namespace, outputs: Mapping[str, Settings]) -> None:
        """Prepare.

        Args:
            options: Of the run.
            outputs: That it sends to.
        """
        self.room: Room | None = None
        self.audit: Audit | None = None
        self.sealed: Grant | None = None
        self._options, self._outputs = options, outputs
        self._stored: dict[str, Path | None] = {
            "recording": options.record, "film": options.film, "bundle": options.bundle,
        }  # fmt: skip
        self._signed: SignedPermit | None = None
        self._gates: dict[str, Gated] = {}

    def agreed(self, basis: Basis | None, channels: Sequence[Channel]) -> Permit:
        """Return the permit for all that the run is to do; asks where that is needed and possible.

        Args:
            basis: Of what is played; None for a live face.
            channels: What is sensed.

        Raises:
            ConsentError: Nobody agreed; says which command does it.
        """
        options = self._options
        asked = consenting.use(
            "run",
            self._outputs,
            stored=self._stored,
            synthesis=options.life == "on",
            channels=tuple(channels),
        )
        if basis is None or (basis.kind == "reference" and not stated(basis.text)):
            basis = consenting.reference(options.consent_reference) or basis
        permit = consenting.permit_for(
            asked, yes=options.yes, terminal=sys.stdin.isatty(), basis=basis
        )
        for destination in (*asked.audience, *asked.retention):
            require(permit, destination)
        if options.encrypt:
            self.sealed = sealing.grant(permit)
        self._signed = accounting.signed(permit)
        if self._signed is not None and self._signed.warning:
            tell(self._signed.warning)
        return permit

    def gate(self, name: str, sink: Sink) -> Sink:
        """Return an output behind the permit, where that can end.

        Args:
            name: Of an output; `film` for the headset process that makes one.
            sink: It, not yet open.
        """
        if self._signed is None:
            return sink
        from ..calibration.consent.gate import Gated

        given = self._outputs.get(name)
        destination = name if given is None else consenting.destination(name, given)
        gate = Gated(destination, sink, self._signed)
        if given is not None:  # a film is a file, and goes to nobody
            self._gates[destination] = gate
        return gate

    def keep_log(self, model: Path | None, profile: Path | None) -> tuple[Sink, ...]:
        """Return the log as the last of a run's sinks; nothing where no record has to be accounted for.

        Args:
            model: Its file.
            profile: The wearer's.
        """
        if self._signed is None:
            return ()
        made = {path: kind for kind, path in self._stored.items() if path is not None}
        self.audit = accounting.audit(
            self._signed, outputs=self._gates, made=made, model=model, profile=profile
        )
        return (self.audit,)

    def learnt(self, profile: Path) -> None:
        """Have the log tell of another profile of the wearer from now on."""
        if self.audit is not None:
            self.audit.ground = accounting.with_profile(self.audit.ground, profile)

    def outputs_health(self) -> dict[str, Health]:
        """Return how gated outputs do, and a log that fails, for the panel that tells of sensors."""
        return {
            f"to {name}": gate.health() for name, gate in self._gates.items()
        } | self.log_health()

    def log_health(self) -> dict[str, Health]:
        """Return how a log that fails does; one that is well is nobody's concern."""
        log = None if self.audit is None else self.audit.health()
        return {} if log is None or log.state != "lost" else {"consent log": log}

    def watched(self) -> AbstractContextManager[object]:
        """Return what tells of an end of consent meanwhile."""
        if self._signed is None:
            return nullcontext()
        return Ending(self._signed, sound=self._options.sound == "on")

    def settle(self) -> None:
        """Note the files that were made, now that all are whole; of a withdrawn consent, delete them.

        Raises:
            ConsentError: The log cannot be written.
        """
        if self._signed is None or self.audit is None:
            return
        films = [] if self.room is None else self.room.films
        made = [(path, kind) for kind, path in self._stored.items() if path and kind != "film"]
        for path, kind in (*made, *((film, "film") for film in films)):
            self.audit.keep_file(path, kind)
        after = accounting.aftermath(self._signed)
        if after is not None:
            for path in after.deleted:
                tell(f"{path}: is deleted: its consent was withdrawn")
            for words in after.left:
                tell(f"left: {words}")


class Ending:
    """Tells once that consent has ended, and once that it holds again; a context manager."""

    def __init__(self, permit: SignedPermit, *, sound: bool) -> None:
        """Prepare.

        Args:
            permit: What may end.
            sound: Whether a tone is wanted.
        """
        self._permit, self._sound = permit, sound
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True, name="consent")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        known = ""
        while not self._over.wait(_LOOK_S):
            fault = self._fault()
            if fault and not known:
                self._tell(fault)
            elif known and not fault:
                tell("consent holds again: outputs go on")
            known = fault

    def _fault(self) -> str:
        """Return why nothing goes out or is stored any more, empty where all does."""
        use = self._permit.context
        for destination in (*use.audience, *use.retention):
            if refusal := self._permit.refusal(destination):
                return refusal.removeprefix(f"{destination}: ")
        return ""

    def _tell(self, fault: str) -> None:
        use = self._permit.context
        LOG.warning("nothing goes to %s: %s", ", ".join((*use.audience, *use.retention)), fault)
        what, _, remedy = fault.rpartition(": ")
        words = f"Nothing is sent or stored any more: {what}"
        with Ways(notices(sound=self._sound)) as told:
            told.tell(Prompt(turn=0, signal=Signal.REFUSED, words=words, hint=remedy))


def tell(words: str) -> None:
    """Say something once, in the terminal and the log."""
    LOG.warning("%s", words)
    CONSOLE.print(words, markup=False, highlight=False, soft_wrap=True)

"""Writes the log of a run: what was sent where, on what ground, and how much of it was made up.

`put` only counts. Besides the lines at the start and the end, a thread of its own writes one every
`EVERY_S`: the loop never waits for a disk, and a program that is killed loses what it counted since.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Final, Literal, Self

import numpy as np

from ...headset.clock import now_ns
from ...headset.errors import ConsentError
from ...headset.frame import Face, Health, Origin, SensorFrame
from ...headset.meter import Meter
from .chain import Chain
from .chain_lines import Entry, Sent
from .gate import Gated
from .kept import stamp

EVERY_S: Final = 10.0

_TOLD: Final = (Origin.MEASURED, Origin.INFERRED, Origin.SYNTHESISED, Origin.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a run rests on.

    Attributes:
        application: The command.
        basis: The permit's kind.
        consent: The record's id, or another basis' words.
        digest: Of the record.
        model: Digest of the model.
        profile: Digest of the wearer's profile.
    """

    application: str
    basis: str
    consent: str
    digest: str = ""
    model: str = ""
    profile: str = ""


class Audit:
    """A `Sink` that keeps the log of a run.

    Attributes:
        ground: What the run rests on; of what changes while it runs, the lines after it tell.
    """

    def __init__(
        self,
        chain: Chain,
        ground: Ground,
        *,
        utc: Callable[[], datetime],
        outputs: Mapping[str, Gated],
        made: Mapping[Path, str] | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        """Prepare; nothing is written before it is entered.

        Args:
            chain: The log.
            ground: What the run rests on.
            utc: Tells the time.
            outputs: By destination, what faces go through.
            made: Files that the run writes, and of what kind each is.
            every_s: How often a line is written.
        """
        self._chain = chain
        self.ground = ground
        self._utc = utc
        self._outputs = outputs
        self._made = dict(made or {})
        self._every_s = every_s
        self._run = secrets.token_hex(8)
        self._origins = np.zeros(256, np.int64)
        self._meter = Meter()
        self._ending = Event()
        self._thread: Thread | None = None
        self._fault = ""

    def __enter__(self) -> Self:
        """Write the first line.

        Raises:
            ConsentError: The log's end is not as it was left, or it cannot be written.
        """
        self._ending.clear()
        self._write("start")
        for path, kind in self._made.items():
            self._note_file(path, kind)  # as yet without a size: a run that is killed leaves it so
        self._thread = Thread(target=self._keep, name="audit", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """Write the last line.

        Raises:
            ConsentError: The log cannot be written.
        """
        if self._thread is None:
            return
        self._ending.set()
        self._thread.join()
        self._thread = None
        try:
            self._write("end")
        except ConsentError:
            if error is None:
                raise

    def put(self, frame: SensorFrame, face: Face) -> None:  # noqa: ARG002  # a `Sink`
        """Count one face."""
        for origin in (face.origin, face.eye_origin, face.openness_origin):
            self._origins += np.bincount(origin, minlength=256)
        self._meter.tick(now_ns())

    def health(self) -> Health:
        """Return how the log is doing."""
        health = self._meter.health()
        if self._fault:
            what, _, remedy = self._fault.rpartition(": ")
            return replace(health, state="lost", note=what, remedy=remedy)
        return health

    def keep_file(self, path: Path, kind: str) -> None:
        """Note a file that is whole now, so that a withdrawal finds it; call it once it is closed.

        Raises:
            ConsentError: The log cannot be written.
        """
        found = stamp(path)
        if found is not None:
            self._note_file(path, kind, *found)

    @property
    def shares(self) -> dict[str, float]:
        """Of all channels that had a value, how many came from where; empty before the first face."""
        counts = {origin.name.lower(): int(self._origins[origin]) for origin in _TOLD}
        total = sum(counts.values())
        return {name: round(count / total, 4) for name, count in counts.items()} if total else {}

    def _keep(self) -> None:
        while not self._ending.wait(self._every_s):
            try:
                self._write("going")
                self._fault = ""
            except ConsentError as error:
                self._fault = str(error)  # told by `health`; the next line tells of all of it again

    def _write(self, event: Literal["start", "going", "end"]) -> None:
        empty = Sent()
        sent = {
            name: empty if event == "start" else one.sent for name, one in self._outputs.items()
        }
        self._append(self._entry(event, sent=sent, shares=self.shares))

    def _note_file(self, path: Path, kind: str, octets: int = 0, mtime_ns: int = 0) -> None:
        where = str(path.absolute())
        self._append(self._entry("made", path=where, kind=kind, octets=octets, mtime_ns=mtime_ns))

    def _append(self, entry: Entry) -> None:
        self._chain.append(entry, self._utc())

    def _entry(
        self,
        event: Literal["start", "going", "end", "made"],
        *,
        sent: dict[str, Sent] | None = None,
        shares: dict[str, float] | None = None,
        path: str = "",
        kind: str = "",
        octets: int = 0,
        mtime_ns: int = 0,
    ) -> Entry:
        ground = self.ground
        return Entry(
            event=event, run=self._run, application=ground.application, basis=ground.basis,
            consent=ground.consent[:200], digest=ground.digest, model=ground.model,
            profile=ground.profile, sent=sent or {}, shares=shares or {}, path=path, kind=kind,
            octets=octets, mtime_ns=mtime_ns,
        )  # fmt: skip


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""

"""A permit that rests on a signed record, and looks after it while a session runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from ...headset.clock import NS_PER_S, now_ns
from ...headset.errors import ConsentError
from ...headset.permit import Basis
from .context import Context
from .record import Record
from .store import Store

LOOK_S: Final = 1.0
"""How often the record's file is looked at: how soon a withdrawal is heeded."""

WARNED_AHEAD: Final = timedelta(days=7)


class SignedPermit:
    """Permits one use, as long as the record stands that covers it.

    Expiry is looked at once, at the start: it never cuts a session that runs. A withdrawal does, as
    soon as it is seen, and so does a record that is not there or not whole any more.
    """

    def __init__(
        self,
        store: Store,
        record: Record,
        context: Context,
        *,
        now: datetime,
        look_s: float = LOOK_S,
    ) -> None:
        """Permit a use.

        Args:
            store: Where the record is.
            record: What was agreed to.
            context: What is to be done.
            now: The time.
            look_s: How often its record is looked at.

        Raises:
            ConsentError: The record does not cover the use, or not any more.
        """
        beyond, state = record.context.beyond(context), record.state(now)
        if beyond or state != "given":
            raise ConsentError(f"consent {record.id[:8]}: {beyond or state}: run {context.command}")
        self.record = record
        self.context = context
        self._store = store
        self._path = store.path(record.id)
        self._left = record.expires - now
        self._seen: tuple[int, ...] = ()
        self._apart_ns = round(look_s * NS_PER_S)
        self._look_ns = 0
        self._fault = ""
        self._lock = Lock()

    @property
    def basis(self) -> Basis:
        """The record."""
        return Basis(kind="consent", text=self.record.id)

    @property
    def warning(self) -> str:
        """What its wearer should know at the start, empty where nothing: it ends within a week."""
        if self._left > WARNED_AHEAD:
            return ""
        hours = self._left // timedelta(hours=1)
        when = f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
        name, command = self.record.id[:8], self.record.context.command
        return f"consent {name} ends in {when}: renew it with {command}"

    def refusal(self, destination: str) -> str | None:
        """Return why nothing may go to `destination`, with the remedy; None where it may.

        Args:
            destination: One of the use's audience, or a kind of what it stores.
        """
        self._look()
        if self._fault:
            return f"{destination}: {self._fault}"
        if destination in self.context.audience or destination in self.context.retention:
            return None
        return f"{destination}: is not part of what was agreed to: end this and name it"

    def _look(self) -> None:
        """Read the record again where its file changed or was at fault; not oftener than asked for."""
        at_ns = now_ns()
        with self._lock:
            if self._seen and at_ns < self._look_ns:
                return
            try:
                found = self._path.stat()
            except OSError:
                self._seen = (0,)
                self._fault = f"consent {self.record.id[:8]}: its record is gone: {self._remedy}"
            else:
                seen = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
                # A fault may be of the moment: of a keyring, or of a file that another program holds.
                if seen != self._seen or self._fault:
                    self._seen = seen
                    self._fault = self._judged()
            self._look_ns = now_ns() + self._apart_ns  # a keyring may have taken its time

    def _judged(self) -> str:
        try:
            record = self._store.read(self.record.id)
        except ConsentError as error:
            return str(error)
        if record.withdrawn:
            return f"consent {record.id[:8]}: was withdrawn: {self._remedy}"
        same = record.processing == self.record.processing
        return "" if same else f"consent {record.id[:8]}: is another now: {self._remedy}"

    @property
    def _remedy(self) -> str:
        return f"to send again, end this and run {self.context.command}"

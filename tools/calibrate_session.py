"""One routine beside a loop of frames: listens to the sensors, plans, asks, and gives what was seen.

It is a `Sink`, so a run may have it among its outputs: `begin` starts a routine at any time, from any
thread, and while one is under way the run's faces rest. What waits (opening a sound device, speaking,
drawing a panel) waits on a thread of the session's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Final, Self

from ..calibration.routine.captures import Captures
from ..calibration.routine.machine import Routine, Wish
from ..calibration.routine.plan import Plan, Seen, plan
from ..calibration.routine.resting import Resting
from ..headset.clock import NS_PER_S
from ..headset.errors import CalibrationError
from ..headset.frame import Face, Health, SensorFrame
from ..headset.prompts.prompt import Prompt, Way
from ..headset.prompts.ways import Ways
from .keys import Actions
from .logbook import LOG

LISTEN_NS: Final = 2 * NS_PER_S
"""From the first word of a tracker: others that are on have spoken by then too."""

WAIT_NS: Final = 20 * NS_PER_S
"""For a first word at all."""

HINT: Final = "keys: space go on, r again, s skip, q stop"


class Session:
    """A routine, from being asked for to what it gave; a `Sink` of one loop.

    Attributes:
        planned: What is asked for, once that is known.
        captures: What was seen, once it has ended.
        gaze_alone: Whether it asks for gaze targets and nothing else.
        refused: Why there was no routine, empty where there was one or it is still to come.
        failed: Why ways to the wearer are not used, by their names.
    """

    def __init__(
        self,
        ways: Callable[[], Sequence[Way]],
        *,
        resting: Resting | None = None,
        opened: Callable[[Ways], None] = lambda _: None,
        ended: Callable[[Session], None] = lambda _: None,
    ) -> None:
        """Prepare.

        Args:
            ways: Makes the ways to the wearer, for each routine anew.
            resting: Of the loop: rests from the beginning of a routine until `ended` has returned.
            opened: Called once ways are open, or have failed, on a thread of the session's own.
            ended: Called once a routine has ended or was refused, on that thread.
        """
        self.planned: Plan | None = None
        self.captures: Captures | None = None
        self.gaze_alone = False
        self.refused = ""
        self.failed: dict[str, str] = {}
        self._make, self._resting = ways, resting
        self._opened, self._ended = opened, ended
        self._prompts: SimpleQueue[Prompt | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._targets: bool | None = None  # whether they can be shown, once ways are open
        self._routine: Routine | None = None
        self._listened: list[SensorFrame] = []
        self._first_ns: int | None = None
        self._heard_ns: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        if self._routine is not None and self.under_way:
            self.captures = self._routine.captures  # what was done counts
        self._finish()
        if self._thread is not None:
            self._thread.join()

    @property
    def under_way(self) -> bool:
        """Whether a routine is."""
        return self._thread is not None and self.captures is None and not self.refused

    @property
    def keys(self) -> Actions:
        """What keys do while a routine is under way; nothing else."""
        wishes: dict[str, Wish] = {
            " ": "go on", "\r": "go on", "\n": "go on", "r": "again", "s": "skip", "q": "stop",
        }  # fmt: skip
        return {key: lambda wish=wish: self.wish(wish) for key, wish in wishes.items()}

    def wish(self, wish: Wish) -> None:
        """Pass on what the wearer wants, from any thread."""
        routine = self._routine
        if routine is not None:
            routine.wish(wish)
        elif wish == "stop" and self.under_way:
            self._refuse("stopped before it began")

    def begin(self, *, gaze_alone: bool = False) -> None:
        """Start a routine, unless one is under way; from any thread."""
        if self.under_way:
            return
        self.gaze_alone = gaze_alone
        if self._thread is not None:
            self._thread.join()
        self.planned = self.captures = self._routine = self._targets = None
        self._first_ns = self._heard_ns = None
        self.refused = ""
        self._listened = []
        self._prompts = SimpleQueue()
        self._rest(resting=True)
        self._thread = Thread(target=self._tell, daemon=True, name="calibrate")
        self._thread.start()

    def put(self, frame: SensorFrame, face: Face) -> None:  # noqa: ARG002
        """Take a frame; the face is nothing to calibrate by."""
        self.take(frame)

    def take(self, frame: SensorFrame) -> None:
        """Take a frame, without waiting."""
        if not self.under_way:
            return
        if self._routine is None:
            self._listen(frame)
            return
        before = self._routine.prompt
        self._routine.step(frame)
        if self._routine.prompt is not before:
            self._prompts.put(self._routine.prompt)
        if self._routine.done:
            self.captures = self._routine.captures
            self._finish()

    def health(self) -> Health:
        """Return whether a routine is under way."""
        if not self.under_way:
            return Health(state="waiting")
        words = "" if self._routine is None else self._routine.prompt.words
        return Health(state="live", note=words or "listening to the sensors")

    def _listen(self, frame: SensorFrame) -> None:
        """Hear what sensors there are, then plan."""
        now_ns = frame.time_ns
        self._first_ns = now_ns if self._first_ns is None else self._first_ns
        if frame.faces or frame.eyes is not None:
            self._heard_ns = now_ns if self._heard_ns is None else self._heard_ns
            self._listened.append(frame)
        if self._heard_ns is None:
            if now_ns - self._first_ns > WAIT_NS:
                self._refuse(f"sensors: nothing came for {WAIT_NS // NS_PER_S} s")
        elif self._targets is None:
            if now_ns - self._first_ns > WAIT_NS:
                self._refuse(f"prompts: no way to you opened within {WAIT_NS // NS_PER_S} s")
        elif now_ns - self._heard_ns >= LISTEN_NS:
            try:
                self.planned = plan(
                    Seen.of(self._listened), targets=self._targets, gaze_alone=self.gaze_alone
                )
            except CalibrationError as error:
                self._refuse(str(error))
                return
            LOG.info("calibrate: %s", self.planned.sentence)
            self._routine = Routine(self.planned)
            self._prompts.put(self._routine.prompt)

    def _refuse(self, why: str) -> None:
        self.refused = why
        self._rest(resting=False)  # now: a way that hangs while it opens must not hold the face
        self._finish()

    def _finish(self) -> None:
        self._prompts.put(None)

    def _rest(self, *, resting: bool) -> None:
        if self._resting is not None:
            self._resting.resting = resting

    def _tell(self) -> None:
        """Open the ways to the wearer, and pass prompts on until the routine has ended."""
        prompts = self._prompts
        try:
            with Ways(self._make()) as ways:
                self._targets = ways.shows_targets
                self._opened(ways)
                while (prompt := prompts.get()) is not None:
                    ways.tell(prompt)
            self.failed = dict(ways.failed)
            for name, why in self.failed.items():
                LOG.info("calibrate: %s is not used: %s", name, why)
            self._ended(self)
        finally:
            if self.under_way and self._prompts is prompts:
                self.refused = "the ways to you failed: look at the log"
            self._rest(resting=False)

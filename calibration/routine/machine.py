"""The routine itself: time and frames in, prompts and captures out. Pure: it waits for nothing.

    routine = Routine(plan)
    for frame in source.frames():
        routine.step(frame)
        ways.tell(routine.prompt)
        if routine.done:
            break
    captures = routine.captures

It goes on by itself, and by keys too: `wish` may be called from any thread. What was done counts,
however it ends.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from enum import Enum
from typing import Final, Literal

from ...headset.clock import NS_PER_S, seconds
from ...headset.frame import SensorFrame
from ...headset.prompts.prompt import Prompt, Signal
from .captures import Capture, Captures, Rows
from .judge import Rest, judged
from .plan import Plan
from .poses import NEUTRAL, POSES, Pose
from .sight import Sight

Wish = Literal["go on", "again", "skip", "stop"]

TRIES: Final = 2
"""How often a pose is asked for by itself; a key asks for more."""

LOST_S: Final = 0.75
"""Without what sees the pose for so long, it is lost: a blink hides gaze for a third of a second."""

BACK_S: Final = 0.5
"""With it again for so long, the pose is asked for anew."""

PATIENCE_S: Final = 20.0
"""A tracker that stays away so long is not waited for: what it alone sees is left out."""

OFF_PATIENCE_S: Final = 120.0
"""A headset that stays off so long ends the routine."""

TRIED_S: Final = 90.0
"""From when on nothing is asked for twice by itself: the wearer was promised a minute."""

PLAN_S: Final = 4.0
AGAIN_S: Final = 2.0
REFUSED_S: Final = 1.2

_NUMBERS: Final = {
    pose.name: 1 + [one.name for one in POSES if one.group == pose.group].index(pose.name)
    for pose in POSES
}
"""Of each pose in its group: always the same, so that who hears tones alone can learn them."""


class _State(Enum):
    PLAN = Signal.PLAN
    READY = Signal.READY
    HOLD = Signal.HOLD
    SEEN = Signal.SEEN
    AGAIN = Signal.AGAIN
    REFUSED = Signal.REFUSED
    PAUSED = Signal.PAUSED
    DONE = Signal.DONE


_ON_A_POSE: Final = {_State.READY, _State.HOLD, _State.AGAIN}


class Routine:
    """One wearer's routine.

    Attributes:
        prompt: What they are to be told now; equal to itself while that is unchanged.
    """

    def __init__(self, plan: Plan) -> None:
        """Prepare; it begins with its first step.

        Args:
            plan: What is asked for.
        """
        self._plan = plan
        self._left: deque[Pose] = deque(plan.poses)
        self._pose = self._left.popleft()
        self._state = _State.PLAN
        self._until_ns: int | None = None
        self._began_ns: int | None = None
        self._now_ns = 0
        self._rows = Rows()
        self._rest = Rest.unknown()
        self._tries = 0
        self._taken: dict[str, Capture] = {}
        self._missed: dict[str, str] = {}
        self._wishes: deque[Wish] = deque()
        self._sight = Sight(plan)
        self._off = False
        self._turn = 0
        self.prompt = self._told(plan.sentence, "; ".join(plan.left_out))

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._state is _State.DONE

    @property
    def captures(self) -> Captures:
        """What was done so far."""
        order = [pose.name for pose in self._plan.poses]
        taken = sorted(self._taken.values(), key=lambda one: order.index(one.pose))
        return Captures(taken=tuple(taken), missed=dict(self._missed))

    def wish(self, wish: Wish) -> None:
        """Say what the wearer wants at the next step; from any thread.

        `go on` ends a wait, `again` asks for the pose (or the one just seen) anew, `skip` leaves it out,
        `stop` ends the routine.
        """
        self._wishes.append(wish)

    def step(self, frame: SensorFrame) -> None:
        """Go on to a frame's time; frames come in order of it."""
        if self.done:
            return
        now_ns = self._now_ns = frame.time_ns
        if self._began_ns is None or self._until_ns is None:
            self._began_ns = now_ns
            self._until_ns = now_ns + round(PLAN_S * NS_PER_S)
        while self._wishes and not self.done:
            self._do(self._wishes.popleft())
        self._look(frame)
        if self._state is _State.HOLD:
            self._rows.add(frame)
        if self._state is _State.PAUSED or self.done:
            return
        if now_ns >= self._until_ns:
            self._next()
        elif self._state is _State.READY:
            self._count()

    def _do(self, wish: Wish) -> None:
        """Do what the wearer wants."""
        if wish == "stop":
            self._end("stopped")
        elif self._state is _State.PLAN:
            self._ask()  # whatever they want, they have heard enough of the plan
        elif wish == "skip":
            self._miss(self._pose, "left out by you")
            self._advance()
        elif wish == "again":
            self._taken.pop(self._pose.name, None)
            self._tries = 0
            self._ask()
        elif self._state is _State.READY:
            self._hold()
        elif self._state is _State.AGAIN:
            self._ask()
        elif self._state in {_State.SEEN, _State.REFUSED}:
            self._advance()

    def _look(self, frame: SensorFrame) -> None:
        """Pause where the headset is off or what sees the pose is gone; go on once it is back."""
        off = frame.worn is not None and not frame.worn.worn
        self._sight.look(frame, off=off)
        if self._state is _State.PAUSED:
            self._wait(off=off)
        elif off and self._state is not _State.PLAN:
            self._off = True
            self._enter(_State.PAUSED, 0.0, "Paused: the headset is off", "put it on to go on")
        elif self._state in _ON_A_POSE and self._sight.away_s > LOST_S:
            self._pause_lost()

    def _wait(self, *, off: bool) -> None:
        if self._sight.there_s >= BACK_S:
            self._off = False
            self._ask()
        elif self._off and not off and self._sight.away_s > LOST_S:
            # It is on, and a tracker stays away: whom one waits for now is that.
            self._off = False
            self._sight.begin()
            self._pause_lost()
        elif self._off and self._sight.away_s > OFF_PATIENCE_S:
            self._end("the headset was off")
        elif not self._off and self._sight.away_s > PATIENCE_S:
            self._leave_out_unsensed()

    def _pause_lost(self) -> None:
        words = f"Paused: {self._sight.whose(self._plan.seen)} is lost"
        self._enter(_State.PAUSED, 0.0, words, "waiting for it to come back")

    def _leave_out_unsensed(self) -> None:
        """Go on without what nothing senses any more."""
        glimpse = self._sight.glimpse
        if glimpse is None or not glimpse.anything():
            self._end("no tracker is left")
            return
        gone = [pose for pose in (self._pose, *self._left) if not glimpse.of(pose)]
        for pose in gone:
            self._miss(pose, "its tracker was lost")
        self._left = deque(pose for pose in self._left if pose not in gone)
        if self._pose.name == NEUTRAL:
            kept = tuple(pose for pose in self._plan.poses if pose not in gone)
            self._plan = replace(self._plan, poses=kept)
            self._sight.watch(self._plan, self._pose)
            self._ask()
        else:
            self._advance()

    def _next(self) -> None:
        """Leave a state whose time is over."""
        match self._state:
            case _State.PLAN | _State.AGAIN:
                self._ask()
            case _State.READY:
                self._hold()
            case _State.HOLD:
                self._judge()
            case _:
                self._advance()

    def _ask(self) -> None:
        self._sight.begin()
        self._enter(_State.READY, self._pose.ready_s, self._pose.words, self._pose.hint)
        self._count()

    def _count(self) -> None:
        left_ns = (self._until_ns or 0) - self._now_ns
        left_s = max(1, -(-left_ns // NS_PER_S))
        if self.prompt.seconds_left != left_s:
            self.prompt = self._told(self._pose.words, self._pose.hint, left_s)

    def _hold(self) -> None:
        self._rows = Rows()
        self._enter(_State.HOLD, self._pose.hold_s, "Hold", self._pose.words)

    def _judge(self) -> None:
        pose = self._pose
        capture, why = judged(pose, self._rows.capture(pose.name, pose.target_rad), self._rest)
        if not why:
            self._rest = self._rest.learnt(capture)
            self._taken[pose.name] = capture
            self._missed.pop(pose.name, None)
            self._enter(_State.SEEN, pose.seen_s, "Seen")
            return
        self._tries += 1
        spent_s = seconds(self._now_ns - (self._began_ns or 0))
        if self._tries < TRIES and spent_s < TRIED_S:
            self._enter(_State.AGAIN, AGAIN_S, f"Again: {why}", pose.words)
        else:
            self._miss(pose, why)
            self._enter(_State.REFUSED, REFUSED_S, f"Left out: {why}", pose.words)

    def _miss(self, pose: Pose, why: str) -> None:
        if pose.name not in self._taken:  # what was seen before the headset came off counts
            self._missed.setdefault(pose.name, why)

    def _advance(self) -> None:
        if not self._left:
            self._end("")
            return
        self._pose = self._left.popleft()
        self._tries = 0
        self._sight.watch(self._plan, self._pose)
        self._ask()

    def _end(self, why: str) -> None:
        """End; what was not done is missed for a reason."""
        if why:
            for pose in (self._pose, *self._left):
                self._miss(pose, why)
            self._left.clear()
        count = len(self._taken)
        words = f"Done: {count} of {count + len(self._missed)} seen"
        self._enter(_State.DONE, 0.0, words, why)

    def _enter(self, state: _State, lasts_s: float, words: str, hint: str = "") -> None:
        self._state = state
        self._until_ns = self._now_ns + round(lasts_s * NS_PER_S)
        self._turn += 1
        self.prompt = self._told(words, hint)

    def _told(self, words: str, hint: str = "", left_s: int | None = None) -> Prompt:
        on_it = self._state in _ON_A_POSE | {_State.SEEN}
        pose = self._pose
        return Prompt(
            turn=self._turn,
            signal=self._state.value,
            words=words,
            hint=hint,
            seconds_left=left_s,
            target_rad=pose.target_rad if on_it else None,
            group=pose.group if on_it else None,
            number=_NUMBERS[pose.name] if on_it else 0,
        )

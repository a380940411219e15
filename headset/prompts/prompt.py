"""What a wearer is told, and the ways it may reach them.

A wearer may see nothing of ours: a game has the headset, and no overlay can be shown over it. So a
prompt goes out by every way that opens, and each of them may fail alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Literal, Protocol, Self

Group = Literal["mouth", "lids", "brows", "gaze"]
"""What of a face a pose is of."""


class Signal(Enum):
    """What kind of thing is told; each has a tone of its own."""

    PLAN = "plan"
    """What is going to be asked."""
    READY = "get ready"
    """What pose comes."""
    HOLD = "hold"
    """The pose is being taken."""
    SEEN = "seen"
    AGAIN = "again"
    """It was not seen, and is asked for anew."""
    REFUSED = "left out"
    """It was not seen, and what comes next is another."""
    PAUSED = "paused"
    """Nothing is taken: a tracker is lost, or the headset is off."""
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the wearer is to do now, or to know.

    Attributes:
        turn: Which prompt of a routine it is; a countdown changes `seconds_left` alone.
        signal: What kind it is of.
        words: In a few words: read, and spoken.
        hint: In a few more; read only.
        seconds_left: Whole seconds until the pose counts, None where nothing is counted down.
        target_rad: (yaw to the right, pitch up) in head space of what is to be looked at.
        group: What the pose is of; None where none is asked for.
        number: Which of its group it is, from 1, for whoever hears nothing but tones.
    """

    turn: int
    signal: Signal
    words: str
    hint: str = ""
    seconds_left: int | None = None
    target_rad: tuple[float, float] | None = None
    group: Group | None = None
    number: int = 0


class Way(Protocol):
    """One way a prompt reaches a wearer: a context manager, told of each prompt and never waiting."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def counts_down(self) -> bool:
        """Whether it is told each second of a countdown, or of each turn alone."""
        ...

    @property
    def shows_targets(self) -> bool:
        """Whether one that opens can show, at an angle to the head, what is to be looked at."""
        ...

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            UnvisorError: It cannot be used here; says why.
        """
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    def tell(self, prompt: Prompt) -> None:
        """Pass a prompt on.

        Raises:
            UnvisorError: It cannot be used any more.
        """
        ...

"""What a run draws, and shows its wearer beside the face."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from ..headset.clock import NS_PER_S, now_ns
from ..headset.compositor.panels.content import Content, Prompt, Target
from ..headset.compositor.panels.showing import Showing
from ..headset.errors import HeadsetError
from ..headset.frame import Health
from .keys import Actions
from .live_sensors import RATE_HZ
from .logbook import LOG
from .run_options import show
from .terminal import working

if TYPE_CHECKING:
    from ..headset.room import Room

_LOOK_S: Final = 0.25
_PREPARED_NS: Final = 60 * NS_PER_S  # the default head takes seconds, on a slow machine many
_HOW: Final = "press m in the terminal"


def room(options: argparse.Namespace, avatar: Path | None) -> Room:
    """Return the headset process that options ask for, not yet started.

    Args:
        options: Of the run.
        avatar: Whose face is drawn; None is the default head's.
    """
    asked = show(options)
    if asked is None:
        raise HeadsetError("nothing is drawn: add --window, --room or --overlay")
    from ..headset.room import Room

    return Room(
        rate_hz=options.rate_hz or RATE_HZ,
        show=asked,
        avatar=avatar,
        film=options.film,
        mirror_window=options.window and asked != "window",
        refresh_hz=options.refresh_hz,
    )


def avatar_notes(path: Path) -> tuple[str, ...]:
    """Return what is odd about an avatar; it is read here too, so a bad file is told at once.

    Raises:
        HeadsetError: It cannot be drawn; the message says why.
    """
    from ..headset.compositor.avatars.file import load

    return load(path).notes


def await_drawing(room: Room, stop: Event) -> None:
    """Wait until the first picture is drawn, so that what is played is seen from its beginning.

    Not for a second try where the first has failed: why, the status tells.
    """
    with working("preparing to draw the face"):
        until_ns = now_ns() + _PREPARED_NS
        while not (room.ever_drawn or room.closed or room.starts > 1 or now_ns() > until_ns):
            if stop.wait(_LOOK_S):
                return


class Attention:
    """Shows panels while the face is drawn; a context manager.

    Attributes:
        panels: Whether panels are shown that nobody asked for; prompts always are.
        heard: Whether keys of the terminal are.
        alone: Whether the run ends with its window, since nothing else comes of it.
    """

    def __init__(
        self, room: Room, sensors: Callable[[], Mapping[str, Health]], named: Set[str], stop: Event
    ) -> None:
        """Prepare.

        Args:
            room: Entered.
            sensors: How each is doing, from any thread.
            named: Those that were asked for by name.
            stop: Ends the run.
        """
        self.panels, self.alone, self.heard = True, False, False
        self._room, self._sensors = room, sensors
        self._showing = Showing(named)
        self._stop, self._ended = stop, Event()
        self._thread = Thread(target=self._attend, daemon=True, name="attention")

    def __enter__(self) -> Self:
        self._showing.how = _HOW if self.heard else ""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def keys(self) -> Actions:
        """What keys of the terminal do to what is drawn."""
        return {"m": self._turn, "r": self._room.panels.recentre}

    def show(self, contents: Sequence[Content]) -> None:
        """Show a prompt or a target beside the panels that are shown anyway; none of them, to end it."""
        prompts = [one for one in contents if isinstance(one, Prompt)]
        targets = [one for one in contents if isinstance(one, Target)]
        self._showing.prompt = prompts[0] if prompts else None
        self._showing.target = targets[0] if targets else None

    @property
    def undrawn(self) -> str:
        """Why nothing has been drawn yet, empty where something was."""
        return "" if self._room.ever_drawn else self._room.said() or "the run was too short"

    def _turn(self) -> None:
        self._room.panels.mirror(on=not self._room.panels.mirror_shown)

    def _attend(self) -> None:
        room, showing, drawable = self._room, self._showing, True
        while not self._ended.wait(_LOOK_S):
            drawn = room.drawn_hz > 0
            if room.closed and self.alone:
                self._stop.set()
            contents = showing.contents(
                self._sensors(), mirror=room.panels.mirror_shown, drawn=drawn, now_ns=now_ns()
            )
            if showing.prompt or showing.target or not self.panels:  # all else would draw the eyes
                contents = [one for one in contents if isinstance(one, Prompt | Target)]
            try:
                if drawable:
                    room.panels.tell(contents)
            except HeadsetError as error:  # they cannot be drawn here; the face can
                LOG.warning("panels: %s", error)
                drawable = False

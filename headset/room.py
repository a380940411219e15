"""The headset process, from outside: started, watched, started anew when it dies, stopped.

With `--room` it opens the one session that owns the headset, which on SteamVR would end a running game;
so it is refused while one runs, each time anew before the process is started again, and by the process
itself as the last thing before it opens anything. The process ends rather than mend a lost session: a
fresh one is whole, whatever a dead runtime left behind in the old one. The face process sees samples
stay away, and return.

    with Room(rate_hz=90.0) as room:
        source = Devices({"room": room.reader, …}, room.beat)
        sinks = (room.sink, …)

It is the same process that shows an overlay over a game, a window on the desktop or a film, beside which
games run as they like. `python -m unvisor.headset.room_inside` is that process.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from .clock import now_ns, seconds
from .compositor.stage import Show
from .errors import HeadsetError
from .link import LinkReader, LinkSink, make_folder, opened, remove_folder
from .link_beat import DisplayBeat
from .link_layout import DISPLAY
from .link_ring import RingReader
from .link_state import HeadsetState
from .room_panels import RoomPanels
from .room_refusals import REFUSALS
from .room_shown import CLOSED, USELESS, Shown, free_film

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 8.0
_WELL_AFTER_S: Final = 20.0  # a process that lived so long was well: its end is a new mishap
_LOOK_AGAIN_S: Final = 2.0
_LATER_S: Final = 1.0  # than the process itself gives up, which leaves nothing behind
_LINE_BYTES: Final = 4096

_LOG: Final = logging.getLogger("unvisor")


class Room:
    """The headset process and the link to it; a context manager.

    Attributes:
        reader: A `Reader` of what its session senses.
        sink: A `Sink` whose faces it draws.
        folder: Where the link lies.
        beat: A `Beat` that follows its display.
        panels: What is shown beside the face, and whether the mirror is.
    """

    def __init__(
        self,
        *,
        rate_hz: float,
        show: Show = "room",
        avatar: Path | None = None,
        film: Path | None = None,
        mirror_window: bool = False,
        refresh_hz: float | None = None,
        refusal: Callable[[], str | None] | None = None,
    ) -> None:
        """Prepare; nothing is started.

        Args:
            rate_hz: Faces a second while nothing is shown.
            show: On which stage.
            avatar: The .glb, .gltf or .vrm of whoever is seen; the default head without.
            film: The .mp4 that what the wearer sees is filmed to, or the .png of the last of it. Were
                the process to die, the next one's goes beside it: `x-2.mp4`. Nothing is replaced.
            mirror_window: Whether a window on the desktop shows it beside the headset.
            refresh_hz: Have the headset's display be as fast as it can, up to this.
            refusal: Why the process may not be started now, None where it may; by default as the stage
                has it.
        """
        self._rate_hz = rate_hz
        self._shown = Shown(
            show=show,
            avatar=None if avatar is None else str(avatar.absolute()),
            film=None if film is None else str(film.absolute()),
            mirror_window=mirror_window,
            refresh_hz=refresh_hz,
        )
        self._refusal = REFUSALS[show] if refusal is None else refusal
        self._stop = Event()
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._note = ""
        self._drawn_before = 0
        self.starts = 0
        """How many times the process was started."""
        self.films: list[Path] = []
        """Where each of these films to; one that saw nothing leaves no file."""
        self.closed = False
        """Whether it has ended for good: closed by someone, or given what cannot be used."""

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            HeadsetError: It may not be, or the link to it cannot be made.
        """
        why = self._refusal()
        if why is not None:
            raise HeadsetError(why)
        with ExitStack() as opening:
            self.folder = make_folder()
            opening.callback(remove_folder, self.folder)
            self._file = opened(self.folder, "headset", writing=False)
            opening.callback(self._file.close)
            self.panels = opening.enter_context(RoomPanels(self.folder))
            self._open = opening.pop_all()
        self._state = HeadsetState(self._file)
        self.beat = DisplayBeat(RingReader(self._file, DISPLAY), self._rate_hz)
        self.reader = LinkReader(self.folder, said=self.said)
        self.sink = LinkSink(self.folder, said=self.drawn)
        self._stop.clear()
        self._thread = Thread(target=self._watch, daemon=True, name="room")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        with self._lock:
            self._stop.set()
            child = self._child
        if child is not None and child.stdin is not None:
            child.stdin.close()  # by which it knows
        self._thread.join(self._shown.stop_within_s + _LATER_S)
        if self._thread.is_alive() and child is not None:
            child.kill()
            self._thread.join()
        self._open.close()

    @property
    def pid(self) -> int | None:
        """The process that runs now, None between two."""
        child = self._child
        return None if child is None else child.pid

    def said(self) -> str:
        """Return what is odd: why it does not run, or what it says of its session."""
        told = self._state.look()
        return self._note or told.note or ("" if told.state == "focused" else told.state)

    @property
    def drawn_hz(self) -> float:
        """Frames drawn a second, over the last second or so; 0 while nothing is seen."""
        return self._state.drawn_hz()

    @property
    def ever_drawn(self) -> bool:
        """Whether any frame was drawn yet, by this process or one before it."""
        return self._state.drawn() > 0

    @property
    def unfilmed(self) -> str:
        """Why the film goes no further, such as a full disk; empty while all is well."""
        return self._state.look().unfilmed

    def drawn(self) -> str:
        """Return what becomes of faces: how often they are drawn, or why they are not."""
        drawn_hz = self.drawn_hz
        seen = f"drawn at {drawn_hz:.0f} Hz" if drawn_hz else self.said() or "not seen"
        return "; film: ".join(filter(None, (seen, self.unfilmed)))

    def _watch(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stop.is_set():
            why = self._refusal()
            if why is not None:
                self._say(why)
                self._stop.wait(_LOOK_AGAIN_S)
                continue
            began_ns = now_ns()
            status, last_words = self._run()
            if self._stop.is_set():
                return
            if status in (CLOSED, USELESS):
                self.closed = True
                self._say(f"{_CLOSED_BY[self._shown.show] if status == CLOSED else last_words}")
                return
            if seconds(now_ns() - began_ns) > _WELL_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            words = (
                last_words
                if status == 1 and last_words
                else f"the headset process ended ({status})"
            )
            self._say(f"{words}; it starts again")
            self._stop.wait(pause_s)
            pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)

    def _run(self) -> tuple[int, str]:
        """Run the process to its end; return its exit status and its last line."""
        with self._lock:
            if self._stop.is_set():
                return 0, ""
            self.starts += 1
            shown = self._shown
            if shown.film is not None:
                drawn = self._state.drawn()
                if not self.films or drawn != self._drawn_before:  # else there is nothing to keep
                    self.films.append(free_film(Path(shown.film), self.films))
                self._drawn_before = drawn
                shown = msgspec.structs.replace(shown, film=str(self.films[-1]))
            # -P: the folder it is started from is not a place to import from.
            command = [sys.executable, "-P", "-m", "unvisor.headset.room_inside"]
            try:
                self._child = child = subprocess.Popen(  # noqa: S603 - this interpreter, our words
                    [*command, str(self.folder), shown.words()],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
            except OSError as cause:
                return 1, f"{sys.executable}: cannot be started ({cause.strerror})"
        self._note = ""
        with child:
            last_words = _last_line(child.stderr)
        self._child = None
        return child.returncode, last_words

    def _say(self, note: str) -> None:
        if note != self._note:
            _LOG.warning("headset process: %s", note)
        self._note = note


_CLOSED_BY: Final[Mapping[Show, str]] = {
    **dict.fromkeys(("room", "overlay"), "closed from the headset: run again to open it"),
    **dict.fromkeys(("window", "film"), "its window was closed: run again to open it"),
}


def _last_line(stream: IO[bytes] | None) -> str:
    """Read to the end; return the last line that says something, all others go to the log."""
    last = ""
    while stream is not None and (line := stream.readline(_LINE_BYTES)):
        text = "".join(filter(str.isprintable, line.decode(errors="replace"))).strip()
        if text:
            _LOG.info("headset process: %s", text)
            last = text
    return last

"""`unvisor calibrate` with a wearer: live sensors are opened as a run does, then a routine is done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..calibration.consent import require
from ..calibration.consent.context import SENSED, Channel, Context
from ..calibration.routine.captures import Captures
from ..headset import settings
from ..headset.errors import CalibrationError
from ..headset.frame import Health
from ..headset.permit import Basis, Permit
from . import consenting, live, logbook, sealing
from .calibrate_session import HINT, Session
from .calibrate_ways import ways
from .keys import listening
from .live_sensors import RATE_HZ
from .run_room import await_drawing
from .stopping import stopping
from .terminal import CONSOLE, settings_file

if TYPE_CHECKING:
    from ..headset.compositor.stage import Show
    from ..headset.prompts.ways import Ways
    from ..headset.room import Room


def captured(options: argparse.Namespace, out: Path) -> tuple[Captures, Permit]:
    """Do a routine; return what was seen, and the permit to keep a profile of it.

    Args:
        options: Of the command.
        out: Where the profile is to go.

    Raises:
        UnvisorError: Nobody agreed to it, a sensor or the headset refuses, nothing is sensed, or the
            wearer has stopped it before anything was seen.
    """

    def agreed(basis: Basis | None, channels: Sequence[Channel]) -> Permit:
        asked = storing(out, channels)
        known = basis or consenting.reference(options.consent_reference)
        terminal = sys.stdin.isatty()
        permit = consenting.permit_for(asked, yes=options.yes, terminal=terminal, basis=known)
        require(permit, "profile")
        if sealing.stays_sealed(out, encrypt=options.encrypt):
            sealing.grant(permit)  # refused now, or never
        return permit

    with logbook.kept(), ExitStack() as stack:
        start = live.start(
            options.source,
            chosen=settings.load(settings_file(options.settings)),
            words=options.sensor,
            agreed=agreed,
            rate_hz=None,
            loop=False,
            keep_packets=False,
            room=None if _show(options) is None else lambda: stack.enter_context(_room(options)),
        )
        stop = stack.enter_context(stopping())
        if start.room is not None:
            await_drawing(start.room, stop)
            if not start.room.ever_drawn:
                CONSOLE.print(f"nothing is drawn: {start.room.said()}", markup=False)
        session = stack.enter_context(
            Session(lambda: ways(start.room, sound=options.sound == "on"), opened=_told)
        )
        if stack.enter_context(listening(session.keys)):
            CONSOLE.print(HINT, style="dim")
        source = stack.enter_context(start.source)
        CONSOLE.print("listening to the sensors", style="dim")
        session.begin()
        for frame in source.frames():
            session.take(frame)
            if not session.under_way:
                break
            if stop.is_set():
                session.wish("stop")
        rows = start.source.health()
    if session.refused:
        raise CalibrationError(_refusal(session.refused, rows))
    if session.captures is None or not session.captures.taken:
        why = "; ".join(sorted(set(session.captures.missed.values()))) if session.captures else ""
        raise CalibrationError(f"routine: no face was seen ({why or 'it ended'}): calibrate again")
    return session.captures, start.permit


def storing(out: Path, channels: Sequence[Channel] = SENSED) -> Context:
    """Return the use of a face that calibrating is: a profile of it is stored, nothing is made up."""
    stored = {"profile": out}
    return consenting.use("calibrate", {}, stored=stored, synthesis=False, channels=tuple(channels))


def _told(opened: Ways) -> None:
    """Say by what prompts go out, and by what not."""
    CONSOLE.print(f"prompts go out by {', '.join(opened.names)}", style="dim", markup=False)
    for why in opened.failed.values():
        CONSOLE.print(f"not by {why}", style="dim", markup=False, soft_wrap=True)


def _show(options: argparse.Namespace) -> Show | None:
    return "room" if options.room else "overlay" if options.overlay else None


def _room(options: argparse.Namespace) -> Room:
    from ..headset.room import Room

    return Room(rate_hz=RATE_HZ, show=_show(options) or "overlay")


def _refusal(why: str, rows: Mapping[str, Health]) -> str:
    """Return why there was no routine, with what each silent sensor says of itself."""
    if not why.startswith("sensors: nothing"):
        return why
    said = "; ".join(
        f"{name}: {health.note}"
        for name, health in rows.items()
        if health.note and health.state != "live"
    )
    silent = f"{why} ({said})" if said else why
    return f"{silent}: start a tracker, and end any `unvisor run` that has its port"

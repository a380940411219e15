"""What a wearer has beside the loop of a run: panels, keys of the terminal, calibration at a key."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from threading import Event
from typing import TYPE_CHECKING

from ..headset.frame import Health
from .calibrate_ways import ways
from .keys import Actions, listening
from .live import Start
from .run_consent import Consented
from .run_options import UNWORN, show
from .run_room import Attention
from .run_wearer import Wearer
from .terminal import CONSOLE

if TYPE_CHECKING:
    from .run_calibrate import Learning


def attention(
    options: argparse.Namespace, start: Start, consented: Consented, stop: Event
) -> Attention | None:
    """Return what shows panels, where the face is drawn."""
    if start.room is None:
        return None

    def told() -> dict[str, Health]:
        return {**start.source.health(), **consented.outputs_health()}

    made = Attention(start.room, told, start.named, stop)
    made.panels = options.panels != "off"
    return made


def learning(
    options: argparse.Namespace,
    start: Start,
    consented: Consented,
    wearer: Wearer,
    attention: Attention | None,
) -> Learning:
    """Return what calibrates a live wearer at a key."""
    from .run_calibrate import Learning

    return Learning(
        options,
        wearer,
        ways=lambda: ways(
            start.room,
            sound=options.sound == "on",
            show=None if attention is None else attention.show,
            worn=show(options) not in UNWORN,
        ),
        saved=consented.learnt,
    )


def hear(
    stack: ExitStack, attention: Attention | None, learning: Learning | None, stop: Event
) -> None:
    """Do what keys of the terminal ask for meanwhile, where there is more than an end to ask for.

    Args:
        stack: Meanwhile is until this is closed.
        attention: Where the face is drawn.
        learning: Of a live wearer.
        stop: Ends the run.
    """
    if attention is None and learning is None:
        return

    def keys() -> Actions:
        drawn: Actions = {} if attention is None else attention.keys
        asked: Actions = {} if learning is None else learning.keys
        return {"q": stop.set, **drawn, **asked}  # in a routine r and q are its own

    if not stack.enter_context(listening(keys)):
        return
    words: list[str] = (
        [] if learning is None else ["c calibrate", "d put on anew", "g gaze targets"]
    )
    if attention is not None:
        attention.heard = True
        words += ["m mirror on and off", "r mirror before you again"]
    CONSOLE.print(f"keys: {', '.join([*words, 'q quit'])}", style="dim")

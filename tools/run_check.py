"""What options of `unvisor run` do not go together, told before anything is opened."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from ..headset.compositor.filming_child import filmable
from ..headset.errors import OutputError, RecordingError, UnvisorError
from . import live
from .run_options import show
from .terminal import WEEK_S, ready, within


def check(options: argparse.Namespace) -> None:
    """Refuse what cannot be done.

    Raises:
        UnvisorError: Of the option it is about; the message says what to change.
    """
    within("--rate-hz", options.rate_hz, 1000.0)
    within("--duration-s", options.duration_s, WEEK_S)
    within("--refresh-hz", options.refresh_hz, 1000.0)
    _places(options)
    _encrypted(options)
    _drawn(options)
    _source(options)


def _places(options: argparse.Namespace) -> None:
    """Each file has a folder, a name of its own, and replaces none."""
    kinds: dict[str, tuple[type[UnvisorError], str]] = {
        "record": (RecordingError, "a take is never replaced"),
        "bundle": (OutputError, "may be the one that shows the fault"),
        "film": (OutputError, "a film is never replaced"),
    }
    given: dict[str, Path] = {}
    for word, (error, why) in kinds.items():
        path: Path | None = getattr(options, word)
        if path is None:
            continue
        if word == "film":
            filmable(path)
        else:
            ready(path, error, word=f"--{word}")
        if path.exists():
            raise error(f"{path}: is there already, and {why}: choose another --{word}")
        for other, taken in given.items():
            if path.absolute() == taken.absolute():
                raise error(f"--{word} {path}: is where --{other} goes: choose another")
        given[word] = path


def _encrypted(options: argparse.Namespace) -> None:
    if not options.encrypt:
        return
    if options.record is None:
        raise UnvisorError("--encrypt: seals a recording: add --record X.h5, or leave it out")
    for word in ("film", "bundle"):
        if getattr(options, word) is not None:
            raise UnvisorError(
                f"--encrypt: a --{word} is not sealed: make it in a run of its own, or leave one out"
            )


def _drawn(options: argparse.Namespace) -> None:
    for word, does in (
        ("room", "draws in the headset"),
        ("overlay", "draws in the headset"),
        ("window", "draws on the desktop"),
    ):
        if getattr(options, word) and options.headless:
            raise UnvisorError(f"--{word} {does} and --headless nothing: leave one out")
    if options.room and options.overlay:
        raise UnvisorError(
            "--overlay draws over the game that has the headset, --room where none has: leave one out"
        )
    if show(options) is None:
        for word in ("avatar", "panels"):
            if getattr(options, word) is not None:
                raise UnvisorError(
                    f"--{word}: nothing is drawn: add --window, --room, --overlay or --film X.mp4"
                )
    screens = "DISPLAY", "WAYLAND_DISPLAY"
    if show(options) == "window" and sys.platform == "linux" and not any(map(os.getenv, screens)):
        raise UnvisorError("--window: no screen here: start from a desktop, or give --film X.mp4")
    if options.refresh_hz is not None and not options.room:
        raise UnvisorError("--refresh-hz: is the headset's, for whom --room has it: add --room")


def _source(options: argparse.Namespace) -> None:
    if options.sensor and options.source != "devices":
        raise UnvisorError(f"--sensor: is one of the devices: leave --source {options.source} out")
    for name, times in Counter(text.partition(":")[0] for text in options.sensor).items():
        if times > 1:
            raise UnvisorError(
                f"--sensor {name}: was given {times} times: name it once, with all its settings"
            )
    if options.source in live.DEVICES:
        if options.loop:
            raise UnvisorError(
                "--loop: plays a recording or the demo again, and sensors never end: leave it out"
            )
        return
    for word in ("bundle", "mouth_model", "eye_model"):
        if getattr(options, word):
            option = word.replace("_", "-")
            raise UnvisorError(f"--{option}: needs sensors: leave --source {options.source} out")

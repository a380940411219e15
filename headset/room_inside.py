"""What runs in the headset process: a stage, its senses out, the newest face drawn on it.

It ends when its standard input does, which is when the face process is gone or wants it gone; when the
headset, or whoever closed the window, asks it to quit; and with one line on standard error when anything
is lost, to be started anew.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

from .clock import NS_PER_S, now_ns
from .compositor.avatar import Avatar
from .compositor.baked import default_head, light_of
from .compositor.context import Context
from .compositor.mirror import Mirror
from .compositor.punctuality import Punctuality
from .compositor.stage import Stage, StageState
from .compositor.stereo.renderer import SAMPLES
from .ending import by_parent_alone
from .errors import HeadsetError, OutputError, UnvisorError
from .link import HeadsetEnd, remove_folder
from .room_shown import CLOSED, USELESS, Shown
from .room_stages import ROUTES, Onlookers, opened

_LOG: Final = logging.getLogger("unvisor")

_IDLE_S: Final = 0.02
_COLLECT_EVERY_NS: Final = 10 * NS_PER_S


def main(folder: Path, words: str) -> int:
    """Be the headset process of a link; return its exit status.

    Args:
        folder: The link's.
        words: `Shown.words`.
    """
    by_parent_alone()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    stop = Event()
    try:
        shown = Shown.of(words)
        end = HeadsetEnd(folder)
    except HeadsetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    following = stop, folder, shown.stop_within_s
    Thread(target=_follow_parent, args=following, daemon=True, name="parent").start()
    try:
        return _appear(end, stop, shown)
    except HeadsetError as error:
        return _lost(end, error, status=1)
    finally:
        end.close()
        if stop.is_set():
            remove_folder(folder)  # a parent that was killed has not


def _follow_parent(stop: Event, folder: Path, stop_within_s: float) -> None:
    os.read(0, 1)  # not sys.stdin: the interpreter could not end while a thread waits in that
    stop.set()
    time.sleep(stop_within_s)
    remove_folder(folder)
    os._exit(1)  # a runtime that does not answer holds the loop


def _lost(end: HeadsetEnd, error: UnvisorError, *, status: int) -> int:
    """Say why it ends; return its exit status."""
    end.tell_state("lost", str(error))
    sys.stderr.write(f"{error}\n")
    return status


def _appear(end: HeadsetEnd, stop: Event, shown: Shown) -> int:
    """Open a stage and serve it until it ends."""
    try:
        avatar = _avatar(shown.avatar)  # takes its time, so before anything is opened
    except HeadsetError as error:
        return _lost(end, error, status=USELESS)
    with ExitStack() as stack:
        context = stack.enter_context(Context(ROUTES[shown.show]))
        if stop.is_set():
            return 0
        light = light_of(avatar)
        stage = opened(stack, shown, context)
        software = context.report.software  # there each pixel counts: the room is twice the work
        mirror = Mirror(
            avatar,
            end.newest_face,
            size=stage.size,
            image_format=stage.image_format,
            transparent=stage.transparent,
            head=stage.head,
            light=light,
            room=not software,
            samples=1 if software else SAMPLES,
        )
        stack.callback(mirror.close)
        mirror.rehearse()
        try:
            looking = Onlookers(stack, shown, context, stage, mirror)
        except OutputError as error:
            return _lost(end, error, status=USELESS)
        stack.enter_context(_garbage_kept())
        return _serve(end, stop, stage, mirror, looking)


def _avatar(path: str | None) -> Avatar:
    """Return whoever is seen: from a file, or the default head."""
    if path is None:
        return default_head()
    from .compositor.avatars.file import load

    return load(Path(path))


def _serve(end: HeadsetEnd, stop: Event, stage: Stage, mirror: Mirror, looking: Onlookers) -> int:
    punctuality = Punctuality()
    try:
        return _loop(end, stop, stage, mirror, looking, punctuality)
    finally:
        if punctuality.frames:
            _LOG.info("%s", punctuality.words())


def _loop(
    end: HeadsetEnd,
    stop: Event,
    stage: Stage,
    mirror: Mirror,
    looking: Onlookers,
    punctuality: Punctuality,
) -> int:
    told: tuple[str, str, str] | None = None
    recentred, collected_ns = end.wishes().recentre, now_ns()
    while not stop.is_set():
        state = stage.poll()
        if told != (said := (*stage.said(), looking.unfilmed())):
            told = said
            end.tell_state(*said)
        if state is StageState.CLOSED:
            return CLOSED
        if state is StageState.WAITING:
            punctuality.pause()
            stop.wait(_IDLE_S)
            continue
        beat, drawn = stage.wait(), stage.drawn
        began_ns = now_ns()
        punctuality.begin(beat)
        end.tell_display(
            time_ns=began_ns,
            display_ns=beat.display_ns,
            period_ns=beat.period_ns,
            drawn=drawn,
            late=punctuality.late,
        )
        wishes = end.wishes()
        if wishes.recentre != recentred:
            recentred = wishes.recentre
            stage.recentre()
        stage.show_panels(end.panels())
        stage.show(beat, mirror if wishes.mirror else None)
        punctuality.end()
        if stage.drawn != drawn:
            looking.take(began_ns)
        end.give(stage.sample())
        if began_ns - collected_ns > _COLLECT_EVERY_NS:
            gc.collect()  # of what little is not frozen: 0.1 ms
            collected_ns = began_ns
    return 0


@contextmanager
def _garbage_kept() -> Generator[None]:
    """Keep the collector from walking over all that was built, in the middle of a frame."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))

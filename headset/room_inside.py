"""What runs in the headset process: one session, its senses out, the newest face drawn.

It ends when its standard input does, which is when the face process is gone or wants it gone; when the
headset asks it to quit; and with one line on standard error when anything is lost, to be started anew.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

from .clock import NS_PER_S, now_ns
from .compositor.context import Context, Route
from .compositor.head.build import build_head
from .compositor.openxr.binding import bound, extensions
from .compositor.openxr.frames import SAMPLES, Frames
from .compositor.openxr.mirror import Mirror
from .errors import HeadsetError
from .link import HeadsetEnd, remove_folder
from .room import CLOSED, refused_now
from .sensors.openxr.instance import Instance
from .sensors.openxr.sensors import SENSOR_EXTENSIONS, Sensors
from .sensors.openxr.session import Session, State
from .sensors.openxr.time import TIME_EXTENSION

_ROUTES: Final[tuple[Route, ...]] = ("window", "egl")
"""GLX or WGL, which every runtime takes; EGL where there is no screen."""

_IDLE_S: Final = 0.02
_STOP_WITHIN_S: Final = 4.0
_COLLECT_EVERY_NS: Final = 10 * NS_PER_S


def main(folder: Path) -> int:
    """Be the headset process of a link; return its exit status.

    Args:
        folder: The link's.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the face process's to answer
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    stop = Event()
    Thread(target=_follow_parent, args=(stop, folder), daemon=True, name="parent").start()
    try:
        end = HeadsetEnd(folder)
    except HeadsetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        return _appear(end, stop)
    except HeadsetError as error:
        end.tell_state("lost", str(error))
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        end.close()
        if stop.is_set():
            remove_folder(folder)  # a parent that was killed has not


def _follow_parent(stop: Event, folder: Path) -> None:
    os.read(0, 1)  # not sys.stdin: the interpreter could not end while a thread waits in that
    stop.set()
    time.sleep(_STOP_WITHIN_S)
    remove_folder(folder)
    os._exit(1)  # a runtime that does not answer holds the loop


def _appear(end: HeadsetEnd, stop: Event) -> int:
    """Open a session with graphics and serve it until it ends."""
    with ExitStack() as stack:
        context = stack.enter_context(Context(_ROUTES))
        mirror = Mirror(build_head())  # takes seconds: what was known before them may be so no more
        stack.callback(mirror.close)
        if stop.is_set():
            return 0
        why = refused_now()
        if why is not None:
            raise HeadsetError(why)
        instance = stack.enter_context(
            Instance(SENSOR_EXTENSIONS, required=(*extensions(context), TIME_EXTENSION))
        )
        binding = bound(context, instance)
        session = stack.enter_context(Session(instance, binding))
        sensors = Sensors(session)
        samples = 1 if context.report.software else SAMPLES
        frames = stack.enter_context(Frames(session, binding, samples=samples))
        stack.enter_context(_garbage_kept())
        return _serve(end, stop, session, sensors, frames, mirror)


def _serve(
    end: HeadsetEnd,
    stop: Event,
    session: Session,
    sensors: Sensors,
    frames: Frames,
    mirror: Mirror,
) -> int:
    told, collected_ns = (State.UNKNOWN, ""), now_ns()
    while not stop.is_set():
        state = session.poll()
        if told != (state, sensors.trouble):
            told = state, sensors.trouble
            end.tell_state(state.name.lower(), "; ".join(filter(None, (*sensors.notes, told[1]))))
        if state is State.EXITING:
            return CLOSED
        if not session.running:
            stop.wait(_IDLE_S)
            continue
        beat = frames.wait()
        began_ns = now_ns()
        seen_ns = session.offset.ours(beat.display_time)
        end.tell_display(
            time_ns=began_ns, display_ns=seen_ns, period_ns=beat.period_ns, drawn=frames.drawn
        )
        mirror.take(end.newest_face(), seen_ns)
        frames.show(beat, mirror)
        end.give(sensors.sample(session.now()))
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

"""A game, as far as a runtime can tell: an OpenXR session with graphics that draws and wants the focus.

It stands for whatever owns the headset while unvisor runs beside it, on our own frame loop.
"""

from __future__ import annotations

import json
import os
import sys
from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray

from unvisor.headset.clock import now_ns
from unvisor.headset.compositor import gl
from unvisor.headset.compositor.context import Context
from unvisor.headset.compositor.openxr.binding import bound, extensions
from unvisor.headset.compositor.openxr.frames import Frames
from unvisor.headset.sensors.openxr.instance import Instance
from unvisor.headset.sensors.openxr.session import Session, State
from unvisor.headset.sensors.openxr.time import TIME_EXTENSION

Floats32 = NDArray[np.float32]


class Wall:
    """A `Scene`: a colour all round, and a darker floor whose edge shows where the eyes look."""

    def __init__(self) -> None:
        self.views: list[list[float]] = []
        self._frames: dict[int, int] = {}

    def hide(self, eye: int, corners: Floats32, triangles: NDArray[np.integer]) -> None:
        pass

    def draw(self, views: Floats32, display_ns: int) -> None:
        self.views = views.tolist()

    def resolve(
        self,
        eye: int,
        texture: int,
        size: tuple[int, int],
        image_format: int,
        *,
        at: tuple[int, int] = (0, 0),
        depth: int | None = None,
        encode: bool = True,
    ) -> None:
        api = gl.api()
        if texture not in self._frames:
            self._frames[texture] = framebuffer(texture)
        api.glBindFramebuffer(api.GL_DRAW_FRAMEBUFFER, self._frames[texture])
        api.glEnable(api.GL_FRAMEBUFFER_SRGB)
        api.glClearBufferfv(api.GL_COLOR, 0, WALL)
        api.glEnable(api.GL_SCISSOR_TEST)
        api.glScissor(0, 0, 10_000, 100)
        api.glClearBufferfv(api.GL_COLOR, 0, FLOOR)
        api.glDisable(api.GL_SCISSOR_TEST)


WALL = np.array((0.1, 0.2, 0.4, 1.0), np.float32)
FLOOR = np.array((0.02, 0.02, 0.02, 1.0), np.float32)


def framebuffer(texture: int) -> int:
    api = gl.api()
    made = int(api.glGenFramebuffers(1))
    api.glBindFramebuffer(api.GL_FRAMEBUFFER, made)
    api.glFramebufferTexture2D(
        api.GL_FRAMEBUFFER, api.GL_COLOR_ATTACHMENT0, api.GL_TEXTURE_2D, texture, 0
    )
    return made


def play(stop: Event, *, frames_at_most: int | None = None, routes: tuple[str, ...] = ()) -> None:
    """Run until told to stop, or for so many frames; print a line for each frame that begins.

    A line has `at_ns`, when it began; `state`, the session's; `seen`, whether the runtime would show
    what is drawn; `period_ns`; `display_ns`, when it will be seen. The last line sums up.
    """
    context = Context(routes or ("window", "egl"))  # type: ignore[arg-type]
    wanted = (*extensions(context), TIME_EXTENSION)
    with (
        context,
        Instance((), required=wanted) as instance,
        Session(instance, binding := bound(context, instance)) as session,
    ):
        frames = Frames(session, binding)
        wall, begun, states = Wall(), 0, [State.UNKNOWN]
        while not stop.is_set() and (frames_at_most is None or begun < frames_at_most):
            state = session.poll()
            if state is not states[-1]:
                states.append(state)
            if state is State.EXITING:
                break
            if not session.running:
                stop.wait(0.01)
                continue
            beat = frames.wait()
            begun += 1
            say(
                at_ns=now_ns(),
                state=state.name,
                seen=beat.seen,
                period_ns=beat.period_ns,
                display_ns=beat.display_ns,
            )
            frames.show(beat, wall)
        say(
            states=[state.name for state in states],
            begun=begun,
            drawn=frames.drawn,
            size=frames.size,
            image_format=frames.image_format,
            route=context.report.route,
            views=wall.views,
        )


def say(**words: object) -> None:
    sys.stdout.write(f"{json.dumps(words)}\n")
    sys.stdout.flush()


def play_until_told() -> None:
    """Play until a line, or the end, comes on standard input."""
    stop = Event()
    Thread(target=lambda: (os.read(0, 1), stop.set()), daemon=True).start()
    play(stop)

"""What a run shows its wearer: panels and keys with a test for headset process, then a real film."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PIL import Image

from unvisor.headset.clock import NS_PER_S, now_ns
from unvisor.headset.compositor.context import probe
from unvisor.headset.compositor.panels.content import (
    Prompt,
    SensorRow,
    SensorStatus,
    Target,
)
from unvisor.headset.compositor.panels.draw import Painter
from unvisor.headset.errors import HeadsetError
from unvisor.headset.frame import Health
from unvisor.headset.link import HeadsetEnd
from unvisor.headset.room import Room
from unvisor.tools.run_room import Attention, await_drawing

from ..headset.compositor.avatars.gltf_made import TRIANGLE, Made

SENSORS = {"babble": Health(state="live", rate_hz=90.2), "vrcft": Health(state="waiting")}


@pytest.fixture
def room() -> Iterator[Room]:
    """A room whose headset process never starts: the test is it."""
    once = iter([None])
    with Room(rate_hz=90.0, refusal=lambda: next(once, "the test draws")) as room:
        yield room


@pytest.fixture
def end(room: Room) -> Iterator[HeadsetEnd]:
    end = HeadsetEnd(room.folder)
    yield end
    end.close()


def draw_until(end: HeadsetEnd, holds: Callable[[], bool]) -> None:
    """Tell of a hundred frames a second until something holds."""
    frames, deadline_ns = 0, now_ns() + 30 * NS_PER_S
    while not holds():
        at_ns = now_ns()
        assert at_ns < deadline_ns
        end.tell_display(
            time_ns=at_ns, display_ns=at_ns + NS_PER_S // 50, period_ns=NS_PER_S // 100,
            drawn=frames, late=0,
        )  # fmt: skip
        frames += 1
        time.sleep(0.01)


def test_sensors_are_told_of_once_the_face_is_drawn(room: Room, end: HeadsetEnd) -> None:
    with Attention(room, lambda: SENSORS, set(), Event()) as attention:
        assert attention.undrawn
        assert end.panels() == {}
        draw_until(end, lambda: SensorStatus in end.panels())
        row = SensorRow(name="babble", state="live", rate="90 Hz")
        picture = Painter().picture(SensorStatus(rows=(row,)))
        np.testing.assert_array_equal(end.panels()[SensorStatus], picture)
        assert attention.undrawn == ""


def test_a_few_frames_are_not_nothing(room: Room, end: HeadsetEnd) -> None:
    attention = Attention(room, lambda: SENSORS, set(), Event())
    for drawn, at_ns in ((0, NS_PER_S), (0, 2 * NS_PER_S), (3, 3 * NS_PER_S)):  # long ago
        assert attention.undrawn in {"the test draws", "the run was too short"}
        end.tell_display(time_ns=at_ns, display_ns=at_ns, period_ns=NS_PER_S, drawn=drawn)
    assert room.drawn_hz == 0.0
    assert attention.undrawn == ""


def test_a_film_that_ends_early_is_told_of_while_the_face_is_drawn(
    room: Room, end: HeadsetEnd
) -> None:
    end.tell_state("focused", unfilmed="x.mp4: cannot be written")
    draw_until(end, lambda: room.drawn_hz > 0)
    told = room.sink.health().note
    assert told.startswith("drawn at ")
    assert told.endswith(" Hz; film: x.mp4: cannot be written")


def test_panels_can_be_left_out(room: Room, end: HeadsetEnd) -> None:
    attention = Attention(room, lambda: SENSORS, set(), Event())
    attention.panels = False
    with attention:
        draw_until(end, lambda: attention.undrawn == "")
        assert end.panels() == {}


def test_a_prompt_is_shown_alone_even_where_panels_are_left_out(
    room: Room, end: HeadsetEnd
) -> None:
    attention = Attention(room, lambda: SENSORS, set(), Event())
    with attention:
        draw_until(end, lambda: SensorStatus in end.panels())
        attention.show([Prompt(words="Smile")])
        draw_until(end, lambda: set(end.panels()) == {Prompt})
        attention.panels = False
        attention.show([Target(yaw_rad=0.1, pitch_rad=0.0)])
        draw_until(end, lambda: set(end.panels()) == {Target})
        attention.show([])
        draw_until(end, lambda: end.panels() == {})


def test_an_output_that_may_not_send_is_a_row_too(room: Room, end: HeadsetEnd) -> None:
    states = {**SENSORS, "to vrchat": Health(state="live", rate_hz=60.0)}
    with Attention(room, lambda: states, set(), Event()):
        states["to vrchat"] = Health(state="lost", note="consent: was withdrawn")
        rows = (
            SensorRow(name="babble", state="live", rate="90 Hz"),
            SensorRow(name="to vrchat", state="lost"),
        )
        picture = Painter().picture(SensorStatus(rows=rows))
        draw_until(end, lambda: np.array_equal(end.panels().get(SensorStatus, 0), picture))


def test_what_is_played_waits_for_the_first_picture_but_not_for_a_room_that_closed(
    room: Room, end: HeadsetEnd
) -> None:
    draw_until(end, lambda: room.drawn_hz > 0)
    await_drawing(room, Event())
    room.closed = True
    await_drawing(room, Event())


@pytest.mark.parametrize("alone", [True, False])
def test_a_run_ends_with_its_window_where_nothing_else_comes_of_it(room: Room, alone: bool) -> None:
    stop = Event()
    attention = Attention(room, dict, set(), stop)
    attention.alone, room.closed = alone, True
    with attention:
        assert stop.wait(30 if alone else 1) is alone


def test_a_run_films_until_q_is_pressed(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("elsewhere: a terminal of POSIX")
    import pty

    try:
        probe()
    except HeadsetError as error:
        pytest.skip(str(error))
    terminal, its_side = pty.openpty()
    takes_it = (
        f"import os, sys; os.dup2(os.open({os.ttyname(its_side)!r}, os.O_RDWR), 0)\n"
        "from unvisor.tools.main import main; sys.exit(main())"
    )
    film = tmp_path / "seen.png"
    made = Made()  # small, for the default head takes seconds
    made.mesh(np.multiply(TRIANGLE, 0.2), targets=[made.accessor(TRIANGLE)], names=["jawOpen"])
    avatar = made.save(tmp_path)
    words = ["run", "--source", "demo", "--loop", "--model", "neutral", "--film", str(film)]
    environment = {
        "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", takes_it, *words, "--avatar", avatar, "--status", "--json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env={**os.environ, **environment},
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert '"to headset"' in running.stdout.readline()  # a second after the first picture
        os.write(terminal, b"q")
        rest, wrong = running.communicate(timeout=60)
        assert running.returncode == 0, wrong
    os.close(terminal)
    os.close(its_side)
    summary = json.loads(rest.splitlines()[-1])
    assert (summary["wrote"], summary["undrawn"]) == ([str(film)], "")
    assert any("no shape for 51" in note for note in summary["avatar_notes"])
    assert np.asarray(Image.open(film)).std() > 10, "somebody, not one colour"

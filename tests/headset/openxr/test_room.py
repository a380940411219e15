"""Sessions with graphics on a real runtime: our frame loop, and the headset process around it."""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from unvisor.headset.beside import Runtime, active_runtime
from unvisor.headset.clock import NS_PER_MS, now_ns
from unvisor.headset.errors import HeadsetError
from unvisor.headset.frame import FORWARD, HeadSample, SensorFrame
from unvisor.headset.names import UNIFIED
from unvisor.headset.plug import GOLDEN_FACE
from unvisor.headset.room import Room
from unvisor.headset.room_refusals import room_refusal
from unvisor.headset.room_shown import Shown, free_film

from ...testbed.child import Child
from ...testbed.installation import Installation
from ...testbed.monado import Monado
from ..compositor.avatars.gltf_made import TRIANGLE, Made
from ..steamvr.runtime import SteamVr
from .conftest import SCALE, RunXr, StartXr

pytestmark = pytest.mark.openxr

SRGB8_ALPHA8 = 0x8C43
FRAMES = 90
MIDDLE = 45


def play(frames: int, routes: list[str]) -> None:
    from ...testbed import game

    game.play(Event(), frames_at_most=frames, routes=tuple(routes))  # type: ignore[arg-type]


Said = dict[str, Any]


def played(child: Child, look: Callable[[], Any] = lambda: None) -> tuple[list[Said], Said, Any]:
    """Return a game's frames, what it said last, and what was looked at in the middle."""
    frames: list[Said] = []
    looked: Any = None
    while "at_ns" in (said := json.loads(child.line())):
        frames.append(said)
        if len(frames) == MIDDLE:
            looked = look()
    child.result()
    return frames, said, looked


def test_frames_through_glx(start_xr: StartXr, monado_on_screen: Monado) -> None:
    child = start_xr(play, runtime=monado_on_screen, frames=FRAMES + 1, routes=["window"])
    frames, summed, picture = played(child, lambda: monado_on_screen.screenshot().astype(int))
    assert summed["route"] == "window"
    assert summed["begun"] == len(frames) == FRAMES + 1
    assert summed["drawn"] == FRAMES
    assert [frame["seen"] for frame in frames] == [False] + FRAMES * [True]
    assert frames[-1]["state"] == "FOCUSED"
    assert summed["image_format"] == SRGB8_ALPHA8
    assert summed["size"] == [448, 503]
    # When a frame will be seen is on our clock: a little ahead of when it began, and growing.
    ahead_ns = [frame["display_ns"] - frame["at_ns"] for frame in frames]
    assert -50 * NS_PER_MS < statistics.median(ahead_ns) < 100 * NS_PER_MS
    assert all(one["display_ns"] < other["display_ns"] for one, other in pairwise(frames))
    left, right = np.array(summed["views"])
    np.testing.assert_allclose(np.linalg.norm(left[4:7] - right[4:7]), 0.063, atol=1e-3)
    np.testing.assert_allclose(left[:4], right[:4], atol=1e-6)
    # The wall, linear (.1, .2, .4), as sRGB; the floor, .02, below it; in both eyes.
    for eye in (picture[:, :640], picture[:, 640:]):
        np.testing.assert_allclose(eye[300, 320], (89, 124, 170), atol=2)
        np.testing.assert_allclose(eye[700, 320], (39, 39, 39), atol=2)


def test_frames_through_egl_without_a_screen(start_xr: StartXr) -> None:
    frames, summed, _ = played(start_xr(play, frames=20, routes=["egl"]))
    assert summed["route"].startswith("egl")
    assert (summed["begun"], summed["drawn"]) == (20, 19)
    assert frames[-1]["state"] == "FOCUSED"


@pytest.fixture(scope="module")
def avatar(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A triangle's file: a head would take its time, again in each life, and is not looked at."""
    made = Made()
    made.mesh(np.multiply(TRIANGLE, 0.2), targets=[made.accessor(TRIANGLE)], names=["jawOpen"])
    return str(made.save(tmp_path_factory.mktemp("avatar")))


def watch(
    avatar: str, until: Callable[[dict[str, Any]], bool], seconds: float = 40.0
) -> dict[str, Any]:
    """Run a room as the face process does, telling what comes, until that is enough.

    Standard input may tell meanwhile what to do: `kill` ends the headset process.
    """
    orders: list[str] = []
    threading.Thread(
        target=lambda: orders.extend(iter(sys.stdin.readline, "")), daemon=True
    ).start()
    threads = threading.active_count()
    face = replace(GOLDEN_FACE, weights=np.zeros(len(UNIFIED)), gaze=FORWARD, openness=np.ones(2))
    seen: dict[str, Any] = {"heads": 0, "lives": [], "pids": [], "notes": [], "drawn": False}
    began = time.monotonic()
    with (
        Room(rate_hz=10.0, avatar=Path(avatar)) as room,
        room.reader as reader,
        room.sink as sink,
    ):
        times = [0]
        while not until(seen):
            assert time.monotonic() - began < seconds, seen
            wake_ns, time_ns = room.beat.next(now_ns())
            assert time_ns > times[-1]
            times.append(time_ns)
            time.sleep(max(0, wake_ns - now_ns()) / 1e9)
            for sample in reader.read():
                assert isinstance(sample, HeadSample)
                assert abs(now_ns() - sample.time_ns) < 2_000 * NS_PER_MS
                seen["heads"] += 1
                if seen["lives"][-1:] != [room.starts]:
                    seen["lives"].append(room.starts)
                    seen["pids"].append(room.pid)
                    sys.stdout.write(f"alive {room.starts}\n")
                    sys.stdout.flush()
            sink.put(SensorFrame(time_ns=time_ns), replace(face, time_ns=time_ns))
            seen["drawn"] |= room.drawn().startswith("drawn at")
            if room.said() not in seen["notes"]:
                seen["notes"].append(room.said())
            if orders and room.pid is not None:
                assert orders.pop() == "kill\n"
                os.kill(room.pid, 9)
        seen["health"] = reader.health().state
    seen["threads"] = threading.active_count() - threads
    seen["folder"] = room.folder.exists()
    seen["running"] = [pid for pid in seen["pids"] if Path(f"/proc/{pid}").exists()]
    return seen


def serve_three_lives(avatar: str) -> dict[str, Any]:
    """The headset process is killed, then its runtime."""
    return watch(avatar, lambda seen: len(seen["lives"]) == 3 and seen["drawn"])


def test_a_room_senses_draws_returns_from_the_dead_and_leaves_nothing_behind(
    start_xr: StartXr, installation: Installation, avatar: str
) -> None:
    with Monado(installation, scale=SCALE) as runtime:
        child = start_xr(serve_three_lives, runtime=runtime, avatar=avatar)
        assert child.line().startswith("alive")
        child.tell("kill")
        assert child.line().startswith("alive")
        runtime.kill()
        runtime.restart()
        seen = child.result()
    assert seen["health"] == "live"
    assert len(set(seen["pids"])) == 3
    assert any("the headset process ended (-9)" in note for note in seen["notes"])
    assert any(note.startswith("OpenXR: xr") for note in seen["notes"]), seen["notes"]
    assert (seen["threads"], seen["folder"], seen["running"]) == (0, False, [])


def serve_and_be_killed(avatar: str) -> None:
    with Room(rate_hz=10.0, avatar=Path(avatar)) as room, room.reader as reader:
        while not reader.read():
            time.sleep(0.01)
        sys.stdout.write(f"{room.pid} {room.folder}\n")
        sys.stdout.flush()
        os.kill(os.getpid(), 9)


def test_a_headset_process_does_not_outlive_its_parent(start_xr: StartXr, avatar: str) -> None:
    child = start_xr(serve_and_be_killed, avatar=avatar)
    pid, folder = child.line().split()
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() or Path(folder).exists():
        assert time.monotonic() < until, "it lives on, or its files do"
        time.sleep(0.05)


def refuse(avatar: str) -> dict[str, Any]:
    """A scene app comes while the process is down: it is not brought back until that has gone."""
    game: list[str | None] = [None]
    seen: dict[str, Any] = {}

    def refusal() -> str | None:
        return room_refusal(active_runtime(), game[0])

    def wait(enough: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while not enough():
            assert time.monotonic() < until
            time.sleep(0.01)

    with Room(rate_hz=10.0, avatar=Path(avatar), refusal=refusal) as room:
        wait(lambda: room.pid is not None)
        game[0] = "Beat Saber"
        assert room.pid is not None
        os.kill(room.pid, 9)
        wait(lambda: "Beat Saber" in room.said())
        seen["pid"], seen["starts"] = room.pid, room.starts
        game[0] = None
        wait(lambda: room.starts == 2)
    game[0] = "VRChat"
    try:
        Room(rate_hz=10.0, refusal=refusal).__enter__()
    except HeadsetError as error:
        seen["error"] = str(error)
    return seen


def test_no_room_is_opened_or_brought_back_while_a_game_has_the_headset(
    run_xr: RunXr, avatar: str
) -> None:
    seen = run_xr(refuse, avatar=avatar)
    assert (seen["pid"], seen["starts"]) == (None, 1)
    assert seen["error"].startswith("--room: VRChat has the headset, and Monado may end it")


def open_while_a_game_starts(avatar: str) -> list[Any]:
    # There was none as it was asked.
    with Room(rate_hz=10.0, avatar=Path(avatar), refusal=lambda: None) as room:
        until = time.monotonic() + 30
        while "Beat Saber" not in (said := room.said()):
            assert time.monotonic() < until, said
            time.sleep(0.01)
        return [said, room.reader.health().state]


def test_a_game_that_came_while_the_process_started_keeps_the_headset(
    start_xr: StartXr, tmp_path: Path, avatar: str
) -> None:
    steamvr = SteamVr(tmp_path)
    steamvr.run()
    steamvr.set(scene_state=1, scene_process=77, key=b"k", name=b"Beat Saber")
    environment = {"VR_PATHREG_OVERRIDE": str(steamvr.registry)}
    said, state = start_xr(
        open_while_a_game_starts, environment=environment, avatar=avatar
    ).result()
    assert said.startswith("--room: Beat Saber has the headset")
    assert state == "waiting"


def test_a_refusal_names_the_game_and_the_remedy() -> None:
    steamvr = Runtime(name="SteamVR", manifest=Path("steamxr.json"), library="vrclient.so")
    assert room_refusal(steamvr, None) is None
    assert room_refusal(steamvr, "VRChat") == (
        "--room: VRChat has the headset, and SteamVR may end it for a second session: "
        "quit it first, or leave out --room"
    )
    nothing = room_refusal(None, None)
    assert nothing is not None
    assert "start SteamVR" in nothing


def asked() -> str | None:
    from unvisor.headset.room_refusals import refused_now

    return refused_now()


def test_a_room_is_refused_while_a_game_plays(start_xr: StartXr, run_xr: RunXr) -> None:
    assert run_xr(asked) is None
    game = start_xr(play, frames=100_000, routes=["egl"])
    while json.loads(game.line()).get("state") != "FOCUSED":
        pass
    assert "another OpenXR program has the headset" in str(run_xr(asked))


def shown(avatar: str) -> dict[str, Any]:
    """Give it an avatar that cannot be drawn."""
    with Room(rate_hz=10.0, avatar=Path(avatar)) as room:
        until = time.monotonic() + 30
        while not room.closed:
            assert time.monotonic() < until, room.said()
            time.sleep(0.02)
        return {"said": room.said(), "starts": room.starts}


def test_an_avatar_that_cannot_be_drawn_is_told_of_once(run_xr: RunXr, tmp_path: Path) -> None:
    damaged = tmp_path / "me.vrm"
    damaged.write_bytes(b"glTF\x02\x00\x00\x00")
    told = run_xr(shown, avatar=str(damaged))
    assert told["starts"] == 1
    assert told["said"].startswith("me.vrm: ")


def test_what_is_shown_crosses_a_command_line() -> None:
    shown = Shown(show="overlay", avatar="/a b/me.vrm", film="x.mp4", refresh_hz=120.0)
    assert Shown.of(shown.words()) == shown
    with pytest.raises(HeadsetError, match="start `unvisor run`"):
        Shown.of('{"show": "elsewhere"}')


def test_a_process_that_comes_back_films_beside_every_film_before(tmp_path: Path) -> None:
    (tmp_path / "me-3.mp4").touch()  # of another evening
    taken: list[Path] = []
    for _ in range(3):
        taken.append(free_film(tmp_path / "me.mp4", taken))
    assert [path.name for path in taken] == ["me.mp4", "me-2.mp4", "me-4.mp4"]

"""The headset process over a game of SteamVR's: started, drawn in, left by SteamVR and joined again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.beside import Runtime
from unvisor.headset.compositor.context import GlReport, probe
from unvisor.headset.compositor.overlay import overlay_way
from unvisor.headset.errors import HeadsetError
from unvisor.headset.room import Room

from ..compositor.avatars.gltf_made import TRIANGLE, Made
from .runtime import NO_SERVER, SHUTTING_DOWN, SteamVr

MIRROR = "unvisor.mirror"
WITHIN_S = 60.0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SteamVr:
    if sys.platform != "linux":
        pytest.skip("elsewhere: the SteamVR for tests is built on Linux")
    return SteamVr(tmp_path_factory.mktemp("steamvr"))


@pytest.fixture
def steamvr(built: SteamVr, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SteamVr:
    built.reset()
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(built.registry))
    monkeypatch.setenv("XR_RUNTIME_JSON", str(tmp_path / "none.json"))
    for name in ("VR_OVERRIDE", "VR_CONFIG_PATH", "VR_LOG_PATH", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return built


@pytest.fixture(scope="module")
def drawing() -> GlReport:
    try:
        return probe()
    except HeadsetError as error:
        pytest.skip(str(error))


def until(ready: Callable[[], bool], room: Room) -> None:
    ends = time.monotonic() + WITHIN_S
    while not ready():
        assert time.monotonic() < ends, room.said()
        time.sleep(0.02)


def submits(steamvr: SteamVr) -> int:
    one = steamvr.overlays().get(MIRROR)
    return 0 if one is None else int(one["submits"])


def test_steamvr_is_drawn_over_let_go_and_joined_again(
    steamvr: SteamVr, drawing: GlReport, tmp_path: Path
) -> None:
    steamvr.run(np.eye(3), (0.0, 1.6, 0.0))
    made = Made()  # small, and still to be seen: the default head takes its time in each life
    made.mesh(np.multiply(TRIANGLE, 0.2), targets=[made.accessor(TRIANGLE)], names=["jawOpen"])
    with Room(rate_hz=30.0, show="overlay", avatar=Path(made.save(tmp_path))) as room:
        until(lambda: submits(steamvr) >= 2, room)
        until(lambda: room.said() == "", room)
        assert steamvr.picture(MIRROR)[..., 3].any()
        steamvr.set(refusal=SHUTTING_DOWN, quits=1)
        until(lambda: "quitting" in room.said(), room)
        assert steamvr.used("acknowledged") == 1
        steamvr.set(refusal=NO_SERVER, valid=0)
        steamvr.run(np.eye(3), (0.0, 1.6, 0.0))
        until(lambda: submits(steamvr) >= 2, room)
    assert steamvr.overlays() == {}
    assert steamvr.used("unexpected") == 0


def test_each_runtime_has_its_way_and_others_are_refused(
    steamvr: SteamVr, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def runtime(library: str) -> Runtime:
        return Runtime(name=library, manifest=tmp_path / "manifest", library=library)

    # A service that does not run is not woken, whatever else is there.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(HeadsetError, match="not running: start it, then the game"):
        overlay_way(runtime("libopenxr_monado.so"))
    # SteamVR's games may run under another's OpenXR, or where there is none.
    for library in ("vrclient.so", "virtualdesktop-openxr.dll", "LibOVRRT64_1.dll", "other.so"):
        assert overlay_way(runtime(library)) == "openvr"
    assert overlay_way(None) == "openvr"
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(tmp_path / "none.vrpath"))
    for library, says in (
        ("vrclient.so", "--overlay: SteamVR: not installed: start SteamVR"),
        ("other.so", "only monado and wivrn are known to show one over a game"),
    ):
        with pytest.raises(HeadsetError, match=says):
            overlay_way(runtime(library))
    with pytest.raises(HeadsetError, match="--overlay: SteamVR: not installed"):
        overlay_way(None)
    assert steamvr.used("joins") == 0  # asked by files alone

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from unvisor.headset import beside
from unvisor.headset.beside_places import LARGEST_BYTES
from unvisor.headset.clock import now_ns
from unvisor.headset.errors import HeadsetError
from unvisor.headset.frame import HeadSample, Reader, Sample, WornSample
from unvisor.headset.plug import READER_PLUGS
from unvisor.headset.room_refusals import refused_now
from unvisor.headset.sensors.steamvr import client as steamvr_client
from unvisor.headset.sensors.steamvr.plug import PLUG, SteamVrReader, SteamVrSettings
from unvisor.headset.sensors.steamvr.pose import quaternion

from ..steamvr.runtime import CONNECT_FAILED, NO_SERVER, SHUTTING_DOWN, SteamVr

BACKGROUND = 3
STANDING = 1


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SteamVr:
    if sys.platform != "linux":
        pytest.skip("elsewhere: the SteamVR for tests is built on Linux")
    return SteamVr(tmp_path_factory.mktemp("steamvr"))


@pytest.fixture
def steamvr(built: SteamVr, monkeypatch: pytest.MonkeyPatch) -> SteamVr:
    built.reset()
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(built.registry))
    for name in ("VR_OVERRIDE", "VR_CONFIG_PATH", "VR_LOG_PATH"):
        monkeypatch.delenv(name, raising=False)
    return built


@pytest.fixture
def reader() -> Iterator[SteamVrReader]:
    threads = threading.active_count()
    with SteamVrReader(SteamVrSettings(look_again_s=0.1)) as opened:
        yield opened
    assert threading.active_count() == threads


def until(ready: Callable[[], bool], within_s: float = 10.0) -> None:
    ends_ns = now_ns() + round(within_s * 1e9)
    while not ready():
        assert now_ns() < ends_ns, "it did not happen"
        time.sleep(0.01)


def heads(reader: Reader, *, at_least: int = 1) -> list[HeadSample]:
    found: list[HeadSample] = []

    def enough() -> bool:
        found.extend(one for one in reader.read() if isinstance(one, HeadSample))
        return len(found) >= at_least

    until(enough)
    return found


def worn_or_not(reader: Reader) -> bool:
    found: list[Sample] = []

    def told() -> bool:
        found.extend(one for one in reader.read() if isinstance(one, WornSample))
        return len(found) >= 2  # the first may be of before

    until(told)
    last = found[-1]
    assert isinstance(last, WornSample)
    return last.worn


@pytest.mark.parametrize("seed", range(40))
def test_a_rotation_becomes_its_quaternion(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rotation = Rotation.from_rotvec(generator.normal(size=3) * (3.2 if seed % 2 else 1e-4))
    found = quaternion(rotation.as_matrix())
    assert found is not None
    np.testing.assert_allclose(found, rotation.as_quat(canonical=True), atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_a_turn_has_a_quaternion(axis: int) -> None:
    rotation = -np.eye(3)
    rotation[axis, axis] = 1.0
    found = quaternion(rotation)
    assert found is not None
    np.testing.assert_allclose(np.abs(found), np.eye(4)[axis], atol=1e-12)


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 3)), np.full((3, 3), np.nan), np.diag([1.0, 1.0, -1.0]), 2 * np.eye(3)]
)
def test_what_is_no_rotation_has_none(matrix: np.ndarray[tuple[int, int]]) -> None:
    assert quaternion(matrix) is None


def test_the_plug_is_opened_by_default() -> None:
    assert READER_PLUGS.load("steamvr") is PLUG
    assert PLUG.by_default


def test_the_head_and_whether_it_is_worn(steamvr: SteamVr, reader: SteamVrReader) -> None:
    rotation = Rotation.from_euler("yxz", [0.7, -0.3, 0.1])
    steamvr.run(rotation.as_matrix(), (0.1, 1.6, -0.4))
    steamvr.set(activity=1, noise=200)
    asked_ns = now_ns()
    samples = heads(reader, at_least=20)
    for sample in samples:
        np.testing.assert_allclose(
            sample.orientation_xyzw, rotation.as_quat(canonical=True), atol=1e-6
        )
        np.testing.assert_allclose(sample.position_m, (0.1, 1.6, -0.4), atol=1e-6)
        assert asked_ns < sample.time_ns <= sample.received_ns <= now_ns()
    times_ns = [sample.time_ns for sample in samples]
    assert times_ns == sorted(set(times_ns))
    assert steamvr.used("application") == BACKGROUND
    assert steamvr.used("universe") == STANDING
    assert steamvr.used("ahead_s") == 0.0
    assert steamvr.used("unexpected") == 0
    assert worn_or_not(reader)
    health = reader.health()
    assert health.state == "live"
    assert (health.offset_s, health.note, health.remedy) == (0.0, "", "")
    assert 0 <= health.offset_error_s < 0.1


@pytest.mark.parametrize(
    ("level", "worn"), [(0, False), (1, True), (2, True), (3, False), (4, False)]
)
def test_activity_says_whether_it_is_worn(
    steamvr: SteamVr, reader: SteamVrReader, level: int, worn: bool
) -> None:
    steamvr.run()
    steamvr.set(activity=level)
    assert worn_or_not(reader) is worn


def test_where_nobody_can_tell_nothing_is_said(steamvr: SteamVr, reader: SteamVrReader) -> None:
    steamvr.run()
    steamvr.set(activity=-1)
    until(lambda: steamvr.used("poses") > 50)
    assert not any(isinstance(sample, WornSample) for sample in reader.read())


def test_the_game_is_named(steamvr: SteamVr, reader: SteamVrReader) -> None:
    steamvr.run()
    heads(reader)
    joins, leaves = steamvr.used("joins"), steamvr.used("leaves")
    assert beside.scene_app() is None
    steamvr.set(scene_state=3, scene_process=77, key=b"steam.app.438100", name=b"VRChat\n\x1b[31m")
    assert beside.scene_app() == "VRChat[31m"
    until(lambda: reader.health().note == "beside VRChat[31m")
    steamvr.set(name=b"")
    assert beside.scene_app() == "steam.app.438100"
    steamvr.set(scene_process=0)
    assert beside.scene_app() == "a game"
    # Whoever asks beside the reader leaves it its connection.
    assert (steamvr.used("joins"), steamvr.used("leaves")) == (joins, leaves)
    assert heads(reader)


def test_asking_for_the_game_alone_joins_and_leaves(steamvr: SteamVr) -> None:
    assert beside.scene_app() is None
    steamvr.run()
    steamvr.set(scene_state=1, scene_process=77, key=b"k", name=b"Beat Saber")
    assert beside.scene_app() == "Beat Saber"
    assert steamvr.used("leaves") == steamvr.used("joins") - 1 == 1


@pytest.mark.parametrize("refusal", [CONNECT_FAILED, SHUTTING_DOWN, 99_999])
def test_where_steamvr_does_not_say_a_game_may_have_the_headset(
    steamvr: SteamVr, refusal: int
) -> None:
    steamvr.set(refusal=refusal)
    with pytest.raises(HeadsetError, match="SteamVR: "):
        beside.scene_app()
    said = refused_now()
    assert said is not None
    assert said.startswith("--room: cannot tell whether a game has the headset: SteamVR: ")


def test_a_head_that_is_not_tracked_is_missing(steamvr: SteamVr, reader: SteamVrReader) -> None:
    steamvr.run()
    heads(reader)
    for lost in ({"valid": 0}, {"connected": 0}, {"result": 201}, {"matrix": np.full(12, np.nan)}):
        steamvr.run()
        steamvr.set(**lost)
        asked = steamvr.used("poses")
        until(lambda asked=asked: steamvr.used("poses") > asked + 2)
        reader.read()
        until(lambda asked=asked: steamvr.used("poses") > asked + 6)
        assert not any(isinstance(sample, HeadSample) for sample in reader.read())
    assert reader.health().dropped > 0
    steamvr.run()
    steamvr.set(result=300)  # only turning is tracked
    sample = heads(reader, at_least=3)[-1]
    assert np.isnan(sample.position_m).all()
    assert np.isfinite(sample.orientation_xyzw).all()


def test_quitting_is_acknowledged_and_let_go_of_at_once(
    steamvr: SteamVr, reader: SteamVrReader, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "unvisor")
    for turn in (1, 2, 3):
        steamvr.run()
        heads(reader)
        steamvr.set(refusal=SHUTTING_DOWN, quits=1)
        until(lambda turn=turn: steamvr.used("leaves") == turn)
        assert steamvr.used("acknowledged") == turn
        until(lambda: "quitting" in reader.health().note)
        steamvr.set(refusal=NO_SERVER, valid=0)
        until(lambda: "not running" in reader.health().note)
        reader.read()
    lines = [record.message for record in caplog.records]
    after_start = lines[lines.index("SteamVR: its headset is tracked") :]
    assert after_start == 3 * [
        "SteamVR: its headset is tracked",
        "SteamVR: quitting: start it again when it has ended",
        "SteamVR: not running: start it",
    ]
    until(lambda: reader.health().state == "lost")
    assert reader.health().remedy == "start it"


def test_a_crash_unseen_is_found_out(steamvr: SteamVr) -> None:
    with SteamVrReader(SteamVrSettings(look_again_s=1.0)) as reader:
        steamvr.run()
        heads(reader)
        steamvr.die()
        until(lambda: "not tracked" in reader.health().note)
        until(lambda: "not running" in reader.health().note)
        assert steamvr.used("leaves") == 1
        assert reader.health().state == "lost"
        reader.read()
        steamvr.run()
        assert heads(reader)
        until(lambda: reader.health().state == "live")


def test_starting_is_waited_for(steamvr: SteamVr, reader: SteamVrReader) -> None:
    for refusal, words in (
        (CONNECT_FAILED, "starting, or it does not answer (IPC_ConnectFailed)"),
        (99_999, "does not answer (error 99999)"),
    ):
        steamvr.set(refusal=refusal)
        until(lambda words=words: words in reader.health().note)
        assert reader.health().state == "waiting"
    steamvr.run()
    steamvr.set(old=1)
    until(lambda: "too old" in reader.health().note)
    assert reader.health().remedy == "update SteamVR"
    steamvr.set(old=0)
    assert heads(reader)


def test_without_steamvr_nothing_is_loaded(
    steamvr: SteamVr,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(tmp_path / "none.vrpath"))
    with SteamVrReader(SteamVrSettings(look_again_s=0.1)) as reader:
        health = reader.health()
        assert (health.state, health.note) == ("off", "SteamVR: not installed")
        assert beside.scene_app() is None
        time.sleep(0.3)
        assert reader.read() == []
        # Installed meanwhile, and started.
        steamvr.run()
        monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(steamvr.registry))
        assert heads(reader)
    assert capfd.readouterr() == ("", "")


def test_what_stands_in_for_steamvr_is_left_alone(steamvr: SteamVr) -> None:
    steamvr.run()
    steamvr.server.unlink()
    refusal = steamvr_client.refusal()
    assert refusal is not None
    assert "would open an OpenXR session" in refusal
    with SteamVrReader(SteamVrSettings()) as reader:
        assert reader.health().state == "off"
    assert beside.scene_app() is None
    assert steamvr.used("joins") == 0


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 60_000, "cannot be read"),
        (b'{"runtime": "x"}', "cannot be read"),
        (b'{"runtime": []}', "not where"),
        (json.dumps({"runtime": ["/nowhere"]}).encode(), "not where"),
        (json.dumps({"runtime": ["\0"]}).encode(), "not where"),
        (
            json.dumps({"runtime": ["x" * 5000]}).encode(),
            "not where",
        ),  # it cannot even be asked for
        (b" " * (LARGEST_BYTES + 1), "too large"),
    ],
)
def test_a_broken_path_registry_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes, says: str
) -> None:
    registry = tmp_path / "openvrpaths.vrpath"
    registry.write_bytes(written)
    monkeypatch.setenv("VR_PATHREG_OVERRIDE", str(registry))
    monkeypatch.delenv("VR_OVERRIDE", raising=False)
    refusal = steamvr_client.refusal()
    assert refusal is not None
    assert says in refusal

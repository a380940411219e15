"""The reader beside a game: on a real runtime that comes and goes, and kept off all others."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from unvisor.headset.frame import HeadSample
from unvisor.headset.sensors.openxr.plug import PLUG, OpenXrReader, OpenXrSettings

from ...testbed.installation import Installation
from ...testbed.monado import Monado
from .conftest import RunXr, StartXr

RESTARTS = 3


def read_once(count: int) -> dict[str, Any]:
    import time

    reader = PLUG.make(PLUG.settings())
    lives: list[int] = []
    health = reader.health()
    for _ in range(2):
        heads = 0
        with reader:
            while heads < count:
                heads += sum(isinstance(sample, HeadSample) for sample in reader.read())
                time.sleep(0.01)
            health = reader.health()
        lives.append(heads)
    return {
        "state": health.state,
        "note": health.note,
        "offset_s": health.offset_s,
        "offset_error_s": health.offset_error_s,
        "dropped": health.dropped,
        "lives": lives,
        "threads": [thread.name for thread in threading.enumerate()],
    }


@pytest.mark.openxr
def test_it_reads_the_head_and_leaves_nothing_behind(run_xr: RunXr) -> None:
    told = run_xr(read_once, count=60)
    assert told["state"] == "live"
    assert "supportsEyeGazeInteraction is false" in told["note"]
    assert 0.0 < told["offset_error_s"] < 1e-3
    assert told["offset_s"] != 0.0
    assert told["dropped"] == 0
    assert min(told["lives"]) >= 60
    assert told["threads"] == ["MainThread"]


def following() -> dict[str, Any]:
    """Say `live` and `lost` as they come, until it has lived once more than it was lost."""
    import logging
    import time

    said: list[str] = []
    catcher = logging.Handler()
    catcher.emit = lambda record: said.append(record.getMessage())
    logging.getLogger("unvisor").addHandler(catcher)
    logging.getLogger("unvisor").setLevel(logging.INFO)
    tasks, files, notes = list[int](), list[int](), list[str]()

    with OpenXrReader(OpenXrSettings()) as reader:
        for life in range(RESTARTS + 1):
            seen = 0
            while seen < 30:
                seen += len(reader.read())
                time.sleep(0.01)
            tasks.append(len(os.listdir("/proc/self/task")))  # noqa: PTH208
            files.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
            sys.stdout.write(f"live {life}\n")
            sys.stdout.flush()
            if life == RESTARTS:
                break
            while (health := reader.health()).state != "lost":
                reader.read()
                time.sleep(0.01)
            notes.append(f"{health.note}: {health.remedy}")
            sys.stdout.write(f"lost {life}\n")
            sys.stdout.flush()
    return {
        "tasks": tasks,
        "files": files,
        "notes": notes,
        "said": said,
        "threads": threading.active_count(),
    }


@pytest.mark.openxr
def test_a_runtime_killed_and_started_again_comes_back(
    installation: Installation, start_xr: StartXr
) -> None:
    with Monado(installation) as runtime:
        child = start_xr(following, runtime=runtime)
        for life in range(RESTARTS):
            assert child.line() == f"live {life}"
            runtime.kill()
            assert child.line() == f"lost {life}"
            runtime.restart()
        assert child.line() == f"live {RESTARTS}"
        told = child.result()
    assert len(set(told["tasks"])) == 1
    assert len(set(told["files"])) == 1
    assert told["threads"] == 1
    assert all(note.strip(": ") for note in told["notes"])
    assert all("\n" not in line for line in told["said"])
    opened = [line for line in told["said"] if line.endswith(": head")]
    assert len(opened) == RESTARTS + 1


def halted() -> dict[str, Any]:
    import time

    with OpenXrReader(OpenXrSettings()) as reader:
        while not reader.read():
            time.sleep(0.01)
        sys.stdout.write("live\n")
        sys.stdout.flush()
        while reader.health().state != "lost":
            reader.read()
            time.sleep(0.01)
    left = [thread.name for thread in threading.enumerate() if thread.daemon]
    return {"left": left, "state": reader.health().state}


@pytest.mark.openxr
def test_a_runtime_that_does_not_answer_is_left(
    installation: Installation, start_xr: StartXr
) -> None:
    with Monado(installation) as runtime:
        folder = Path(runtime.environment["XDG_RUNTIME_DIR"])
        service = int((folder / "monado.pid").read_text())
        child = start_xr(halted, runtime=runtime)
        assert child.line() == "live"
        assert sys.platform != "win32"
        os.kill(service, signal.SIGSTOP)
        try:
            # Its thread waits in the runtime; neither reading nor closing waits for it.
            assert child.result() == {"left": ["openxr"], "state": "lost"}
        finally:
            os.kill(service, signal.SIGCONT)


def unread() -> dict[str, Any]:
    import time

    with OpenXrReader(OpenXrSettings(rate_hz=1000.0)) as reader:
        while not reader.health().dropped:
            time.sleep(0.05)
        return {"kept": len(reader.read()), "dropped": reader.health().dropped}


@pytest.mark.openxr
def test_what_nobody_reads_is_dropped_oldest_first(run_xr: RunXr) -> None:
    told = run_xr(unread)
    assert told["kept"] <= 1024 + 8
    assert told["dropped"] > 0


def manifest(folder: Path, library: str) -> Path:
    path = folder / "runtime.json"
    runtime = {"name": "Another", "library_path": library}
    path.write_text(json.dumps({"file_format_version": "1.0.0", "runtime": runtime}))
    return path


@pytest.mark.parametrize(
    ("library", "state", "said"),
    [
        ("bin/linux64/vrclient.so", "off", "may end the running game"),
        ("libsomething_new.so", "off", "may end the running game"),
        ("", "off", "no runtime is active"),
        ("libopenxr_monado.so", "waiting", "its service does not run"),
        ("libopenxr_wivrn.so", "waiting", "its service does not run"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: nothing runs headless on Windows")
def test_nothing_is_loaded_where_no_session_may_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, state: str, said: str
) -> None:
    path = manifest(tmp_path, library) if library else tmp_path / "none.json"
    monkeypatch.setenv("XR_RUNTIME_JSON", str(path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    loaded = "xr" in sys.modules
    with PLUG.make(PLUG.settings()) as reader:
        health = reader.health()
        assert (health.state, reader.read()) == (state, [])
        assert said in health.note
        assert health.remedy
    assert ("xr" in sys.modules) == loaded
    assert PLUG.by_default


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: nothing runs headless on Windows")
def test_a_folder_that_cannot_be_looked_into_is_one_without_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after `su`, which leaves another user's there; root may look into any, but not into this.
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/" + 5000 * "x")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/" + 5000 * "x")
    monkeypatch.delenv("XR_RUNTIME_JSON", raising=False)
    with PLUG.make(PLUG.settings()) as reader:
        assert reader.health().state == "off"
    monkeypatch.setenv("XR_RUNTIME_JSON", str(manifest(tmp_path, "libopenxr_monado.so")))
    with PLUG.make(PLUG.settings()) as reader:
        assert "its service does not run" in reader.health().note


def test_a_service_that_died_is_not_taken_for_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    from unvisor.headset.beside import read_manifest
    from unvisor.headset.sensors.openxr.service import runs

    if sys.platform == "win32":
        pytest.skip("elsewhere: Windows' services are not seen by files")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    runtime = read_manifest(manifest(tmp_path, "libopenxr_monado.so"))
    number = tmp_path / "monado.pid"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "monado_comp_ipc"))
        assert not runs(runtime)  # waits to be woken by whoever calls
        for text, living in (
            (f"{os.getpid()}\n", True), ("0", False), ("-1", False), ("", False),
            ("99999999999999999999", False), ("word", False), ("4194305", False),
        ):  # fmt: skip
            number.write_text(text)
            assert runs(runtime) == living, text

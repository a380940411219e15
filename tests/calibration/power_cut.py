"""Writes profiles and cuts the power at every call of the system's that this makes. POSIX alone.

    python power_cut.py MODE FOLDER

Each time a child of this program goes one call further, and is then killed on its way into the next.
What the disk holds is judged twice: as it stands, and as a power cut may leave it, with every file
empty whose bytes were not yet synced. Prints a JSON object: how many calls there were, how often the
old profile and the new one were found, and what was neither.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

import numpy as np

from unvisor.calibration import profile
from unvisor.calibration.consent.sealed import sealed, unsealed
from unvisor.calibration.consent.store import Grant
from unvisor.calibration.profile_file import written
from unvisor.headset.errors import CalibrationError, UnvisorError

assert sys.platform != "win32", "needs fork and SIGKILL"

OLD_S: Final = 1.0
NEW_S: Final = 2.0
_OF_THE_SYSTEM: Final = ("posix", "_io")
_MOST: Final = 400
_ROUNDS: Final = 40
_GRANT: Final = Grant(context_id="0" * 32, wearer="w", key=bytes(32))


def of(seconds: float) -> profile.Profile:
    """Return a profile that is told by its seconds, and of a usual size."""
    rng = np.random.default_rng(round(seconds))
    rest, reach = rng.random((2, 88))
    return replace(profile.of_nobody(), rest=rest, reach=reach, seconds=seconds)


def save(path: Path) -> None:
    profile.save(path, of(NEW_S))


def update(path: Path) -> None:
    profile.update(path, of(NEW_S))


def undo(path: Path) -> None:
    profile.undo(path)


def seal(content: bytes) -> bytes:
    return sealed(content, [_GRANT])


def unseal(path: Path, whole: bytes) -> bytes:
    return unsealed(path, whole, _GRANT)


def save_sealed(path: Path) -> None:
    profile.save(path, of(NEW_S), seal=seal)


def naive(path: Path) -> None:
    """What must be found out: writes in place."""
    path.write_bytes(written(of(NEW_S)))


def unsynced(path: Path) -> None:
    """And so must this: renames what is not on the disk."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(written(of(NEW_S)))
    draft.replace(path)


WAYS: Final[dict[str, Callable[[Path], None]]] = {
    "save": save, "sealed": save_sealed, "update": update, "undo": undo, "naive": naive,
    "unsynced": unsynced,
}  # fmt: skip


def cut_after(events: int, log: Path) -> None:
    """Kill this program on its way into its n-th call of the system's; note what is synced."""
    left = [events]
    sync = os.fsync
    note = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def noted(descriptor: int) -> None:
        sync(descriptor)
        os.write(note, f"{os.fstat(descriptor).st_ino}\n".encode())

    def step(_frame: FrameType, event: str, what: object) -> None:
        owner = (
            getattr(what, "__module__", None) or type(getattr(what, "__self__", None)).__module__
        )
        if event != "c_call" or owner not in _OF_THE_SYSTEM:
            return
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    os.fsync = noted
    sys.setprofile(step)


def every_call(way: str, folder: Path) -> dict[str, object]:
    """Cut at each call in turn until there is none left."""
    found: dict[str, object] = {}
    counts, faults = {OLD_S: 0, NEW_S: 0}, list[str]()
    before = folder / "before"
    before.mkdir()
    # What `undo` goes back to is what the others would write.
    for seconds in (NEW_S if way == "undo" else 0.0, OLD_S):
        profile.save(before / "wearer.json", of(seconds))
    for events in range(_MOST):
        home = shutil.copytree(before, folder / f"{events}")
        path, log = home / "wearer.json", folder / f"{events}.log"
        on_disk = {version(entry) for entry in home.rglob("*")}
        child = os.fork()
        if child == 0:
            cut_after(events, log)
            WAYS[way](path)
            os._exit(0)  # nothing of the parent's is to be flushed twice
        _, status = os.waitpid(child, 0)
        judge(path, counts, faults, f"{way}, call {events}")
        synced = {int(word) for word in log.read_text().split()}
        for entry in home.rglob("*.*"):
            if (
                entry.is_file()
                and version(entry) not in on_disk
                and version(entry)[0] not in synced
            ):
                os.truncate(entry, 0)
        judge(path, counts, faults, f"{way}, call {events}, unsynced bytes lost")
        if path.exists() and not faults:
            profile.save(path, of(NEW_S))  # what was left behind is in nobody's way
        shutil.rmtree(home)
        if os.WIFEXITED(status):
            found["calls"] = events
            break
    return found | {"old": counts[OLD_S], "new": counts[NEW_S], "faults": faults}


def version(entry: Path) -> tuple[int, int]:
    """Return which file it is and when its bytes were last written."""
    return entry.stat().st_ino, entry.stat().st_mtime_ns


def judge(path: Path, counts: dict[float, int], faults: list[str], where: str) -> None:
    """Count which profile is there; note where neither is."""
    try:
        seconds = profile.load(path, unseal=unseal).seconds
    except UnvisorError as error:
        faults.append(f"{where}: {error}")
        return
    if seconds in counts:
        counts[seconds] += 1
    else:
        faults.append(f"{where}: {seconds} s")


def any_moment(folder: Path) -> dict[str, object]:
    """Kill a writer that never stops, at moments that nobody chose."""
    path, faults, rng, last = folder / "wearer.json", list[str](), random.Random(0), 0.0
    profile.save(path, of(0.0))
    for _ in range(_ROUNDS):
        child = os.fork()
        if child == 0:
            while True:
                last += 1.0
                profile.save(path, of(last))
        time.sleep(rng.uniform(0.0, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            seconds = profile.load(path).seconds
        except CalibrationError as error:
            faults.append(str(error))
            continue
        if seconds < last:
            faults.append(f"{seconds} after {last}")
        last = seconds
        for kept in profile.former(path):
            profile.load(kept)
    return {"writes": last, "faults": faults}


if __name__ == "__main__":
    mode, place = sys.argv[1], Path(sys.argv[2])
    sys.stdout.write(
        json.dumps(any_moment(place) if mode == "moments" else every_call(mode, place))
    )

"""How soon `unvisor run` shows a first face, and how much memory it takes, without torch.

It is started as a wearer starts it, a process of its own, and the face is waited for where it goes:
at a socket, as Live Link Face. So what counts is all there is between the Enter key and a moving
face, but for the disk's first reading: one start before those that count has read the files.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from rich.table import Table

from ..calibration import profile
from ..calibration.fit import fit
from ..headset.clock import now_ns, seconds
from ..headset.errors import OutputError
from ..reconstruct.bench import (
    live_senders,
)
from ..reconstruct.bench.benchmark import (
    performed,
)

_DEVICES: Final = "devices"
SOURCES: Final = ("demo", _DEVICES)
"""Recorded sensors; and sockets, with a mouth tracker that is there already and a wearer's profile."""

TIMES: Final = 5
"""How often each is started; the median counts."""

FIRST_FACE_S: Final = 1.5
RESIDENT_MB: Final = 300.0
"""What is to be reached. Source: FIDELITY."""

_INSIDE: Final = "unvisor.tools.bench_start_inside"
_LOOPBACK: Final = "127.0.0.1"
RUNS_S: Final = 2.0
"""How long each runs: most memory is taken at the start."""

_STARTS_WITHIN_S: Final = 60.0
_LOOKS_S: Final = 0.05
_TRACKER_HZ: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """One source's starts.

    Attributes:
        source: Which.
        first_face_s: From the start of the process to its first face at a socket, each time.
        most_resident_mb: The most it held in its first seconds; NaN where the system does not say.
    """

    source: str
    first_face_s: tuple[float, ...]
    most_resident_mb: tuple[float, ...]


def measured(
    step: Callable[[str], None],
    *,
    times: int = TIMES,
    sources: Sequence[str] = SOURCES,
    runs_s: float = RUNS_S,
) -> list[Started]:
    """Start `run` again and again with each source.

    Args:
        step: Told what was done, `steps()` times.
        times: How many starts count.
        sources: As `run --source` takes them.
        runs_s: How long each runs.

    Raises:
        OutputError: It did not start, or showed no face.
    """
    found: list[Started] = []
    with TemporaryDirectory(prefix="unvisor-") as folder:
        settings, wearer = Path(folder) / "settings.toml", Path(folder) / "wearer.json"
        settings.touch()  # not the user's own, whose outputs are somebody's
        profile.save(wearer, fit(performed().frames()))
        for source in sources:
            taken: list[tuple[float, float]] = []
            with ExitStack() as stack:
                given = [
                    "--source",
                    source,
                    "--settings",
                    str(settings),
                    "--duration-s",
                    str(runs_s),
                ]
                if source == _DEVICES:
                    port = _free_port()
                    stack.enter_context(
                        live_senders.trackers(live_senders.mouth(port, _TRACKER_HZ))
                    )
                    given += ["--sensor", f"babble:port={port}", "--profile", str(wearer),
                              "--consent-reference", "bench"]  # fmt: skip
                for _ in range(times + 1):
                    taken.append(_once(given))
                    step(f"start, {source}")
            first_s, most_mb = zip(*taken[1:], strict=True)
            found.append(Started(source=source, first_face_s=first_s, most_resident_mb=most_mb))
    return found


def steps(times: int = TIMES) -> int:
    """Return how often `measured` starts something."""
    return len(SOURCES) * (times + 1)


def table(starts: Sequence[Started]) -> Table:
    """Return the figures, for a terminal."""
    shown = Table("unvisor run, without torch", "first face s", "worst", f"goal {FIRST_FACE_S:g}",
                  "MB at most", f"goal {RESIDENT_MB:g}", "starts", box=None, pad_edge=False)  # fmt: skip
    for row in starts:
        first_s, most_mb = median(row.first_face_s), max(row.most_resident_mb)
        shown.add_row(
            f"--source {row.source}",
            f"{first_s:.2f}",
            f"{max(row.first_face_s):.2f}",
            "met" if first_s <= FIRST_FACE_S else "missed",
            f"{most_mb:.0f}" if most_mb == most_mb else "not known here",
            "" if most_mb != most_mb else "met" if most_mb < RESIDENT_MB else "missed",
            str(len(row.first_face_s)),
        )
    return shown


def _once(given: Sequence[str]) -> tuple[float, float]:
    """Return (seconds to the first face, megabytes at most) of one start."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind((_LOOPBACK, 0))
        ear.settimeout(_LOOKS_S)
        to = f"{_LOOPBACK}:{ear.getsockname()[1]}"
        arguments = [sys.executable, "-P", "-m", _INSIDE, "run", "--headless", "--json", *given,
                     "--live-link-face", to]  # fmt: skip
        began_ns = now_ns()
        with subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            first_s = _heard(ear, child, began_ns)
            try:
                told, odd = child.communicate(timeout=_STARTS_WITHIN_S)
            except subprocess.TimeoutExpired as cause:
                child.kill()
                raise OutputError(
                    "bench: `unvisor run` does not end: see `unvisor doctor`"
                ) from cause
    if child.returncode or first_s is None:
        words = (odd.strip().splitlines() or ["it showed no face"])[-1]
        raise OutputError(f"bench: `unvisor run` did not start ({words}): see `unvisor doctor`")
    most_mb: float | None = json.loads(told.splitlines()[-1])["most_resident_mb"]
    return first_s, float("nan") if most_mb is None else most_mb


def _heard(ear: socket.socket, child: subprocess.Popen[str], began_ns: int) -> float | None:
    """Return how long after the start something came, None where nothing did."""
    while (since_s := seconds(now_ns() - began_ns)) < _STARTS_WITHIN_S and child.poll() is None:
        try:
            ear.recv(1 << 16)
        except TimeoutError:
            continue
        return seconds(now_ns() - began_ns)
    if since_s >= _STARTS_WITHIN_S:
        child.kill()
    return None


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((_LOOPBACK, 0))
        return probe.getsockname()[1]

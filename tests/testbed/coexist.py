"""Whether a game notices that unvisor starts, runs and stops beside it.

    .venv/bin/python -m tests.testbed.coexist --duration-s 300

prints JSON: the states the game's session went through, its frames before, during and after, and what
unvisor had of the headset meanwhile. A frame is missed where the runtime's displays went on without
one of the game's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from threading import Thread
from typing import Any, TypedDict

from unvisor.headset.clock import NS_PER_MS, NS_PER_S, now_ns

from .child import Child
from .game import play_until_told
from .installation import Installation, find
from .monado import Monado

MARGIN_S = 10.0
"""How long the game plays alone, before and after."""

RUN = "from unvisor.tools.main import main; raise SystemExit(main())"
"""The command, on whichever Python."""


class Phase(TypedDict):
    """The game's frames of one stretch of time."""

    duration_s: float
    frames: int
    period_median_ms: float
    period_p95_ms: float
    missed: int
    states: list[str]


class Coexistence(TypedDict):
    """What came of it.

    `openxr` is how unvisor's sensor was doing at its end, by the words of `run --json`; `status` and
    `errors` are its process's.
    """

    states: list[str]
    before: Phase
    during: Phase
    after: Phase
    status: int
    errors: str
    openxr: dict[str, Any]
    faces: int


def coexist(
    installation: Installation, *, duration_s: float, margin_s: float = MARGIN_S
) -> Coexistence:
    """Play a game on a screen, and run unvisor beside it for a while, as it is without a word."""
    lines: list[dict[str, Any]] = []
    with Monado(installation, display=True) as runtime:
        game = Child(runtime.python, play_until_told, environment=runtime.environment, arguments={})
        with game:
            listener = Thread(target=_listen, args=(game, lines), daemon=True)
            listener.start()
            _focused(lines)
            marks_ns = [now_ns()]
            time.sleep(margin_s)
            marks_ns.append(now_ns())
            ran = _run_beside(runtime, duration_s)
            marks_ns.append(now_ns())
            time.sleep(margin_s)
            marks_ns.append(now_ns())
            game.tell("stop")
            listener.join()
            game.result()
    frames = [line for line in lines if "at_ns" in line]
    before, during, after = (_phase(frames, *stretch) for stretch in pairwise(marks_ns))
    summed: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1]) if ran.stdout else {}
    return Coexistence(
        states=lines[-1]["states"],
        before=before,
        during=during,
        after=after,
        status=ran.returncode,
        errors=ran.stderr,
        openxr=summed.get("parts", {}).get("from openxr", {}),
        faces=summed.get("faces", 0),
    )


def _listen(game: Child, lines: list[dict[str, Any]]) -> None:
    while True:
        lines.append(json.loads(game.line()))
        if "states" in lines[-1]:
            return


def _focused(lines: Sequence[dict[str, Any]]) -> None:
    until = time.monotonic() + 60.0
    while not lines or lines[-1].get("state") != "FOCUSED":
        assert time.monotonic() < until, "the game never had the focus"
        time.sleep(0.05)


def _run_beside(runtime: Monado, duration_s: float) -> subprocess.CompletedProcess[str]:
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # neither the settings nor the log of whoever runs it
        return subprocess.run(
            [
                *(str(runtime.python), "-W", "error", "-P", "-c", RUN),
                *("run", "--duration-s", str(duration_s), "--json"),
            ],
            env={**runtime.environment, "XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=duration_s + 120,
        )


def _phase(frames: Sequence[dict[str, Any]], since_ns: int, until_ns: int) -> Phase:
    inside = [frame for frame in frames if since_ns <= frame["at_ns"] < until_ns]
    pairs = list(pairwise(inside))
    periods_ms = [(two["at_ns"] - one["at_ns"]) / NS_PER_MS for one, two in pairs]
    shown = [
        round((two["display_ns"] - one["display_ns"]) / two["period_ns"]) for one, two in pairs
    ]
    return Phase(
        duration_s=round((until_ns - since_ns) / NS_PER_S, 2),
        frames=len(inside),
        period_median_ms=round(statistics.median(periods_ms), 2) if pairs else float("nan"),
        period_p95_ms=round(sorted(periods_ms)[int(0.95 * len(pairs))], 2)
        if pairs
        else float("nan"),
        missed=sum(max(0, displays - 1) for displays in shown),
        states=sorted({frame["state"] for frame in inside}),
    )


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--duration-s", type=float, default=300.0, metavar="N")
    parser.add_argument("--margin-s", type=float, default=MARGIN_S, metavar="N")
    options = parser.parse_args()
    came = coexist(find(), duration_s=options.duration_s, margin_s=options.margin_s)
    sys.stdout.write(f"{json.dumps(came, indent=2)}\n")


if __name__ == "__main__":
    main()

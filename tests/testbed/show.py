"""Whether the headset is shown a face without a break, on a real runtime, as a user would run it.

    .venv/bin/python -m tests.testbed.show --duration-s 300 --pictures pictures

prints JSON: frames, and those that were late, by the headset process's own count; what the validation
layer complains of; where screenshots of both eyes lie. In the middle the runtime is killed and started
again. A CPU draws all of it, so pictures are small (`--scale`) and the display slow (`--rate-hz`).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unvisor.headset.compositor.punctuality import COUNTED

from .coexist import RUN
from .installation import Installation, find
from .monado import Monado

SCALE = 0.25
RATE_HZ = 30.0
PATIENCE_S = 40.0


class Life(TypedDict):
    """What one headset process counted; its first and second are the runtime's before and after."""

    frames: int
    duration_s: float
    skipped: int
    late: int
    cpu_p50_ms: float
    cpu_p99_ms: float


class Exhibition(TypedDict):
    """What came of it."""

    lives: list[Life]
    complaints: list[str]
    pictures: list[str]
    status: int
    errors: str
    summary: dict[str, Any]


def show(
    installation: Installation,
    *,
    duration_s: float,
    pictures: Path,
    scale: float = SCALE,
    rate_hz: float = RATE_HZ,
) -> Exhibition:
    """Run unvisor's room for so long, on a runtime that dies in the middle of it.

    Args:
        installation: Of Monado.
        duration_s: How long the face is shown; starting comes on top.
        pictures: The folder for screenshots.
        scale: Of the views, 1 being 896 x 1007.
        rate_hz: Of the display.

    Raises:
        AssertionError: No face is ever seen.
    """
    with (
        tempfile.TemporaryDirectory() as scratch,
        Monado(installation, display=True, framerate_hz=rate_hz, scale=scale) as runtime,
        (Path(scratch) / "out").open("w+") as out,
        (Path(scratch) / "errors").open("w+") as errors,
    ):
        # The log and the settings of whoever runs this are neither read nor written.
        running = subprocess.Popen(
            [
                *(str(runtime.python), "-W", "error", "-P", "-c", RUN),
                *("run", "--source", "demo", "--room", "--loop", "--json"),
                *("--duration-s", str(duration_s + PATIENCE_S)),
            ],
            env={**runtime.validating, "XDG_STATE_HOME": scratch},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
        )
        try:
            taken = [_seen(runtime, running, pictures / "before")]
            time.sleep(duration_s / 2)
            taken.append(_taken(runtime, pictures / "middle"))
            complaints = runtime.complaints  # the next process writes the file anew
            runtime.kill()
            runtime.restart()
            taken.append(_seen(runtime, running, pictures / "after"))
            time.sleep(duration_s / 2)
            taken.append(_taken(runtime, pictures / "end"))
            running.terminate()
            status = running.wait(PATIENCE_S)
        finally:
            running.kill()
            running.wait()
        out.seek(0)
        errors.seek(0)
        log = "".join(path.read_text() for path in sorted(Path(scratch).rglob("unvisor.log*")))
        said = out.read().splitlines()
        return Exhibition(
            lives=[_life(found) for found in COUNTED.finditer(log)],
            complaints=[*complaints, *runtime.complaints],
            pictures=[str(path) for pair in taken for path in pair],
            status=status,
            errors=errors.read(),
            summary=json.loads(said[-1]) if said else {},
        )


def _life(found: re.Match[str]) -> Life:
    return Life(
        frames=int(found["frames"]),
        duration_s=float(found["duration_s"]),
        skipped=int(found["skipped"]),
        late=int(found["late"]),
        cpu_p50_ms=float(found["cpu_p50_ms"]),
        cpu_p99_ms=float(found["cpu_p99_ms"]),
    )


def eyes(screen: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return what the left and the right eye see."""
    middle = screen.shape[1] // 2
    return screen[:, :middle], screen[:, middle:]


def shows_a_face(picture: NDArray[np.uint8]) -> bool:
    """Whether skin is in the middle of an eye's picture: clearly redder than blue, over some of it."""
    height, width = picture.shape[:2]
    middle = picture[height // 4 : -height // 4, width // 4 : -width // 4].astype(int)
    return float((middle[..., 0] > 1.2 * middle[..., 2] + 20).mean()) > 0.05


def _seen(runtime: Monado, running: subprocess.Popen[bytes], stem: Path) -> tuple[Path, Path]:
    """Wait until both eyes see a face; keep what they see."""
    until = time.monotonic() + PATIENCE_S
    while not all(shows_a_face(picture) for picture in eyes(runtime.screenshot())):
        assert running.poll() is None, f"unvisor ended with {running.returncode}"
        if time.monotonic() > until:
            kept = _taken(runtime, stem)
            raise AssertionError(f"no face is seen: look at {kept[0]}")
        time.sleep(0.1)
    return _taken(runtime, stem)


def _taken(runtime: Monado, stem: Path) -> tuple[Path, Path]:
    stem.parent.mkdir(parents=True, exist_ok=True)
    left, right = (stem.with_name(f"{stem.name}-{eye}.png") for eye in ("left", "right"))
    for path, picture in zip((left, right), eyes(runtime.screenshot()), strict=True):
        Image.fromarray(picture).save(path)
    return left, right


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--duration-s", type=float, default=300.0, metavar="N")
    parser.add_argument("--pictures", type=Path, default=Path("pictures"), metavar="DIR")
    parser.add_argument("--scale", type=float, default=SCALE, metavar="X")
    parser.add_argument("--rate-hz", type=float, default=RATE_HZ, metavar="N")
    options = parser.parse_args()
    came = show(
        find(),
        duration_s=options.duration_s,
        pictures=options.pictures,
        scale=options.scale,
        rate_hz=options.rate_hz,
    )
    sys.stdout.write(f"{json.dumps(came, indent=2)}\n")


if __name__ == "__main__":
    main()

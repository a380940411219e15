"""What `doctor` looks at: each check tells what it found, and what to do where that is not enough."""

from __future__ import annotations

import importlib.metadata as installed
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from ctypes.util import find_library
from pathlib import Path
from typing import Final

from .. import __version__
from ..headset import settings
from ..headset.errors import HeadsetError, ModelError, UnvisorError
from ..headset.frame import Sink
from ..headset.outputs.udp import LOOPBACK, UdpTarget
from ..headset.plug import SINK_PLUGS, Settings
from ..headset.ports import listening
from . import findings_headset, logbook
from .finding import Finding, State, failed

LEAST_PYTHON: Final = (3, 11)
LEAST_FREE_BYTES: Final = 2 << 30
"""An hour of recording without images takes 30 MB, with three cameras some 2 GB."""
LIBRARIES: Final = {
    "portaudio": ("libportaudio2", "no microphone can be heard"),
    "EGL": ("libegl1", "nothing can be drawn without a screen"),
    "GL": ("libgl1", "nothing can be drawn in a headset"),
}
"""A library of the system's -> Debian's package of it, and what is lost without it."""


def look(settings_file: Path, listen_s: float) -> Iterator[Finding]:
    """Yield every finding, the ground first.

    Args:
        settings_file: Where the wearer's settings are.
        listen_s: How long to wait for sensors to say something.
    """
    yield from _machine()
    yield from _packages()
    yield from _libraries()
    yield _drawing()
    yield from _inference()
    chosen = settings.Chosen()
    try:
        chosen = settings.load(settings_file)
    except UnvisorError as error:
        yield failed("settings", error)
    else:
        found = settings_file.exists()
        yield Finding(
            name="settings",
            state="ok" if found else "absent",
            found=str(settings_file) if found else f"none at {settings_file}: defaults",
        )
    yield from findings_headset.look(chosen.readers, listen_s)
    yield from _outputs(chosen.outputs)


def _machine() -> Iterator[Finding]:
    old = sys.version_info < LEAST_PYTHON
    yield Finding(
        name="python",
        state="wrong" if old else "ok",
        found=f"{platform.python_version()} at {sys.executable}",
        remedy=f"install Python {'.'.join(map(str, LEAST_PYTHON))} or newer" if old else "",
        essential=True,
    )
    yield Finding(
        name="system", state="ok", found=f"{platform.platform()}, {os.cpu_count()} processors"
    )
    free = shutil.disk_usage(Path.cwd()).free
    full = free < LEAST_FREE_BYTES
    yield Finding(
        name="disk",
        state="wrong" if full else "ok",
        found=f"{free / (1 << 30):.1f} GiB free in {Path.cwd()}",
        remedy="make room before recording" if full else "",
    )
    log = logbook.log_path()
    yield Finding(name="log", state="ok" if log.exists() else "absent", found=str(log))


def versions() -> dict[str, str | None]:
    """Return the version of each distribution that unvisor needs to run, None where missing.

    ONNX Runtime goes by two names, one a platform: the one that is there is listed.
    """
    try:
        needed = installed.requires("unvisor") or []
    except installed.PackageNotFoundError:
        needed = []
    found: dict[str, str | None] = {"unvisor": __version__}
    for requirement in needed:
        name, _, marker = requirement.partition(";")
        if "extra" in marker:
            continue
        name = re.split(r"[^\w.-]", name.strip(), maxsplit=1)[0]
        version = _version(name)
        if version is not None or not marker:
            found[name] = version
    return found


def _version(name: str) -> str | None:
    try:
        return installed.version(name)
    except installed.PackageNotFoundError:
        return None


def _packages() -> Iterator[Finding]:
    found = versions()
    missing = [name for name, version in found.items() if version is None]
    twice = {"onnxruntime", "onnxruntime-gpu"} <= found.keys()
    remedy = f"pip install {' '.join(missing)}" if missing else ""
    if twice:
        remedy = "pip uninstall onnxruntime onnxruntime-gpu, then install unvisor again"
    yield Finding(
        name="packages",
        state="wrong" if missing or twice else "ok",
        found=", ".join(f"{name} {version or 'missing'}" for name, version in found.items()),
        remedy=remedy,
        essential=True,
    )


def _libraries() -> Iterator[Finding]:
    if sys.platform != "linux":  # elsewhere they come with the packages
        return
    lacking = {name: about for name, about in LIBRARIES.items() if find_library(name) is None}
    uses = "; ".join(f"lib{name} missing: {use}" for name, (_, use) in lacking.items())
    packages = " ".join(package for package, _ in lacking.values())
    yield Finding(
        name="libraries",
        state="absent" if lacking else "ok",
        found=uses or ", ".join(f"lib{name}" for name in LIBRARIES),
        remedy=f"apt-get install {packages}" if lacking else "",
    )


def _drawing() -> Finding:
    from ..headset.compositor.context import probe

    try:
        report = probe()
    except HeadsetError as error:
        return failed("drawing", error)
    version = ".".join(map(str, report.version))
    return Finding(
        name="drawing",
        state="ok",
        found=f"OpenGL {version}, {report.renderer} ({report.route})",
        remedy="install the graphics card's driver: this draws on the processor"
        if report.software
        else "",
    )


def _inference() -> Iterator[Finding]:
    try:
        from ..reconstruct import models, runtime

        (_, reason), (_, other) = runtime.providers(), runtime.providers(gpu=True)
        yield Finding(
            name="inference",
            state="ok",
            found=f"ONNX Runtime on the {reason}; with --gpu on the {other}",
        )
        about = models.metadata(models.DEFAULT)
    except (ImportError, ModelError) as error:
        yield failed("model", error, essential=True)
        return
    people = "" if about is None else f", trained on {len(about.people)} people"
    given_up = "" if about is None or not about.falls_back else _given_up(about.falls_back)
    yield Finding(
        name="model",
        state="ok",
        found=f"{models.DEFAULT}: {models.model_path(models.DEFAULT)}{people}{given_up}",
        essential=True,
    )


def _outputs(chosen: Mapping[str, Settings]) -> Iterator[Finding]:
    for name in SINK_PLUGS.names():
        try:
            plug = SINK_PLUGS.load(name)
            given = chosen.get(name) or plug.settings()
            with plug.make(given) as sink:
                yield _output(name, given, sink, wanted=name in chosen)
        except UnvisorError as error:
            yield failed(f"output {name}", error)


def _output(name: str, given: Settings, sink: Sink, *, wanted: bool) -> Finding:
    state: State = "ok"
    found, remedy = "can be sent to", sink.health().remedy
    if isinstance(given, UdpTarget):
        found = f"can be sent to {given.host}:{given.port}"
        if given.host in LOOPBACK and listening(given.port) is False:
            found += ", where nobody listens"
            state = "absent"
            remedy = remedy or ("start the receiver" if wanted else "")
    return Finding(name=f"output {name}", state=state, found=found, remedy=remedy)


def _given_up(falls_back: Mapping[str, Mapping[str, str]]) -> str:
    """Say which channels ship a baseline, by rig."""
    told = [
        f"{rig}: {channel} by {baseline}"
        for rig, channels in falls_back.items()
        for channel, baseline in channels.items()
    ]
    return f"; left to baselines: {', '.join(told)}" if told else ""

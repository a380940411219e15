"""Unpacks an OpenXR runtime for the tests: Monado, Mesa and an X server of Debian 13.

    .venv/bin/python tests/testbed/provision.py

needs neither root, a GPU nor a headset, leaves the system as it is, and does nothing where it has
run before. Monado's client library wants a newer glibc than Debian 12 has, so the packages and all
they depend on are unpacked into a folder of their own, and programs run on that folder's dynamic
loader (`installation.py`). A machine whose own Debian or Ubuntu packages Monado needs none of it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SUITE = "trixie"
PACKAGES = (
    "monado-service",
    "libopenxr1-monado",
    "mesa-vulkan-drivers",
    "libgl1",
    "libegl1",
    "libglx-mesa0",
    "libegl-mesa0",
    "libgl1-mesa-dri",
    "libx11-6",
    "xvfb",
    "xkb-data",
    "openxr-layer-corevalidation",
)
HERE = (
    *("monado-service", "libopenxr1-monado", "mesa-vulkan-drivers", "xvfb", "x11-xkb-utils"),
    "openxr-layer-corevalidation",
)
"""What a system that has Monado itself needs installed."""

NEVER_READ = ("doc", "man", "locale", "info", "gdal", "proj", "iso-codes", "icons", "lintian")
"""Folders of /usr/share that no test opens."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
COMMAND = ".venv/bin/python tests/testbed/provision.py"
SIZE = "180 MB to download, 0.6 GB on disk"
STAMP = ".unpacked"


class CannotProvisionError(Exception):
    """The runtime cannot be unpacked here; says what to do."""


def root() -> Path:
    """Return the folder it is unpacked into: UNVISOR_XR_ROOT, or one in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("UNVISOR_XR_ROOT") or cache / "unvisor" / "openxr-testbed")


def system_has_one() -> bool:
    """Whether the system itself has Monado, so that nothing need be unpacked."""
    return shutil.which("monado-service") is not None


def is_ready(place: Path) -> bool:
    """Whether exactly what this script would unpack stands there."""
    try:
        return (place / STAMP).read_text() == _stamp()
    except OSError:
        return False


def provision(place: Path) -> None:
    """Unpack the runtime into `place`; when two do it at once, one waits for the other.

    Raises:
        CannotProvisionError: a tool is missing, or the packages cannot be had.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise CannotProvisionError("Monado is unpacked on Linux, for x86_64: nothing to do here")
    import fcntl

    for tool, package in (("apt-get", "apt"), ("dpkg-deb", "dpkg")):
        if not shutil.which(tool):
            raise CannotProvisionError(f"no {tool}: install {package}, or Monado by other means")
    if not KEYRING.exists():
        raise CannotProvisionError(f"no {KEYRING}: sudo apt-get install debian-archive-keyring")
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_ready(place):
            _unpack_beside(place)


def _stamp() -> str:
    """What is unpacked follows from this, and nothing else."""
    return " ".join((SUITE, *PACKAGES, "without", *NEVER_READ))


def _unpack_beside(place: Path) -> None:
    """Unpack into a folder beside `place`, then put it there in one step."""
    with tempfile.TemporaryDirectory(prefix=f"{place.name}.", dir=place.parent) as scratch:
        fresh = Path(scratch) / "root"
        fresh.mkdir()
        packages = _download(Path(scratch) / "apt")
        with ThreadPoolExecutor(os.cpu_count()) as unpackers:
            unpacked = [unpackers.submit(_run, "dpkg-deb", "-x", one, fresh) for one in packages]
        for one in unpacked:
            one.result()
        for folder in NEVER_READ:
            shutil.rmtree(fresh / "usr/share" / folder, ignore_errors=True)
        (fresh / STAMP).write_text(_stamp())
        if place.exists():
            place.rename(Path(scratch) / "old")
        fresh.rename(place)


def _download(apt: Path) -> Sequence[Path]:
    """Return the packages and all they depend on, by an apt that knows nothing of this system's."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True)
    source = f"deb [signed-by={KEYRING}] http://deb.debian.org/debian {SUITE} main\n"
    (apt / "sources.list").write_text(source)
    (apt / "installed").touch()
    options = {
        "Acquire::Languages": "none",
        "Acquire::Retries": "5",
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",  # what it would be when root runs it cannot read this folder
        "Dir::Cache": apt / "cache",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": apt / "state",
        "Dir::State::status": apt / "installed",
    }
    get = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    _run(*get, "update")
    _run(*get, "--yes", "--download-only", "install", *PACKAGES)
    return sorted((apt / "cache/archives").glob("*.deb"))


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise CannotProvisionError(
            f"{command[0]}: {''.join(last) or done.returncode}: run it again"
        )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> str | None:
    """Unpack it and print where; return what is wrong, if anything is."""
    place = root()
    if system_has_one():
        _say("this system has Monado itself")
        return None
    if not is_ready(place):
        _say(f"unpacking Monado into {place} ({SIZE})")
    try:
        provision(place)
    except CannotProvisionError as error:
        return f"provision: {error}"
    _say(f"{place} is ready")
    if not Path("/usr/bin/xkbcomp").exists():
        _say("for tests with a screen: sudo apt-get install x11-xkb-utils")
    return None


if __name__ == "__main__":
    sys.exit(main())

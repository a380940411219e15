"""Where Monado, Mesa and an X server stand on this machine, and how their programs are started."""

from __future__ import annotations

import json
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from .provision import COMMAND, HERE, SIZE, is_ready, root, system_has_one

NAME = "python-xr"
"""The tests' own Python on the unpacked packages' loader, in the virtual environment's bin."""


class NoRuntimeError(Exception):
    """There is no OpenXR runtime to test with; says which command brings one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Monado and what it draws with.

    Attributes:
        place: The folder that stands for `/`.
        python: The tests' Python, able to load Monado's client library.
        start: What a command line starts with so that a program of `place` runs.
    """

    place: Path
    python: Path
    start: tuple[str, ...] = ()

    @property
    def libraries(self) -> Path:
        """The folder of its shared libraries."""
        return self.place / "usr/lib" / _multiarch()

    def command(self, program: str, *arguments: str | Path) -> list[str]:
        """Return the command line of one of its programs."""
        return [*self.start, str(self.place / "usr/bin" / program), *map(str, arguments)]

    def manifest(self, name: str, *, into: Path) -> Path:
        """Copy a manifest of a driver or runtime, its library named by its whole path.

        Args:
            name: Below /usr/share.
            into: The folder the copy is written into.
        """
        text = (self.place / "usr/share" / name).read_text()
        library = json.loads(text)[_SECTION[name]]["library_path"]
        whole = (
            self.place / library.lstrip("/")
            if library.startswith("/")
            else self.libraries / library
        )
        copy = into / Path(name).name
        copy.write_text(text.replace(f'"{library}"', json.dumps(str(whole))))
        return copy


def _multiarch() -> str:
    return str(sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu")


VULKAN = "vulkan/icd.d/lvp_icd.json"
EGL = "glvnd/egl_vendor.d/50_mesa.json"
MONADO = "openxr/1/openxr_monado.json"
VALIDATION = f"openxr/1/api_layers/explicit.d/XrApiLayer_core_validation.{_multiarch()}.json"
_SECTION = {VULKAN: "ICD", EGL: "ICD", MONADO: "runtime", VALIDATION: "api_layer"}


def find() -> Installation:
    """Return the system's Monado, or else the unpacked one.

    Raises:
        NoRuntimeError: neither is there.
    """
    if system_has_one():
        manifests = [Path("/usr/share") / name for name in _SECTION]
        if not shutil.which("Xvfb") or not all(manifest.exists() for manifest in manifests):
            raise NoRuntimeError(
                f"Monado lacks what it needs: sudo apt-get install {' '.join(HERE)}"
            )
        return Installation(place=Path("/"), python=Path(sys.executable))
    if not is_ready(root()):
        raise NoRuntimeError(f"no OpenXR runtime to test with: run {COMMAND} ({SIZE})")
    return _unpacked(root())


def _unpacked(place: Path) -> Installation:
    libraries = place / "usr/lib" / _multiarch()
    folders = [libraries, place / "usr/lib"]
    folders += [libraries / name for name in ("blas", "lapack", "pulseaudio")]
    loader = libraries / "ld-linux-x86-64.so.2"
    start = (str(loader), "--library-path", os.pathsep.join(map(str, folders)))
    return Installation(place=place, python=_wrap(loader, folders), start=start)


def _wrap(loader: Path, folders: list[Path]) -> Path:
    """Write this Python's twin on another loader, where it is not there yet; return its path.

    It is a program by itself, so that `sys.executable` names it and what it starts stays with it,
    while other programs started from it are left alone, which LD_LIBRARY_PATH would not do.
    """
    wrapper = Path(sys.prefix) / "bin" / NAME
    # Last: on Debian this is the folder of the system's own C library, which must not be found.
    folders = [*folders, Path(sysconfig.get_config_var("LIBDIR"))]
    path = os.pathsep.join(map(str, folders))
    python = Path(sys.executable).resolve()
    text = (
        "#!/bin/sh\n"
        f'exec "{loader}" --argv0 "$0" --library-path "{path}" "{python}" "$@"\n'
    )  # fmt: skip
    if not wrapper.exists() or wrapper.read_text() != text:
        fresh = wrapper.with_name(f"{NAME}.{os.getpid()}")  # two workers may write it at once
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(wrapper)
    return wrapper

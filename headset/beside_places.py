"""Where each system keeps word of its VR runtimes: files, folders and a registry key, only looked at.

Source: OpenXR 1.1 loader, "Runtime Discovery" and its manifest_file.cpp; OpenVR's
vrpathregistry_public.cpp and openvr_api_public.cpp.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .errors import HeadsetError

LARGEST_BYTES: Final = 1 << 16
"""No manifest or path registry comes near."""

_RUNTIME: Final = Path("openxr", "1")
_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
"""Python's name of a processor -> the loader's, where they differ."""


def manifest_path() -> Path | None:
    """Return the manifest of the active OpenXR runtime, as the loader would find it, or None."""
    override = os.environ.get("XR_RUNTIME_JSON")
    return Path(override) if override else _installed_manifest()


def path_registry() -> Path | None:
    """Return OpenVR's path registry, which names SteamVR's folder; it need not exist.

    None where this system has no place for one.
    """
    override = os.environ.get("VR_PATHREG_OVERRIDE")
    if override:
        return Path(override)
    folder = _settings_folder()
    return None if folder is None else folder / "openvr" / "openvrpaths.vrpath"


def exists(path: Path) -> bool:
    """Return whether there is such a file, as far as we may see: not in another user's folder."""
    return os.path.exists(path)  # noqa: PTH110 - Path's raises where it may not look


def bounded(path: Path) -> bytes:
    """Return what a small file of another program holds, without a byte order mark.

    Raises:
        HeadsetError: Not there, not a file, unreadable, or too large.
    """
    try:
        if not path.is_file():  # a pipe would keep us waiting
            raise HeadsetError(f"{path}: no such file: install or start the VR runtime it is of")
        with path.open("rb") as file:
            held = file.read(LARGEST_BYTES + 1)
    except OSError as cause:
        raise HeadsetError(f"{path}: cannot be read ({cause.strerror}): allow it") from cause
    if len(held) > LARGEST_BYTES:
        raise HeadsetError(f"{path}: too large to be what it should be: install that runtime anew")
    return held.removeprefix(b"\xef\xbb\xbf")


if sys.platform == "win32":
    import winreg

    def _installed_manifest() -> Path | None:
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Khronos\OpenXR\1") as key:
                value, kind = winreg.QueryValueEx(key, "ActiveRuntime")
        except OSError:  # nothing is installed
            return None
        return Path(value) if kind == winreg.REG_SZ and isinstance(value, str) else None

    def _settings_folder() -> Path | None:
        folder = os.environ.get("LOCALAPPDATA")
        return Path(folder) if folder else None

    CLIENT: Final = Path("bin", "vrclient_x64.dll")
    """Of SteamVR's folder: what an OpenVR client loads."""
    SERVER: Final = Path("bin", "win64", "vrserver.exe")
    """Of SteamVR's folder: what only SteamVR itself has."""

else:

    def _installed_manifest() -> Path | None:
        for folder in _config_folders():
            for name in (f"active_runtime.{_architecture()}.json", "active_runtime.json"):
                path = folder / _RUNTIME / name
                if exists(path):
                    return path
        return None

    def _config_folders() -> Iterator[Path]:
        own = _settings_folder()
        if own is not None:
            yield own
        for folder in (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
            if folder:
                yield Path(folder)
        yield from (Path("/usr/local/etc"), Path("/etc/"))  # compiled into pyopenxr's loader

    def _settings_folder() -> Path | None:
        own, home = os.environ.get("XDG_CONFIG_HOME"), os.environ.get("HOME")
        if own:
            return Path(own)
        return Path(home, ".config") if home else None

    def _architecture() -> str:
        machine = platform.machine().lower()
        return _ARCHITECTURES.get(machine, machine)

    CLIENT: Final = Path("bin", "linux64", "vrclient.so")
    SERVER: Final = Path("bin", "linux64", "vrserver")

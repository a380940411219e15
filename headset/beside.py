"""Which VR runtime is here, and what may be opened of it beside a running game.

A game owns the headset. On SteamVR an OpenXR session of ours would close it, and to ask its runtime
anything at all would start it. So a runtime is known by its manifest alone, a small file, and what
may be opened is said by lists: a runtime that is on none is left in peace.

Source: PROTOCOLS 3.17.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from .beside_places import bounded, manifest_path
from .errors import HeadsetError
from .sensors.steamvr import client as steamvr_client

Kind = Literal["steamvr", "monado", "wivrn", "virtual-desktop", "meta", "other"]
"""A runtime as far as it matters here."""

_LIBRARIES: Final[dict[str, Kind]] = {
    "vrclient": "steamvr",
    "vrclient_x64": "steamvr",
    "libopenxr_monado": "monado",
    "openxr_monado": "monado",
    "libopenxr_wivrn": "wivrn",
    "virtualdesktop-openxr": "virtual-desktop",
    "libovrrt64_1": "meta",
}
"""A runtime's library, without its ending. It decides, for it is what would be loaded; the name in
a manifest does not (WiVRn's has been "Monado")."""

HEADLESS: Final[frozenset[Kind]] = frozenset({"monado", "wivrn"})
"""Known to run a session without graphics (XR_MND_headless) beside a game."""

OVERLAY: Final[frozenset[Kind]] = frozenset({"monado", "wivrn"})
"""Known to show an overlay (XR_EXTX_overlay) over a game."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """An OpenXR runtime, as its manifest tells.

    Attributes:
        name: For people.
        manifest: The file that tells of it.
        library: File name of the library that the loader would load.
    """

    name: str
    manifest: Path
    library: str

    @property
    def kind(self) -> Kind:
        """Which of the runtimes we know it is."""
        return _LIBRARIES.get(Path(self.library).stem.lower(), "other")


class _Library(msgspec.Struct, frozen=True):
    library_path: str
    name: str = ""


class _Manifest(msgspec.Struct, frozen=True):
    file_format_version: str
    runtime: _Library


def read_manifest(path: Path) -> Runtime:
    """Return the runtime a manifest tells of.

    Raises:
        HeadsetError: Not there, too large, or not a manifest.
    """
    try:
        manifest = msgspec.json.decode(bounded(path), type=_Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise HeadsetError(
            f"{path}: no manifest of an OpenXR runtime ({cause}): choose the runtime anew"
        ) from cause
    # Written by whom, is not known: what is shown to people stays one short line.
    name = "".join(filter(str.isprintable, manifest.runtime.name))[:60].strip()
    library = manifest.runtime.library_path.replace("\\", "/").rpartition("/")[2]
    return Runtime(name=name or library, manifest=path, library=library)


def active_runtime() -> Runtime | None:
    """Return the runtime that an OpenXR program would load, without loading it.

    None where there is none, or its manifest cannot be read.
    """
    path = manifest_path()
    if path is None:
        return None
    try:
        return read_manifest(path)
    except HeadsetError:
        return None


def headless_refusal(runtime: Runtime | None) -> str | None:
    """Return why no session without graphics may be opened, with the remedy; None where it may."""
    return _refusal(runtime, HEADLESS, "run one beside a game")


def overlay_refusal(runtime: Runtime | None) -> str | None:
    """Return why no OpenXR overlay may be opened, with the remedy; None where it may."""
    return _refusal(runtime, OVERLAY, "show one over a game")


def _refusal(runtime: Runtime | None, known: frozenset[Kind], what: str) -> str | None:
    if runtime is None:
        return "OpenXR: no runtime is active here: start Monado or WiVRn, or leave OpenXR out"
    if runtime.kind in known:
        return None
    return (
        f"{runtime.name}: a second OpenXR session may end the running game, and only "
        f"{' and '.join(sorted(known))} are known to {what}: use the other sensors"
    )


def scene_app() -> str | None:
    """Return the name of the game that has the headset, or None: none has it.

    SteamVR alone is asked, and only while it runs. Other runtimes give each session its turn.

    Raises:
        HeadsetError: It runs and does not tell: it is starting, quitting, hung or too old.
    """
    if steamvr_client.refusal() is not None:
        return None
    try:
        with steamvr_client.joined() as client:
            return client.scene_app()
    except steamvr_client.NotRunningError:
        return None

"""A SteamVR for tests: a folder that the genuine OpenVR loader takes for it.

It proves that ours finds, loads, calls and leaves SteamVR as its library asks, in what order, and what
it makes of each answer; not what SteamVR itself answers.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvr
import pytest
from numpy.typing import ArrayLike, NDArray

SOURCE: Final = Path(__file__).with_name("vrclient.cpp")
NO_SERVER, SHUTTING_DOWN, CONNECT_FAILED = 121, 119, 301

UPRIGHT: Final = ((1, 0, 0), (0, 1, 0), (0, 0, 1))

CONTROL: Final = np.dtype(
    [
        # What it answers, written by a test.
        ("refusal", "<i4"), ("old", "<i4"),
        ("matrix", "<f4", 12), ("result", "<i4"), ("valid", "<i4"), ("connected", "<i4"),
        ("activity", "<i4"), ("noise", "<i4"), ("quits", "<i4"),
        ("scene_state", "<i4"), ("scene_process", "<i4"), ("key", "S64"), ("name", "S64"),
        # How it was used.
        ("joins", "<i4"), ("leaves", "<i4"), ("application", "<i4"), ("acknowledged", "<i4"),
        ("poses", "<i4"), ("universe", "<i4"), ("ahead_s", "<f4"), ("unexpected", "<i4"),
        # Of its display, written by a test; a frozen one begins no frames.
        ("rate_hz", "<f4"), ("to_photons_s", "<f4"), ("eye_px", "<i4", 2), ("tangents", "<f4", 4),
        ("eyes", "<f4", 6), ("frozen", "<i4"), ("dashboard", "<i4"),
        ("refuses_overlay", "<i4"),  # an EVROverlayError that CreateOverlay answers with
    ]
)  # fmt: skip
"""The block of memory that a test and the library share."""

SHOWN_BYTES: Final = 8 << 20
"""Room for one overlay's picture: 2048 by 1024."""

OVERLAY: Final = np.dtype(
    [
        ("key", "S64"), ("name", "S64"), ("flags", "<i4"), ("order", "<i4"),
        ("width_m", "<f4"), ("matrix", "<f4", 12), ("universe", "<i4"), ("shown", "<i4"),
        ("device", "<i4"),  # that it is locked to, -1 where it stands in the universe
        ("alive", "<i4"), ("submits", "<i4"), ("textures", "<i4"), ("texture_type", "<i4"),
        ("colour_space", "<i4"), ("internal_format", "<i4"), ("width_px", "<i4"),
        ("height_px", "<i4"), ("events", "<i4"),
        ("seen_textures", "<i4", 8),  # OpenGL's numbers of those handed in, for counting them
    ]
)  # fmt: skip
"""How one overlay was used, and what it is; only what was handed in last is kept as a picture."""

OVERLAYS: Final = 5


class SteamVr:
    """Its folder, and what steers it."""

    def __init__(self, folder: Path) -> None:
        """Build it; skips where there is no compiler."""
        compiler = shutil.which("g++") or shutil.which("c++")
        if compiler is None:
            pytest.skip("no C++ compiler: apt-get install g++")
        self.folder = folder / "SteamVR"
        self.registry = folder / "openvrpaths.vrpath"
        binaries = self.folder / "bin" / "linux64"
        binaries.mkdir(parents=True)
        self.server = binaries / "vrserver"
        self._control = np.memmap(folder / "control", CONTROL, "w+", shape=(1,))
        self._overlays = np.memmap(folder / "overlays", OVERLAY, "w+", shape=(OVERLAYS,))
        self._pictures = np.memmap(
            folder / "pictures", np.uint8, "w+", shape=(OVERLAYS, SHOWN_BYTES)
        )
        (folder / "layout.h").write_text(_layout(folder))
        subprocess.run(
            [compiler, "-std=c++17", "-Wall", "-Werror", "-shared", "-fPIC",
             f"-I{folder}", str(SOURCE), "-o", str(binaries / "vrclient.so"), "-ldl"],
            check=True, timeout=120,
        )  # fmt: skip
        self.reset()

    def reset(self) -> None:
        """Install it anew, not running."""
        paths = {"runtime": [str(self.folder)], "config": [str(self.folder)]}
        self.registry.write_text(json.dumps(paths | {"log": [str(self.folder)], "version": 1}))
        self.server.touch()
        self._control[:] = np.zeros(1, CONTROL)
        self._overlays[:] = np.zeros(OVERLAYS, OVERLAY)
        self.set(refusal=NO_SERVER, activity=-1)
        self.set(
            rate_hz=90.0, to_photons_s=0.011, eye_px=(1200, 1300), tangents=(-1.2, 1, -1.1, 1.1)
        )
        self.set(eyes=(-0.032, 0.0, -0.01, 0.032, 0.0, -0.01))

    def set(self, **answers: ArrayLike) -> None:
        """Change what it answers from now on."""
        for name, value in answers.items():
            self._control[name] = value

    def run(self, rotation: ArrayLike = UPRIGHT, position_m: ArrayLike = (0, 0, 0)) -> None:
        """Run, tracking the headset there."""
        matrix = np.column_stack([np.asarray(rotation), np.asarray(position_m)])
        self.set(refusal=0, matrix=matrix.ravel(), result=200, valid=1, connected=1)

    def die(self) -> None:
        """Stop as in a crash: nobody is told."""
        self.set(refusal=NO_SERVER, valid=0, connected=0)

    def used(self, name: str) -> float:
        """Return how it was used."""
        return float(self._control[name][0])

    def overlays(self) -> dict[str, np.void]:
        """Return those that there are, by their keys."""
        living = (self._overlays[place] for place in self._places())
        return {one["key"].decode(): one for one in living}

    def picture(self, key: str) -> NDArray[np.uint8]:
        """Return what an overlay shows, (H, W, 4), first row at the top, as the texture's bytes are."""
        for place in self._places():
            one = self._overlays[place]
            if one["key"].decode() == key:
                width, height = int(one["width_px"]), int(one["height_px"])
                rows = self._pictures[place, : width * height * 4].reshape(height, width, 4)
                return np.array(rows[::-1])
        raise AssertionError(f"no overlay {key}, only {[*self.overlays()]}")

    def _places(self) -> list[int]:
        return [place for place in range(OVERLAYS) if self._overlays["alive"][place]]


def _layout(folder: Path) -> str:
    """Return `layout.h`, from the definitions above and those of the `openvr` package."""
    lines = [_struct("Control", CONTROL), _struct("Overlay", OVERLAY)]
    tables: dict[str, tuple[Any, str]] = {
        "SYSTEM": (openvr.IVRSystem_FnTable, openvr.IVRSystem_Version),
        "APPLICATIONS": (openvr.IVRApplications_FnTable, openvr.IVRApplications_Version),
        "OVERLAY": (openvr.IVROverlay_FnTable, openvr.IVROverlay_Version),
    }
    for word, (table, version) in tables.items():
        calls = [f"{word}_{field[0]}" for field in table._fields_]
        lines.append(f'#define {word}_VERSION "{version}"')
        lines.append(f"enum {{ {', '.join(calls)}, {word}_CALLS }};")
    lines.append(f"enum {{ POSE_BYTES = {ctypes.sizeof(openvr.TrackedDevicePose_t)} }};")
    lines.append(f"enum {{ EVENT_BYTES = {ctypes.sizeof(openvr.VREvent_t)} }};")
    lines.append(f"enum {{ OVERLAYS = {OVERLAYS}, SHOWN_BYTES = {SHOWN_BYTES} }};")
    lines += [
        f"#define {name.upper()}_FILE {json.dumps(str(folder / name))}"
        for name in ("control", "overlays", "pictures")
    ]
    return "\n".join(lines) + "\n"


def _struct(name: str, kind: np.dtype[Any]) -> str:
    words = {"i": "int32_t", "f": "float", "S": "char"}
    fields: list[str] = []
    for field in kind.names or ():
        one, shape = kind[field].base, kind[field].shape
        count = shape[0] if shape else one.itemsize if one.kind == "S" else 1
        fields.append(f"{words[one.kind]} {field}{f'[{count}]' if count > 1 else ''};")
    return f"struct {name} {{ {' '.join(fields)} }};"

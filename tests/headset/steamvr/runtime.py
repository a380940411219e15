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
from numpy.typing import ArrayLike

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
    ]
)  # fmt: skip
"""The block of memory that a test and the library share."""


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
        (folder / "layout.h").write_text(_layout(folder / "control"))
        subprocess.run(
            [compiler, "-std=c++17", "-Wall", "-Werror", "-shared", "-fPIC",
             f"-I{folder}", str(SOURCE), "-o", str(binaries / "vrclient.so")],
            check=True, timeout=120,
        )  # fmt: skip
        self.reset()

    def reset(self) -> None:
        """Install it anew, not running."""
        paths = {"runtime": [str(self.folder)], "config": [str(self.folder)]}
        self.registry.write_text(json.dumps(paths | {"log": [str(self.folder)], "version": 1}))
        self.server.touch()
        self._control[:] = np.zeros(1, CONTROL)
        self.set(refusal=NO_SERVER, activity=-1)

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


def _layout(control_file: Path) -> str:
    """Return `layout.h`, from the definitions above and those of the `openvr` package."""
    words = {"i": "int32_t", "f": "float", "S": "char"}
    fields: list[str] = []
    for name in CONTROL.names or ():
        one, shape = CONTROL[name].base, CONTROL[name].shape
        count = shape[0] if shape else one.itemsize if one.kind == "S" else 1
        fields.append(f"{words[one.kind]} {name}{f'[{count}]' if count > 1 else ''};")
    lines = [f"struct Control {{ {' '.join(fields)} }};"]
    tables: dict[str, tuple[Any, str]] = {
        "SYSTEM": (openvr.IVRSystem_FnTable, openvr.IVRSystem_Version),
        "APPLICATIONS": (openvr.IVRApplications_FnTable, openvr.IVRApplications_Version),
    }
    for word, (table, version) in tables.items():
        calls = [f"{word}_{field[0]}" for field in table._fields_]
        lines.append(f'#define {word}_VERSION "{version}"')
        lines.append(f"enum {{ {', '.join(calls)}, {word}_CALLS }};")
    lines.append(f"enum {{ POSE_BYTES = {ctypes.sizeof(openvr.TrackedDevicePose_t)} }};")
    lines.append(f"enum {{ EVENT_BYTES = {ctypes.sizeof(openvr.VREvent_t)} }};")
    lines.append(f"#define CONTROL_FILE {json.dumps(str(control_file))}")
    return "\n".join(lines) + "\n"

"""glTF files to read, built byte by byte; none of the code that writes them in the product is used."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

COMPONENTS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
WIDTHS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
TRIANGLE = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


def glb(tree: object, content: bytes = b"", *, version: int = 2) -> bytes:
    """Return a GLB."""
    text = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    content += b"\0" * (-len(content) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if content:
        chunks += struct.pack("<I4s", len(content), b"BIN\0") + content
    return struct.pack("<4sII", b"glTF", version, 12 + len(chunks)) + chunks


class Made:
    """A file in the making: arrays are added to its one buffer, `tree` is its JSON.

    It starts as one node that shows one mesh.
    """

    def __init__(self) -> None:
        self.content = bytearray()
        self.tree: dict[str, Any] = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [],
            "accessors": [],
            "bufferViews": [],
            "buffers": [{"byteLength": 0}],
        }

    def view(self, values: bytes, **more: object) -> int:
        self.content += b"\0" * (-len(self.content) % 4)
        place = {"buffer": 0, "byteOffset": len(self.content), "byteLength": len(values)}
        self.tree["bufferViews"].append(place | more)
        self.content += values
        self.tree["buffers"][0]["byteLength"] = len(self.content)
        return len(self.tree["bufferViews"]) - 1

    def accessor(self, values: ArrayLike, kind: str = "f4", **more: object) -> int:
        array = np.atleast_2d(np.array(values, f"<{kind}").T).T
        made = {
            "bufferView": self.view(array.tobytes()),
            "componentType": COMPONENTS[kind],
            "count": len(array),
            "type": WIDTHS[array.shape[1]],
        }
        self.tree["accessors"].append(made | more)
        return len(self.tree["accessors"]) - 1

    def sparse(self, count: int, index: ArrayLike, values: ArrayLike) -> int:
        where, what = np.array(index, "<u2"), np.array(values, "<f4")
        self.tree["accessors"].append(
            {
                "componentType": 5126,
                "count": count,
                "type": WIDTHS[what.shape[1]],
                "sparse": {
                    "count": len(where),
                    "indices": {"bufferView": self.view(where.tobytes()), "componentType": 5123},
                    "values": {"bufferView": self.view(what.tobytes())},
                },
            }
        )
        return len(self.tree["accessors"]) - 1

    def mesh(
        self,
        positions: ArrayLike = TRIANGLE,
        corners: ArrayLike = (0, 1, 2),
        *,
        targets: Sequence[int] = (),
        names: Sequence[str] = (),
        attributes: dict[str, int] | None = None,
        **more: object,
    ) -> int:
        primitive: dict[str, Any] = {
            "attributes": {"POSITION": self.accessor(positions)} | (attributes or {}),
            "indices": self.accessor(corners, "u2"),
            "targets": [{"POSITION": target} for target in targets],
        }
        mesh: dict[str, Any] = {"primitives": [primitive | more]}
        if names:
            mesh["extras"] = {"targetNames": list(names)}
        self.tree["meshes"].append(mesh)
        return len(self.tree["meshes"]) - 1

    def change(self, place: Sequence[str | int], value: object) -> None:
        """Put a value somewhere in the JSON."""
        inner: Any = self.tree
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value

    def bytes(self) -> bytes:
        return glb(self.tree, bytes(self.content))

    def save(self, folder: Path, name: str = "made.glb") -> Path:
        path = folder / name
        path.write_bytes(self.bytes())
        return path


def ball(centre: ArrayLike, radius: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return points and triangles (corners in a row) of a coarse ball."""
    rows, columns = 6, 8
    down = np.linspace(0.1, np.pi - 0.1, rows)[:, None]
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    points = np.stack(
        [np.sin(down) * np.cos(around), np.cos(down) + 0 * around, np.sin(down) * np.sin(around)],
        -1,
    )
    row, column = np.divmod(np.arange((rows - 1) * columns), columns)
    a, b = row * columns + column, row * columns + (column + 1) % columns
    corners = np.stack([a, b, a + columns, b, b + columns, a + columns], -1)
    return points.reshape(-1, 3) * radius + np.asarray(centre), corners.reshape(-1)

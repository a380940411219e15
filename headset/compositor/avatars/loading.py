"""How long an avatar takes to load: a file of a given size, written and read back.

spent = timed_load_ms(60_000, folder)
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ...clock import NS_PER_MS, now_ns
from ...names import ARKIT
from ..avatar import Avatar, Target
from .file import load
from .gltf_write import WrittenMaterial, WrittenMesh, write_glb

_MOVED: float = 0.25
"""Of the vertices, by each target: a scanned head's move 23 % of theirs on average."""


def timed_load_ms(vertices: int, folder: Path) -> tuple[float, Avatar]:
    """Return how long a head with all of ARKit's targets takes from file to `Avatar`, and the avatar.

    What follows (textures, light) is for a GPU to do.

    Args:
        vertices: How many, about.
        folder: Where the file is put, and deleted from.

    Raises:
        HeadsetError: The file cannot be written.
    """
    path = folder / "timed.glb"
    _write(path, vertices)
    try:
        began_ns = now_ns()
        avatar = load(path)
        return (now_ns() - began_ns) / NS_PER_MS, avatar
    finally:
        path.unlink()


def _write(path: Path, vertices: int) -> None:
    """Write a ball with 52 targets, each a patch of it."""
    across = math.isqrt(vertices)
    down, around = np.linspace(0.0, np.pi, across), np.linspace(0.0, 2.0 * np.pi, across)
    polar, azimuth = (grid.reshape(-1) for grid in np.meshgrid(down, around, indexing="ij"))
    out = np.stack(
        [np.sin(polar) * np.sin(azimuth), np.cos(polar), np.sin(polar) * np.cos(azimuth)], axis=-1
    ).astype(np.float32)
    row, column = np.divmod(np.arange((across - 1) ** 2), across - 1)
    corner = row * across + column
    triangles = np.concatenate(
        [
            np.stack([corner, corner + across, corner + across + 1], axis=-1),
            np.stack([corner, corner + across + 1, corner + 1], axis=-1),
        ]
    ).astype(np.uint32)
    count = round(_MOVED * len(out))
    targets: dict[str, Target] = {}
    for number, name in enumerate(ARKIT):
        first = number * (len(out) - count) // len(ARKIT)
        index = np.arange(first, first + count, dtype=np.uint32)
        targets[name] = Target(index=index, delta=0.01 * out[index])
    mesh = WrittenMesh(
        name="Head",
        positions=0.1 * out,
        uv=np.stack([azimuth / (2.0 * np.pi), polar / np.pi], axis=-1).astype(np.float32),
        triangles={0: triangles},
        targets=targets,
        pivot=(0.0, 0.0, 0.0),
    )
    skin = WrittenMaterial(name="Skin", colour=(0.5, 0.3, 0.2), roughness=0.5)
    write_glb(path, [mesh], [skin], copyright_line="")

"""Which shader draws which triangles, in which order.

A face is drawn as flesh whatever its file says: skin, eyes, teeth and hair by their own shaders, in the
file's colours. All else is drawn as its material asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from .avatar import Avatar, Floats32, Part, Region

if TYPE_CHECKING:
    from .avatars.material import Material

_SHADERS: Final[dict[Region, str]] = {
    Region.SKIN: "skin",
    Region.EYE: "eye",
    Region.TEETH: "mouth",
    Region.MOUTH: "mouth",
    Region.HAIR: "hair",
    Region.CLOTH: "cloth",
}
_CLOSED: Final = frozenset({"skin", "eye", "plain"})
"""Shaders of which only the outside is ever seen, where no file says more; hair and mouth are sheets
seen from both sides."""

FLESH: Final = frozenset({"skin", "eye", "mouth"})
"""Their normals follow from the posed faces alone; all else keeps the normals its author gave it."""

_FACE_TARGETS: Final = 12
_FACE_SHARE: Final = 0.1
"""What no name calls anything is a face's skin if so many of ARKit's targets move it, and together this
part of its vertices: glasses and collars follow fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Triangles drawn at once.

    Attributes:
        shader: The name of the file its `shade` is in.
        material: Index into `Avatar.materials`; -1 where vertices have colours and no more is known.
        triangles: Shape (N,), indices into `Avatar.triangles`.
        closed: Whether only its outside is seen.
        blends: Whether what is behind is seen through it.
        writes_depth: Whether it hides what is drawn later.
    """

    shader: str
    material: int
    triangles: NDArray[np.intp]
    closed: bool
    blends: bool = False
    writes_depth: bool = True


def batches(avatar: Avatar, *, plain: bool = False) -> tuple[Batch, ...]:
    """Return all of an avatar in drawing order.

    Args:
        avatar: What to draw.
        plain: Whether it is a thing, drawn in one glossy material whatever its regions say.
    """
    if plain or not avatar.parts:
        return _by_region(avatar, plain)
    from .avatars.material import Opacity

    ranks = {Opacity.OPAQUE: 0, Opacity.MASK: 1, Opacity.BLEND: 2}
    skins = skin_parts(avatar)
    found: dict[tuple[int, int, int, str, int], list[NDArray[np.intp]]] = {}
    for number, part in enumerate(avatar.parts):
        material = avatar.materials[part.material]
        blends = material.opacity is Opacity.BLEND
        order = material.toon.draw_order if blends and material.toon is not None else 0
        shader = _shader(avatar, part, material, skin=number in skins)
        # What is seen through keeps the file's order; what is not may be drawn together.
        place = number if blends else 0
        key = (ranks[material.opacity], order, place, shader, part.material)
        rows = np.arange(part.first, part.first + part.count)
        found.setdefault(key, []).append(rows)
    made: list[Batch] = []
    for (rank, _, _, shader, number), rows in sorted(found.items(), key=lambda item: item[0]):
        material = avatar.materials[number]
        blends = rank == ranks[Opacity.BLEND]
        keeps = material.toon is not None and material.toon.writes_depth
        made.append(
            Batch(
                shader=shader,
                material=number,
                triangles=np.concatenate(rows),
                closed=not material.double_sided,
                blends=blends,
                writes_depth=keeps or not blends,
            )
        )
    return tuple(made)


def skin_parts(avatar: Avatar) -> frozenset[int]:
    """Return which parts are a face's skin, though no name says so.

    They are those that the face moves most, and what is of the same mesh and looks the same.
    """
    moves = np.zeros(len(avatar.positions), np.int64)
    for target in avatar.targets.values():
        moves[target.index] += 1
    often = moves >= 1
    moved: set[int] = set()
    for number, part in enumerate(avatar.parts):
        if part.region is not None:
            continue
        corners = np.unique(avatar.triangles[part.first : part.first + part.count])
        share = np.count_nonzero(often[corners]) / max(len(corners), 1)
        if share >= _FACE_SHARE and moves[corners].max(initial=0) >= _FACE_TARGETS:
            moved.add(number)
    looks = {_look(avatar, avatar.parts[number]) for number in moved}
    alike = {
        number
        for number, part in enumerate(avatar.parts)
        if part.region is None and _look(avatar, part) in looks
    }
    return frozenset(moved | alike)


def authored_normals(avatar: Avatar, geometric: Floats32) -> Floats32 | None:
    """Return normals (V, 3) at rest as they are to be shaded; None where they are the faces' own.

    Args:
        avatar: What is drawn.
        geometric: Shape (V, 3), the faces' own at rest.
    """
    if avatar.normals is None or not avatar.parts:
        return None
    flesh = np.zeros(len(avatar.positions), np.bool_)
    for batch in batches(avatar):
        if batch.shader in FLESH:
            flesh[avatar.triangles[batch.triangles]] = True
    return np.where(flesh[:, None], geometric, avatar.normals).astype(np.float32)


def _by_region(avatar: Avatar, plain: bool) -> tuple[Batch, ...]:
    region = avatar.region[avatar.triangles[:, 0]]
    names = ["plain" if plain else _SHADERS[Region(r)] for r in range(len(Region))]
    return tuple(
        Batch(shader=name, material=-1, triangles=rows, closed=name in _CLOSED)
        for name in sorted(set(names))
        if (
            rows := np.flatnonzero(np.isin(region, [r for r, n in enumerate(names) if n == name]))
        ).size
    )


def _shader(avatar: Avatar, part: Part, material: Material, *, skin: bool) -> str:
    from .avatars.material import Opacity, Shading

    if material.shading is not Shading.LIT:
        return material.shading.value
    if skin:
        return "skin"
    if part.region is Region.EYE:
        # Painted discs, and the clear shells before an eye, are not balls to refract light.
        ball = avatar.region[avatar.triangles[part.first, 0]] == Region.EYE
        return "eye" if ball and material.opacity is Opacity.OPAQUE else "lit"
    if part.region is None:
        return "lit"
    return _SHADERS[part.region]


def _look(avatar: Avatar, part: Part) -> tuple[object, ...]:
    material = avatar.materials[part.material]
    use = material.colour_texture
    return part.name, use and id(use.texture), tuple(round(c, 2) for c in material.colour)

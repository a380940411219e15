"""Avatars of a few squares, each in a material of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unvisor.headset.compositor.avatar import Avatar, Head, Part, Region, Target
from unvisor.headset.compositor.avatars.clips import Clips, ColourBind, TextureBind
from unvisor.headset.compositor.avatars.drive import Draft, clips_of
from unvisor.headset.compositor.avatars.material import Material, Texture, TextureUse, Wrap

SQUARE = np.array([[-0.1, -0.1, 0], [0.1, -0.1, 0], [0.1, 0.1, 0], [-0.1, 0.1, 0]], np.float32)


def squares(
    *materials: Material,
    z: Sequence[float] = (),
    clips: Clips | None = None,
    region: Region | None = None,
) -> Avatar:
    """Return squares of 20 cm that face +z, one behind the other as `z` says; uv 0..1, v downwards."""
    count = len(materials)
    positions = np.tile(SQUARE, (count, 1))
    positions[:, 2] = np.repeat(z or np.zeros(count), 4)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)
    uv = np.tile(np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32), (count, 1))
    return Avatar(
        positions=positions,
        triangles=np.concatenate([faces + 4 * n for n in range(count)]).astype(np.uint32),
        colours=np.full((4 * count, 4), 0.5, np.float32),
        region=np.full(4 * count, region or Region.SKIN, np.uint8),
        targets={},
        eye_centre=np.array([[0.03, 0, 0], [-0.03, 0, 0]], np.float32),
        eye_radius_m=0.012,
        eye=np.full(4 * count, -1, np.int8),
        parts=tuple(
            Part(name=f"part {n}", material=n, first=2 * n, count=2, region=region)
            for n in range(count)
        ),
        materials=materials,
        uv=np.stack([uv, np.zeros_like(uv)]),
        normals=np.tile(np.array([0, 0, 1], np.float32), (4 * count, 1)),
        clips=clips,
    )


def texture(pixels: ArrayLike, *, smooth: bool = False) -> TextureUse:
    """Return a picture (H, W, 4), sRGB, first row at the top, on a surface."""
    given = np.array(pixels, np.uint8)

    def decode(_: int) -> NDArray[np.uint8]:
        return given

    size = given.shape[1], given.shape[0]
    return TextureUse(
        texture=Texture(
            name="made", size_px=size, wrap=(Wrap.REPEAT, Wrap.REPEAT), smooth=smooth, decode=decode
        )
    )


def clip(
    name: str,
    *,
    move: Target | None = None,
    colours: tuple[ColourBind, ...] = (),
    textures: tuple[TextureBind, ...] = (),
) -> Draft:
    """Return what is to become a clip."""
    draft = Draft(name=name, authored=True, colours=colours, textures=textures, limit=1.0)
    return draft if move is None else replace(draft, target=move)


def body(ball: Avatar) -> Avatar:
    """Return a ball with a body: it turns with the head the more the higher it is."""
    y = ball.positions[:, 1]
    share = np.where(ball.eye >= 0, 1.0, np.clip(0.5 + y / 0.1, 0.0, 1.0)).astype(np.float32)
    of_it = ball.positions[share > 0.5]
    head = Head(
        pivot_m=np.array([0.0, -0.05, 0.0], np.float32),
        share=share,
        low_m=of_it.min(axis=0),
        high_m=of_it.max(axis=0),
    )
    rows = [clip(name, move=target) for name, target in ball.targets.items()]
    crown = np.flatnonzero(y > 0.09).astype(np.uint32)
    lift = np.full((crown.size, 3), 0.01, np.float32)
    rows.append(clip("tongueUp", move=Target(index=crown, delta=lift)))
    count = len(ball.positions)
    outward = ball.positions + np.array([0.0, 0.3, 0.0])
    return replace(
        ball,
        head=head,
        clips=clips_of(rows, vertices=count, keep_bare=True),
        parts=(
            Part(name="all", material=0, first=0, count=len(ball.triangles), region=Region.HAIR),
        ),
        materials=(Material(),),
        normals=(outward / np.linalg.norm(outward, axis=1, keepdims=True)).astype(np.float32),
    )

"""An avatar from a file: GLB, glTF or VRM.

avatar = load(Path("me.vrm"))
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from ...names import ARKIT
from ..avatar import Avatar, Floats32, Head, Part, Region, Target
from .arms import lowered
from .clips import Clips
from .drive import Draft, arkit_targets, clips_of, combined
from .gltf_accessor import MOST_MOVES, Accessors
from .gltf_anatomy import Eyes, find_eyes, head_node, region_of, share_of
from .gltf_container import Container, damaged, excessive
from .gltf_material import materials_of
from .gltf_nodes import Nodes, placed
from .gltf_scene import Piece, pieces_of
from .gltf_schema import Gltf
from .material import Material, Opacity
from .paint import Painter, tints
from .shape_names import meaning
from .vrm import Vrm
from .vrm import read as read_vrm

_BACKWARDS: Final = np.diag([-1.0, 1.0, -1.0, 1.0])
"""Half a turn about y: from a face along -z to one along +z."""

_EYES_APART_M: Final = 0.063
_PLAUSIBLE_M: Final = (0.02, 0.2)
"""Of the eyes' distance, toons' included. Beyond it the file is not in metres but in some tenth of them,
as modelling tools often work."""

_MOST_CLIPS: Final = 2048
_EYE_RADIUS_M: Final = 0.012
_SMALLEST_M: Final = 1e-5
"""A target's displacements below 10 micrometres are dropped, as in the default head."""


def load(path: Path) -> Avatar:
    """Return the avatar in a file.

    It is laid out in the pose of the file, but for arms held straight out, which hang; facing +z, in
    metres. Files of any origin may be given: sizes are judged before memory is taken for them, and
    only files beside this one are read.

    Args:
        path: A .glb, .vrm (0.x or 1.0), or .gltf with what lies beside it.

    Raises:
        HeadsetError: Not such a file, damaged, or holding what is not read; the message names the
            file, what is wrong and what to do.
    """
    try:
        return _assembled(_read(path))
    except HeadsetError as cause:
        raise HeadsetError(f"{path.name or path}: {cause}") from cause


class _File(NamedTuple):
    """What is kept of a file: its bytes and arrays are let go when it has been read."""

    tree: Gltf
    vrm: Vrm | None
    nodes: Nodes
    pieces: list[Piece]
    materials: tuple[Material, ...]


def _read(path: Path) -> _File:
    container = Container(path)
    accessors = Accessors(container)
    vrm = read_vrm(container.tree)
    root = _BACKWARDS if vrm is not None and vrm.backwards else np.eye(4)
    nodes = placed(container.tree, root)
    nodes = lowered(container.tree, nodes, vrm.bones if vrm is not None else {})
    pieces = pieces_of(container.tree, accessors, nodes)
    if not pieces:
        raise HeadsetError("nothing to draw in it: name an avatar, not a skeleton or a motion")
    materials = materials_of(container, accessors)
    # What is seen through is drawn last.
    pieces.sort(key=lambda piece: materials[piece.material].opacity is Opacity.BLEND)
    return _File(container.tree, vrm, nodes, pieces, materials)


def _assembled(file: _File) -> Avatar:
    tree, vrm, nodes, pieces, materials = file
    counts = [len(piece.positions) for piece in pieces]
    positions = np.concatenate([piece.positions for piece in pieces])
    if not (np.abs(positions) < 1e6).all():
        raise damaged("vertices that lie beyond all measure")
    regions = [_region(tree, nodes, piece, materials[piece.material]) for piece in pieces]
    region = np.repeat(np.array([r or Region.SKIN for r in regions], np.uint8), counts)
    bones: Mapping[str, int] = vrm.bones if vrm is not None else {}
    eyes = find_eyes(tree, nodes, pieces, bones, positions, region == Region.EYE)
    scale = _scale(eyes)
    turns = eyes is not None and (vrm is None or vrm.look is not None)
    side = eyes.side if eyes is not None and turns else np.full(len(positions), -1, np.int8)
    balls = side >= 0 if eyes is not None and eyes.ball else np.zeros(len(side), np.bool_)
    region[(region == Region.EYE) & ~balls] = Region.SKIN
    region[balls] = Region.EYE
    clips = _clips(pieces, counts, scale, vrm, turned=side >= 0)
    positions *= np.float32(scale)
    head = _head(tree, nodes, pieces, bones, positions, scale)
    centre = _eye_centre(eyes, scale, positions, head)
    targets = arkit_targets(clips)
    painter = Painter()
    starts = np.cumsum([0, *counts])
    uv = np.concatenate([piece.uv for piece in pieces], axis=1)
    normals = [piece.normals for piece in pieces if piece.normals is not None]
    return Avatar(
        positions=positions,
        triangles=np.concatenate(
            [p.triangles + np.uint32(start) for p, start in zip(pieces, starts, strict=False)]
        ),
        colours=np.concatenate(
            [painter.painted(materials[p.material], p.uv, p.colours) for p in pieces]
        ),
        region=region,
        targets=targets,
        eye_centre=centre,
        eye_radius_m=eyes.radius * scale if eyes is not None else _EYE_RADIUS_M,
        eye=side,
        parts=_parts(pieces, regions),
        materials=materials,
        uv=uv if uv.any() else None,
        tints=tints([piece.colours for piece in pieces], counts),
        normals=np.concatenate(normals) if len(normals) == len(pieces) else None,
        clips=clips,
        look=vrm.look if vrm is not None and turns else None,
        head=head,
        notes=_notes(scale, targets, eyes is not None, clips),
    )


def _region(tree: Gltf, nodes: Nodes, piece: Piece, material: Material) -> Region | None:
    node = tree.nodes[piece.node].name or ""
    above = int(nodes.parent[piece.node])
    # A parent's name speaks only for a nameless node: else all that hangs at a bone is of its kind.
    parent = tree.nodes[above].name or "" if above >= 0 and not node else ""
    return region_of(material.name, piece.mesh, node, parent)


def _scale(eyes: Eyes | None) -> float:
    """Return by what power of ten the file's unit is to be multiplied to be a metre."""
    apart = float(np.linalg.norm(eyes.centre[0] - eyes.centre[1])) if eyes is not None else 0.0
    if apart <= 0 or _PLAUSIBLE_M[0] <= apart <= _PLAUSIBLE_M[1]:
        return 1.0
    return 10.0 ** round(math.log10(_EYES_APART_M / apart))


def _clips(
    pieces: list[Piece],
    counts: list[int],
    scale: float,
    vrm: Vrm | None,
    *,
    turned: NDArray[np.bool_],
) -> Clips:
    """Return the file's clips; what the gaze turns is left out of looks."""
    moves: dict[tuple[int, int], list[Target]] = {}  # by node and number
    bare: dict[str, list[Target]] = {}
    for piece, start in zip(pieces, np.cumsum([0, *counts]).tolist(), strict=False):
        for number, target in piece.targets.items():
            placed_target = _kept(target, start, scale)
            moves.setdefault((piece.node, number), []).append(placed_target)
            bare.setdefault(piece.names[number], []).append(placed_target)
    drafts: list[Draft] = []
    moved = 0
    for expression in vrm.expressions if vrm is not None else ():
        parts = [
            (target, bind.weight)
            for bind in expression.binds
            for target in moves.get((bind.node, bind.target), [])
        ]
        moved += sum(target.index.size for target, _ in parts)
        if moved > MOST_MOVES:
            raise excessive(f"{moved} displacements in all clips")
        drafts.append(
            Draft(
                name=expression.name,
                authored=True,
                target=combined(parts),
                limit=vrm.look_limits.get(expression.name, 1.0) if vrm is not None else 1.0,
                gain=vrm.look_shares.get(expression.name, 1.0) if vrm is not None else 1.0,
                binary=expression.binary,
                group=expression.group,
                overrides=expression.overrides,
                colours=expression.colours,
                textures=expression.places,
            )
        )
    drafts += [
        Draft(name=name, authored=False, target=combined([(target, 1.0) for target in targets]))
        for name, targets in bare.items()
    ]
    if len(drafts) > _MOST_CLIPS:
        raise excessive(f"{len(drafts)} shapes")
    return clips_of(
        [_unturned(draft, turned) for draft in drafts], vertices=len(turned), keep_bare=vrm is None
    )


def _kept(target: Target, start: int, scale: float) -> Target:
    delta = target.delta * np.float32(scale)
    if not (np.abs(delta) < 1e6).all():
        raise damaged("a morph target that reaches beyond all measure")
    moved = np.linalg.norm(delta, axis=1) >= _SMALLEST_M
    return Target(index=target.index[moved] + np.uint32(start), delta=delta[moved])


def _unturned(draft: Draft, turned: NDArray[np.bool_]) -> Draft:
    means = meaning(draft.name)
    if means is None or not means.drive or not all(c.startswith("eyeLook") for c in means.drive):
        return draft
    still = ~turned[draft.target.index]
    target = Target(index=draft.target.index[still], delta=draft.target.delta[still])
    return replace(draft, target=target)


def _head(
    tree: Gltf,
    nodes: Nodes,
    pieces: list[Piece],
    bones: Mapping[str, int],
    positions: Floats32,
    scale: float,
) -> Head | None:
    bone = head_node(tree, nodes, pieces, bones)
    if bone < 0:
        return None
    share = share_of(pieces, nodes.below(bone))
    of_it = positions[share > 0.5]
    return Head(
        pivot_m=(nodes.world[bone, :3, 3] * scale).astype(np.float32),
        share=share,
        low_m=of_it.min(axis=0),
        high_m=of_it.max(axis=0),
    )


def _eye_centre(
    eyes: Eyes | None, scale: float, positions: Floats32, head: Head | None
) -> Floats32:
    """Return the eyes' centres (2, 3); where there are none, where they would be."""
    if eyes is not None:
        return eyes.centre * np.float32(scale)
    low = positions.min(axis=0) if head is None else head.low_m
    high = positions.max(axis=0) if head is None else head.high_m
    x, y, _ = (low + high) / 2.0
    aside = _EYES_APART_M / 2.0
    front = high[2] - 2.0 * _EYE_RADIUS_M
    return np.array([[x + aside, y, front], [x - aside, y, front]], np.float32)


def _parts(pieces: list[Piece], regions: list[Region | None]) -> tuple[Part, ...]:
    parts: list[Part] = []
    first = 0
    for piece, region in zip(pieces, regions, strict=True):
        count = len(piece.triangles)
        parts.append(
            Part(name=piece.mesh, material=piece.material, first=first, count=count, region=region)
        )
        first += count
    return tuple(parts)


def _notes(
    scale: float, targets: Mapping[str, Target], eyes: bool, clips: Clips
) -> tuple[str, ...]:
    notes: list[str] = []
    if scale != 1.0:
        notes.append(f"its unit is not the metre: scaled by {scale:g}")
    if not eyes:
        notes.append("no eyes that turn were found: the gaze shows only in its shapes")
    missing = [name for name in ARKIT if name not in targets]
    moves = bool(clips.drive.any())
    if missing and moves:
        some = ", ".join(missing[:4]) + (", ..." if len(missing) > 4 else "")
        notes.append(f"no shape for {len(missing)} of ARKit's {len(ARKIT)}: {some}")
    idle = sum(not row.any() for row in clips.drive)
    if idle:
        notes.append(f"{idle} of {len(clips.names)} clips are not played by a face")
    if not moves:
        notes.append(
            "none of its shapes is known by name: the face does not move: name them as ARKit does "
            "(jawOpen, eyeBlinkLeft, ...), or as Unified Expressions or VRM do"
        )
    return tuple(notes)

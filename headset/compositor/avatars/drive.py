"""From a file's shapes and expressions to clips: which there are, and which of them a face plays.

An avatar often shows one movement in several ways: ARKit's shapes, visemes, whole moods. Playing them
all would open the mouth twice. So the shapes that follow a face most closely are played first, and
others only for channels that nothing closer shows. A VRM's expressions come before its bare targets:
its author made them to be played.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...expressions import (
    ARKIT_TO_UNIFIED,
    FROM_ARKIT,
    LOOK_DOWN_RAD,
    LOOK_IN_RAD,
    LOOK_OUT_RAD,
    LOOK_UP_RAD,
)
from ...names import ARKIT, ARKIT_INDEX, CHANNEL_INDEX, CHANNELS
from ..avatar import Floats32, Target
from ..movement import HIGHEST_WEIGHT
from .clips import Clips, ColourBind, Group, Override, TextureBind
from .shape_names import Tier, meaning

_NONE: Final = (Override.NONE, Override.NONE, Override.NONE)
_NOTHING: Final = Target(index=np.zeros(0, np.uint32), delta=np.zeros((0, 3), np.float32))
_LOOK_RAD: Final = {
    "eyeLookUp": LOOK_UP_RAD, "eyeLookDown": LOOK_DOWN_RAD, "eyeLookIn": LOOK_IN_RAD,
    "eyeLookOut": LOOK_OUT_RAD,
}  # fmt: skip

_ORDER: Final = (
    (True, Tier.ARKIT), (True, Tier.UNIFIED), (False, Tier.ARKIT), (False, Tier.UNIFIED),
    (True, Tier.BOTH_SIDES), (False, Tier.BOTH_SIDES), (True, Tier.SPEECH), (False, Tier.VROID),
    (False, Tier.SPEECH), (True, Tier.MOOD), (False, Tier.MOOD),
)  # fmt: skip
"""Whether authored, and how close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A clip before it is known what drives it.

    Attributes:
        name: As in the file; presets as VRM 1.0 spells them.
        authored: Whether it is an expression, not a bare morph target.
        target: What it moves.
        limit: Its highest weight.
        gain: Multiplies its drive: VRM's own ranges of a look.
    """

    name: str
    authored: bool
    target: Target = _NOTHING
    limit: float = HIGHEST_WEIGHT
    gain: float = 1.0
    binary: bool = False
    group: Group = Group.NONE
    overrides: tuple[Override, Override, Override] = _NONE
    colours: tuple[ColourBind, ...] = ()
    textures: tuple[TextureBind, ...] = ()


def clips_of(drafts: Iterable[Draft], *, vertices: int, keep_bare: bool) -> Clips:
    """Return clips in the order given, each with what drives it.

    Args:
        drafts: What the file has.
        vertices: How many the avatar has.
        keep_bare: Whether bare targets that no face plays are kept too, for others to play by name.
    """
    given = list(drafts)
    drive = _drive(given, vertices)
    kept = [
        number
        for number, draft in enumerate(given)
        if draft.authored or keep_bare or drive[number].any()
    ]
    made, drive = [given[number] for number in kept], drive[kept]
    starts = np.cumsum([0, *(draft.target.index.size for draft in made)])
    overrides = np.array([draft.overrides for draft in made], np.uint8).reshape(-1, 3)
    for row, draft in zip(overrides, made, strict=True):
        if draft.group is not Group.NONE:
            row[draft.group] = Override.NONE  # nothing lessens its own kind
    return Clips(
        names=tuple(draft.name for draft in made),
        starts=starts.astype(np.uint32),
        index=np.concatenate([_NOTHING.index, *(draft.target.index for draft in made)]),
        delta=np.concatenate([_NOTHING.delta, *(draft.target.delta for draft in made)]),
        drive=drive,
        limit=np.array([draft.limit for draft in made], np.float32),
        binary=np.array([draft.binary for draft in made], np.bool_),
        group=np.array([draft.group for draft in made], np.int8),
        overrides=overrides,
        colours=tuple(draft.colours for draft in made),
        textures=tuple(draft.textures for draft in made),
    )


def combined(parts: Iterable[tuple[Target, float]]) -> Target:
    """Return the sum of weighted targets, each vertex once, rising."""
    found = [(target, weight) for target, weight in parts if target.index.size and weight]
    if not found:
        return _NOTHING
    if len(found) == 1:
        target, weight = found[0]
        return (
            target
            if weight == 1.0
            else Target(index=target.index, delta=target.delta * np.float32(weight))
        )
    index = np.concatenate([target.index for target, _ in found])
    delta = np.concatenate([target.delta * np.float32(weight) for target, weight in found])
    vertices, place = np.unique(index, return_inverse=True)
    if vertices.size == index.size:
        order = np.argsort(index)
        return Target(index=vertices, delta=delta[order])
    sums = [np.bincount(place, delta[:, axis], vertices.size) for axis in range(3)]
    return Target(index=vertices, delta=np.stack(sums, axis=-1).astype(np.float32))


def arkit_targets(clips: Clips) -> dict[str, Target]:
    """Return what each ARKit channel moves, through the clips it plays, their rules left aside."""
    effect = arkit_drive(clips)
    rows = [
        Target(index=clips.index[a:b], delta=clips.delta[a:b])
        for a, b in zip(clips.starts[:-1], clips.starts[1:], strict=True)
    ]
    targets: dict[str, Target] = {}
    for name, number in ARKIT_INDEX.items():
        played = np.flatnonzero(effect[:, number])
        target = combined((rows[c], float(effect[c, number])) for c in played.tolist())
        if target.index.size:
            targets[name] = target
    return targets


def arkit_drive(clips: Clips) -> Floats32:
    """Return the drive (C, 52) of ARKit's channels alone, what they say of Unified's included."""
    drive = clips.drive[:, : len(ARKIT)].copy()
    for unified, arkit in enumerate(FROM_ARKIT.tolist()):
        if arkit >= 0:
            drive[:, arkit] += clips.drive[:, len(ARKIT) + unified]
    return drive


def _drive(drafts: list[Draft], vertices: int) -> Floats32:
    """Return the drive (C, 140) of all, closest first."""
    meanings = [meaning(draft.name) for draft in drafts]
    drive = np.zeros((len(drafts), len(CHANNELS)), np.float32)
    shown: set[str] = set()
    for authored, tier in _ORDER:
        new: set[str] = set()
        moved: dict[frozenset[str], NDArray[np.bool_]] = {}
        for row, draft, means in zip(drive, drafts, meanings, strict=True):
            if means is None or (draft.authored, means.tier) != (authored, tier):
                continue
            channels = _stands_for(means.drive)
            nothing = not (draft.target.index.size or draft.colours or draft.textures)
            if nothing or not channels or channels & shown:
                continue
            # One movement under two spellings is played once, where both move the same vertices;
            # a head's `jawOpen` and its teeth's `JawOpen` are two.
            before = moved.setdefault(frozenset(means.drive), np.zeros(vertices, np.bool_))
            if before[draft.target.index].any():
                continue
            before[draft.target.index] = True
            new |= channels
            for channel, share in means.drive.items():
                row[CHANNEL_INDEX[channel]] = share * _gain(draft, channel)
        shown |= new
    return drive


def _stands_for(drive: Mapping[str, float]) -> set[str]:
    """Return the ARKit channels a drive shows; a Unified shape that ARKit lacks is its own."""
    found: set[str] = set()
    for channel in drive:
        found |= _BEHIND.get(channel, {channel})
    return found


def _gain(draft: Draft, channel: str) -> float:
    stem = channel.removesuffix("Left").removesuffix("Right")
    return draft.gain * _LOOK_RAD[stem] if draft.group is Group.LOOK and stem in _LOOK_RAD else 1.0


def _behind() -> dict[str, set[str]]:
    behind: dict[str, set[str]] = {}
    for arkit, shapes in ARKIT_TO_UNIFIED.items():
        for unified, weight in shapes.items():
            if weight > 0:
                behind.setdefault(unified, set()).add(arkit)
    return behind


_BEHIND: Final = _behind()

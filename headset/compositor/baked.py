"""What takes seconds to build, kept in the user's cache folder: the default head, an avatar's light.

    avatar, light = prepared_head()
    light = light_of(load(path))

A file is named by a hash of all that it follows from (the sources that make it, and the avatar), so one
that is found is right. Deleting the folder costs the next start a few seconds, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..names import ARKIT
from .avatar import Avatar, Target
from .kept import Arrays, kept, key

Floats32 = NDArray[np.float32]

_AVATARS: Final = 8
"""Some own several: of so many the light is kept."""

_FOLLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "head": ("avatar.py", "head"),
    "light": ("occlusion.py", "morph.py", "movement.py", "shading.py", "depth.glsl"),
}
"""Files and folders of this package that each kind is made by."""


def prepared_head(*, cached: bool = True) -> tuple[Avatar, Floats32]:
    """Return the default head, and its light (V, 4); a context must be current.

    Args:
        cached: False makes both anew, and keeps neither.

    Raises:
        HeadsetError: The light has to be baked, and OpenGL refuses.
    """
    if cached:
        head = default_head()
        return head, light_of(head)
    from .head.build import build_head
    from .occlusion import baked_light

    head = build_head()
    return head, baked_light(head)


def default_head() -> Avatar:
    """Return the default head; needs no context."""

    def built() -> Arrays:
        from .head.build import build_head  # imports half of SciPy

        return _arrays(build_head())

    return _avatar(kept("head", key(_sources("head")), built, most=1))


def light_of(avatar: Avatar) -> Floats32:
    """Return an avatar's light (V, 4), as `baked_light` does; a context must be current.

    Raises:
        HeadsetError: It has to be baked, and OpenGL refuses.
    """
    from .occlusion import baked_light

    name = key([*_sources("light"), *_parts(avatar)])
    return kept("light", name, lambda: {"light": baked_light(avatar)}, most=_AVATARS)["light"]


def _sources(kind: str) -> Iterator[bytes]:
    """Yield the files that make it."""
    root = files(__package__ or "")
    for name in _FOLLOWS[kind]:
        place = root.joinpath(name)
        sources = [place] if place.is_file() else sorted(place.iterdir(), key=lambda one: one.name)
        yield from (one.read_bytes() for one in sources if one.name.endswith((".py", ".glsl")))


def _parts(avatar: Avatar) -> Iterator[bytes | memoryview]:
    """Yield all of an avatar that its light follows from."""
    head = () if avatar.head is None else (avatar.head.share, avatar.head.low_m, avatar.head.high_m)
    normals = () if avatar.normals is None else (avatar.normals,)
    plain = avatar.positions, avatar.triangles, avatar.region, avatar.eye_centre, avatar.eye
    for array in (*plain, *normals, *head):
        yield np.ascontiguousarray(array).data
    for part in avatar.parts:  # what is seen through, or is drawn as a toon, casts no shadow
        material = avatar.materials[part.material]
        yield repr((part, material.name, material.shading, material.opacity)).encode()
    for name, target in sorted(avatar.targets.items()):
        yield name.encode()
        yield np.ascontiguousarray(target.index).data
        yield np.ascontiguousarray(target.delta).data


_PLAIN: Final = ("positions", "triangles", "colours", "region", "eye_centre", "eye")


def _arrays(head: Avatar) -> Arrays:
    targets = [head.targets[name] for name in ARKIT]
    return {
        **{name: getattr(head, name) for name in _PLAIN},
        "eye_radius_m": np.float64(head.eye_radius_m).reshape(1),
        "sizes": np.array([target.index.size for target in targets]),
        "index": np.concatenate([target.index for target in targets]),
        "delta": np.concatenate([target.delta for target in targets]),
    }


def _avatar(arrays: Arrays) -> Avatar:
    ends = np.cumsum(arrays["sizes"])[:-1]
    moved = zip(np.split(arrays["index"], ends), np.split(arrays["delta"], ends), strict=True)
    plain: dict[str, Any] = {name: arrays[name] for name in _PLAIN}
    return Avatar(
        **plain,
        eye_radius_m=float(arrays["eye_radius_m"][0]),
        targets={
            name: Target(index=index, delta=delta)
            for name, (index, delta) in zip(ARKIT, moved, strict=True)
        },
    )

"""An avatar's materials as its shaders read them: parameters in a uniform block, textures by their role.

Most never change. What an expression colours, or a toon's author lets drift, is written anew then.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from . import gl
from .avatar import Avatar, Floats32
from .textures import TexturePool
from .uniforms import MATERIAL_BINDING

if TYPE_CHECKING:
    from .avatars.clips import ColourBind, TextureBind
    from .avatars.material import Material, TextureUse, Toon

ROLES: Final = (
    "colour", "normal", "metal_rough", "occlusion", "emission", "shade", "shift", "rim", "matcap",
    "width", "motion",
)  # fmt: skip
"""What a texture is for; its number is the texture unit, and the place in `places`. Units from 12
are free for what shaders bring along themselves."""

_COLOURS: Final = frozenset({"colour", "emission", "shade", "rim", "matcap"})
_OF_LIT: Final = frozenset({"colour", "normal", "metal_rough", "occlusion", "emission"})
_OF_FLESH: Final = frozenset({"colour", "normal", "occlusion"})
_OF_TOON: Final = frozenset(ROLES) - {"metal_rough", "occlusion"}
_READ: Final = {"lit": _OF_LIT, "toon": _OF_TOON, "unlit": frozenset({"colour"})}
"""Roles that a shader reads; those of flesh where it is not named."""

LAYOUT: Final = np.dtype(
    [
        ("base", np.float32, 4),
        ("emission", np.float32, 4),
        ("finish", np.float32, 4),
        ("shade_colour", np.float32, 4),
        ("rim", np.float32, 4),
        ("matcap", np.float32, 4),
        ("toon", np.float32, 4),
        ("outline", np.float32, 4),
        ("outline_width", np.float32, 4),
        ("motion", np.float32, 4),
        ("places", np.float32, (2 * len(ROLES), 4)),
    ]
)
"""The layout of material.glsl's Material."""

_FIELDS: Final = {
    "colour": "base", "emission": "emission", "shade": "shade_colour", "matcap": "matcap", "rim": "rim",
    "outline_colour": "outline",
}  # fmt: skip
"""Of a `ColourBind`, to the block's; only `base` has an alpha."""

_DRY: Final = 0.9
FLESH_ROUGHNESS: Final = 0.5
"""Of what says nothing of its roughness but glTF's default, 1: dry chalk, where flesh is moist."""


class Surfaces:
    """All materials of one avatar; needs a current context.

    Attributes:
        textures: What they share.
    """

    def __init__(self, avatar: Avatar, flesh: frozenset[int]) -> None:
        """Write all parameters; textures are sent as programs ask for them.

        Args:
            avatar: Whose.
            flesh: Which materials are drawn as skin, eyes or mouths.
        """
        self._materials = avatar.materials
        self.textures = TexturePool(
            use.texture for material in avatar.materials for use in uses(material).values()
        )
        self._rest = np.zeros(len(avatar.materials), LAYOUT)
        for number, (row, material) in enumerate(zip(self._rest, avatar.materials, strict=True)):
            _fill(row, material)
            if number in flesh and material.roughness >= _DRY:
                row["finish"][0] = FLESH_ROUGHNESS
        self._now = self._rest.copy()
        api = gl.api()
        step = int(api.glGetIntegerv(api.GL_UNIFORM_BUFFER_OFFSET_ALIGNMENT))
        self._stride = -(-LAYOUT.itemsize // step) * step
        self._buffer = gl.buffer(max(1, len(self._now)) * self._stride, dynamic=True)
        for number in range(len(self._now)):
            self._send(number)
        clips = avatar.clips
        self._colours: list[tuple[int, ColourBind]] = []
        self._places: list[tuple[int, TextureBind]] = []
        if clips is not None:
            self._colours = [(c, bind) for c, row in enumerate(clips.colours) for bind in row]
            self._places = [(c, bind) for c, row in enumerate(clips.textures) for bind in row]
        self._drifting = [n for n, m in enumerate(avatar.materials) if m.toon and _drifts(m.toon)]
        self._changing = sorted(
            {bind.material for _, bind in (*self._colours, *self._places)} | {*self._drifting}
        )

    def change(self, played: Floats32, at_s: float) -> None:
        """Write anew what a face's clips and the time change.

        Args:
            played: Shape (C,), how strongly each clip plays.
            at_s: Seconds since any instant.
        """
        if not self._changing:
            return
        before = self._now[self._changing]  # a copy
        self._now[self._changing] = self._rest[self._changing]
        for clip, bind in self._colours:
            if played[clip]:
                self._colour(bind, float(played[clip]))
        for clip, bind in self._places:
            if played[clip]:
                self._place(bind, float(played[clip]))
        for number in self._drifting:
            toon = self._materials[number].toon
            if toon is not None:
                x, y = (at_s * hz % 1.0 for hz in toon.scroll_hz)
                self._now["motion"][number, :3] = x, y, at_s * toon.spin_rad_s % (2.0 * math.pi)
        for number, was in zip(self._changing, before, strict=True):
            if self._now[number].tobytes() != was.tobytes():
                self._send(number)

    def bind(self, number: int) -> None:
        """Make a material what programs see."""
        api = gl.api()
        api.glBindBufferRange(
            api.GL_UNIFORM_BUFFER, MATERIAL_BINDING, self._buffer, number * self._stride,
            LAYOUT.itemsize,
        )  # fmt: skip

    def roles(self, number: int, shader: str) -> dict[str, int]:
        """Return the textures of a material that a shader reads, by role: OpenGL's names of them.

        Raises:
            HeadsetError: An image is damaged.
        """
        read = _READ.get(shader, _OF_FLESH)
        return {
            role: self.textures.name(use.texture, colour=role in _COLOURS)
            for role, use in uses(self._materials[number]).items()
            if role in read
        }

    def close(self) -> None:
        """Give everything back."""
        self.textures.close()
        gl.delete_buffers(self._buffer)

    def _send(self, number: int) -> None:
        api = gl.api()
        api.glBindBuffer(api.GL_UNIFORM_BUFFER, self._buffer)
        api.glBufferSubData(
            api.GL_UNIFORM_BUFFER, number * self._stride, LAYOUT.itemsize,
            self._now[number : number + 1],
        )  # fmt: skip

    def _colour(self, bind: ColourBind, weight: float) -> None:
        field = _FIELDS[bind.field]
        width = 4 if field == "base" else 3
        rest = self._rest[field][bind.material, :width]
        self._now[field][bind.material, :width] += weight * (np.array(bind.colour[:width]) - rest)

    def _place(self, bind: TextureBind, weight: float) -> None:
        rows: NDArray[Any] = self._now["places"][bind.material]
        for role, use in uses(self._materials[bind.material]).items():
            if role == "matcap":
                continue  # it lies on the view, not on the mesh
            moved = _matrix(use, offset=bind.offset, scale=bind.scale) - use.matrix()
            at = 2 * ROLES.index(role)
            rows[at : at + 2, :3] += weight * moved


def uses(material: Material) -> dict[str, TextureUse]:
    """Return a material's textures by role."""
    toon = material.toon
    given = (
        material.colour_texture, material.normal_texture, material.metal_rough_texture,
        material.occlusion_texture, material.emission_texture,
        *(
            (None,) * 6 if toon is None else (
                toon.shade_texture, toon.shading_shift_texture, toon.rim_texture,
                toon.matcap_texture, toon.outline_width_texture, toon.motion_mask,
            )
        ),
    )  # fmt: skip
    return {role: use for role, use in zip(ROLES, given, strict=True) if use is not None}


def drifts(material: Material) -> bool:
    """Say whether its textures move by themselves."""
    return material.toon is not None and _drifts(material.toon)


def _drifts(toon: Toon) -> bool:
    return any(toon.scroll_hz) or bool(toon.spin_rad_s)


def _fill(row: np.void, material: Material) -> None:
    """Write a material at rest into a record of `LAYOUT`."""
    row["base"] = material.colour
    row["emission"] = (*material.emission, material.cutoff)
    row["finish"] = (
        material.roughness, material.metallic, material.normal_scale, material.occlusion_strength,
    )  # fmt: skip
    for role, use in uses(material).items():
        at = 2 * ROLES.index(role)
        row["places"][at : at + 2, :3] = use.matrix()
        row["places"][at, 3] = use.uv_set
    toon = material.toon
    if toon is None:
        return
    from .avatars.material import OutlineWidth

    row["shade_colour"] = (*toon.shade, toon.shading_shift)
    row["rim"] = (*toon.rim, toon.rim_fresnel_power)
    row["matcap"] = (*toon.matcap, toon.rim_lift)
    row["toon"] = (
        toon.shading_toony, toon.gi_equalisation, toon.shading_shift_scale, toon.rim_lighting_mix,
    )  # fmt: skip
    row["outline"] = (*toon.outline_colour, toon.outline is OutlineWidth.SCREEN)
    row["outline_width"][:2] = toon.outline_width, toon.outline_lighting_mix


def _matrix(
    use: TextureUse, *, offset: tuple[float, float], scale: tuple[float, float]
) -> NDArray[np.float32]:
    from dataclasses import replace

    return replace(use, offset=offset, scale=scale).matrix()

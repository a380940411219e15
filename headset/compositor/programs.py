"""The programs that draw a figure's batches: one for each way of shading, made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import gl
from .shading import Batch
from .surfaces import ROLES, Surfaces, drifts
from .uniforms import MATERIAL_BINDING, POSE_BINDING, VIEW_BINDING

if TYPE_CHECKING:
    from .avatars.material import Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One call's worth.

    Attributes:
        program: What shades it.
        material: Index into `Avatar.materials`, or -1.
        textures: Texture units and what is bound to them.
        count: Of indices.
        start: Of the first, in bytes, as OpenGL takes it.
        culled: Which faces are left out: OpenGL's number, or 0 for none.
        blends: Whether what is behind is seen through it.
        writes_depth: Whether it hides what is drawn later.
    """

    program: int
    material: int
    textures: tuple[tuple[int, int], ...]
    count: int
    start: object
    culled: int
    blends: bool
    writes_depth: bool

    def like(self, other: Draw | None) -> bool:
        """Say whether it needs the same of OpenGL as another, but for program and material."""
        return other is not None and (self.culled, self.blends, self.writes_depth) == (
            other.culled, other.blends, other.writes_depth,
        )  # fmt: skip


class Programs:
    """Makes draws of batches; needs a current context."""

    def __init__(self, *, defines: dict[str, str], layers: str | None) -> None:
        """Remember what all programs share: macros, and the extension by which layers are chosen."""
        self._defines = defines
        self._layers = layers
        self._made: dict[tuple[str, frozenset[str]], int] = {}

    def draws(
        self,
        batch: Batch,
        surfaces: Surfaces,
        material: Material | None,
        first: int,
    ) -> list[Draw]:
        """Return what draws a batch: itself, and a toon's outline after it.

        Args:
            batch: Its triangles are in the index buffer one after the other.
            surfaces: Where its material and textures are.
            material: Of the batch; None where vertices have colours and no more is known.
            first: Its first triangle in the index buffer.

        Raises:
            HeadsetError: The driver refuses a program, or an image is damaged.
        """
        api = gl.api()
        roles = {} if material is None else surfaces.roles(batch.material, batch.shader)
        features = _features(batch, material) | {f"{role.upper()}_MAP" for role in roles}
        textures = tuple((ROLES.index(role), name) for role, name in roles.items())

        def draw(extra: frozenset[str], culled: int) -> Draw:
            return Draw(
                program=self._program(batch.shader, features | extra),
                material=batch.material,
                textures=textures,
                count=3 * len(batch.triangles),
                start=gl.offset(12 * first),
                culled=culled,
                blends=batch.blends,
                writes_depth=batch.writes_depth,
            )

        made = [draw(frozenset(), int(api.GL_BACK) if batch.closed else 0)]
        if _outlined(material):
            made.append(draw(frozenset({"OUTLINE"}), int(api.GL_FRONT)))
        return made

    def close(self) -> None:
        """Give them back."""
        for made in self._made.values():
            gl.api().glDeleteProgram(made)

    def _program(self, shader: str, features: frozenset[str]) -> int:
        key = (shader, features)
        if key not in self._made:
            self._made[key] = self._new(shader, features)
        return self._made[key]

    def _new(self, shader: str, features: frozenset[str]) -> int:
        api = gl.api()
        part = "PART" in features
        defines = {**self._defines, **dict.fromkeys(sorted(features), "1")}
        material = ("material",) if part else ()
        made = gl.program(
            vertex=gl.shader_text(
                "blocks", *material, "vertex", defines=defines, version=410, extension=self._layers
            ),
            fragment=gl.shader_text(
                "blocks", *material, "light", *(("dressed",) if part else ()), shader, "fragment",
                defines=defines, version=410,
            ),
        )  # fmt: skip
        gl.bind_block(made, "View", VIEW_BINDING)
        gl.bind_block(made, "Pose", POSE_BINDING)
        gl.bind_block(made, "Material", MATERIAL_BINDING)
        for unit, role in enumerate(ROLES):
            place = api.glGetUniformLocation(made, f"{role}_map".encode())
            if place >= 0:
                api.glProgramUniform1i(made, place, unit)
        return made


def batch_order(batch: Batch, triangles: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Return a batch's triangles as they are drawn.

    What hides what is behind it goes by first vertex: neighbours meet in the vertex cache (software:
    -12 %). What is seen through stays as its author laid it.
    """
    if batch.blends:
        return batch.triangles
    return batch.triangles[np.argsort(triangles[batch.triangles].min(axis=1), kind="stable")]


def _features(batch: Batch, material: Material | None) -> frozenset[str]:
    if material is None:
        return frozenset()
    from .avatars.material import Opacity

    found = {"PART"}
    if batch.blends:
        found.add("BLENDS")
    if material.opacity is Opacity.MASK:
        found.add("MASKED")
    if batch.shader == "toon" and drifts(material):
        found.add("MOVES")
    return frozenset(found)


def _outlined(material: Material | None) -> bool:
    if material is None or material.toon is None:
        return False
    from .avatars.material import OutlineWidth

    toon = material.toon
    return toon.outline is not OutlineWidth.NONE and toon.outline_width > 0.0

"""VRM as far as a face uses it: the JSON, typed. `vrm.py` makes one thing of the two versions.

Source: VRM 0.0; VRMC_vrm-1.0 (expressions, lookAt, humanoid).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from .gltf_material_schema import Number, Part, Vector2

Override = Literal["none", "block", "blend"]


class Bone0(Part, frozen=True):
    """VRM 0: a bone of the humanoid."""

    bone: str
    node: int = -1


class Humanoid0(Part, frozen=True):
    """VRM 0: the skeleton."""

    human_bones: tuple[Bone0, ...] = ()


class DegreeMap(Part, frozen=True):
    """VRM 0: an angle up to `x_range` degrees becomes up to `y_range` (degrees, or a weight)."""

    x_range: Number = 90.0
    y_range: Number = 10.0


class FirstPerson0(Part, frozen=True):
    """VRM 0: the eyes' rule."""

    look_at_type_name: str = "Bone"
    look_at_horizontal_inner: DegreeMap = DegreeMap()
    look_at_horizontal_outer: DegreeMap = DegreeMap()
    look_at_vertical_down: DegreeMap = DegreeMap()
    look_at_vertical_up: DegreeMap = DegreeMap()


class Bind0(Part, frozen=True):
    """VRM 0: a morph target of a mesh, 0 to 100."""

    mesh: int = -1
    index: int = -1
    weight: Number = 100.0


class MaterialValue0(Part, frozen=True):
    """VRM 0: a material's property, by its Unity name."""

    material_name: str = ""
    property_name: str = ""
    target_value: tuple[Number, ...] = ()


class Group0(Part, frozen=True):
    """VRM 0: a clip."""

    name: str = ""
    preset_name: str = "unknown"
    binds: tuple[Bind0, ...] | None = None
    material_values: tuple[MaterialValue0, ...] | None = None
    is_binary: bool = False


class Master0(Part, frozen=True):
    """VRM 0: all clips."""

    blend_shape_groups: tuple[Group0, ...] = ()


class Material0(Part, frozen=True):
    """VRM 0: a material as Unity had it; textures by index, vectors in sRGB."""

    name: str = ""
    shader: str = ""
    render_queue: int = 0
    float_properties: dict[str, Number] = msgspec.field(default_factory=dict[str, Number])
    vector_properties: dict[str, tuple[Number, ...]] = msgspec.field(
        default_factory=dict[str, tuple[Number, ...]]
    )
    texture_properties: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    keyword_map: dict[str, bool] = msgspec.field(default_factory=dict[str, bool])


class Vrm0(Part, frozen=True):
    """VRM 0.x."""

    humanoid: Humanoid0 = Humanoid0()
    first_person: FirstPerson0 = FirstPerson0()
    blend_shape_master: Master0 = Master0()
    material_properties: tuple[Material0, ...] = ()


class Bone1(Part, frozen=True):
    """VRM 1: a bone of the humanoid."""

    node: int


class Humanoid1(Part, frozen=True):
    """VRM 1: the skeleton."""

    human_bones: dict[str, Bone1] = msgspec.field(default_factory=dict[str, Bone1])


class RangeMap1(Part, frozen=True):
    """VRM 1: an angle up to `input_max_value` degrees becomes up to `output_scale`."""

    input_max_value: Number = 90.0
    output_scale: Number = 10.0


class LookAt1(Part, frozen=True):
    """VRM 1: the eyes' rule."""

    type: Literal["bone", "expression"] = "bone"
    range_map_horizontal_inner: RangeMap1 = RangeMap1()
    range_map_horizontal_outer: RangeMap1 = RangeMap1()
    range_map_vertical_down: RangeMap1 = RangeMap1()
    range_map_vertical_up: RangeMap1 = RangeMap1()


class MorphBind1(Part, frozen=True):
    """VRM 1: a morph target of a node's mesh, 0 to 1."""

    node: int
    index: int
    weight: Number = 1.0


class ColourBind1(Part, frozen=True):
    """VRM 1: a colour of a material."""

    material: int
    type: str
    target_value: tuple[Number, ...]


class TextureBind1(Part, frozen=True):
    """VRM 1: where a material's textures lie."""

    material: int
    scale: Vector2 = (1.0, 1.0)
    offset: Vector2 = (0.0, 0.0)


class Expression1(Part, frozen=True):
    """VRM 1: a clip."""

    morph_target_binds: tuple[MorphBind1, ...] | None = None
    material_color_binds: tuple[ColourBind1, ...] | None = None
    texture_transform_binds: tuple[TextureBind1, ...] | None = None
    is_binary: bool = False
    override_blink: Override = "none"
    override_look_at: Override = "none"
    override_mouth: Override = "none"


class Expressions1(Part, frozen=True):
    """VRM 1: all clips."""

    preset: dict[str, Expression1] = msgspec.field(default_factory=dict[str, Expression1])
    custom: dict[str, Expression1] = msgspec.field(default_factory=dict[str, Expression1])


class Vrm1(Part, frozen=True):
    """VRM 1.0."""

    humanoid: Humanoid1 = Humanoid1()
    look_at: LookAt1 | None = None
    expressions: Expressions1 = Expressions1()

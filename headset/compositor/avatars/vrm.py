"""What VRM says of a face, one thing for both versions: clips, eyes, bones, which way it looks.

Source: VRM 0.0 (blendShapeMaster, firstPerson, humanoid); VRMC_vrm-1.0. Unity's curves of VRM 0's
eyes are not read: every tool writes the straight one, and VRM 1.0 has no other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from .clips import AngleMap, ColourBind, Group, Look, Override, TextureBind
from .gltf_container import excessive
from .gltf_schema import Gltf
from .material import linear
from .vrm_schema import Expression1, Group0, LookAt1, Vrm0, Vrm1

_PRESETS_0: Final = {
    "a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh", "joy": "happy", "sorrow": "sad",
    "fun": "relaxed", "blink_l": "blinkLeft", "blink_r": "blinkRight", "lookup": "lookUp",
    "lookdown": "lookDown", "lookleft": "lookLeft", "lookright": "lookRight",
}  # fmt: skip
"""VRM 0's presets to VRM 1.0's; the others are spelt alike."""

_GROUPS: Final = {
    **dict.fromkeys(("blink", "blinkLeft", "blinkRight"), Group.BLINK),
    **dict.fromkeys(("lookUp", "lookDown", "lookLeft", "lookRight"), Group.LOOK),
    **dict.fromkeys(("aa", "ih", "ou", "ee", "oh"), Group.MOUTH),
}
_OVERRIDES: Final = {"none": Override.NONE, "blend": Override.BLEND, "block": Override.BLOCK}

_COLOURS_1: Final = {
    "color": "colour", "emissionColor": "emission", "shadeColor": "shade", "matcapColor": "matcap",
    "rimColor": "rim", "outlineColor": "outline_colour",
}  # fmt: skip
_COLOURS_0: Final = {
    "_Color": "colour", "_EmissionColor": "emission", "_ShadeColor": "shade", "_RimColor": "rim",
    "_OutlineColor": "outline_colour",
}  # fmt: skip


_MOST_BINDS: Final = 65_536


class Bind(NamedTuple):
    """A morph target in a clip: that of a node's mesh, at a weight."""

    node: int
    target: int
    weight: float


class Expression(NamedTuple):
    """A clip, as the file defines it.

    Attributes:
        name: Presets as VRM 1.0 spells them.
        preset: Whether it is one.
    """

    name: str
    preset: bool
    binds: tuple[Bind, ...]
    colours: tuple[ColourBind, ...]
    places: tuple[TextureBind, ...]
    binary: bool
    group: Group
    overrides: tuple[Override, Override, Override]


class Vrm(NamedTuple):
    """What a VRM file says of a face.

    Attributes:
        expressions: Its clips.
        bones: The humanoid's bones, by VRM's names, to nodes.
        look: How eye bones turn; None where they do not.
        look_shares: Of `lookUp` and the others, their weight for a gaze of 1 radian; 0 where the bones
            turn instead.
        look_limits: The highest weight of these.
        backwards: Whether the face looks along -z, as VRM 0's do.
    """

    expressions: tuple[Expression, ...]
    bones: Mapping[str, int]
    look: Look | None
    look_shares: Mapping[str, float]
    look_limits: Mapping[str, float]
    backwards: bool


def read(tree: Gltf) -> Vrm | None:
    """Return what a file says as VRM, 1.0 before 0; None where it is not VRM.

    Raises:
        HeadsetError: More in it than any avatar has.
    """
    if tree.extensions.vrm1 is not None:
        return _vrm1(tree.extensions.vrm1)
    if tree.extensions.vrm0 is not None:
        return _vrm0(tree.extensions.vrm0, tree)
    return None


def _vrm1(vrm: Vrm1) -> Vrm:
    given = {**vrm.expressions.preset, **vrm.expressions.custom}.values()
    _bounded(len(expression.morph_target_binds or ()) for expression in given)
    expressions = [_expression1(name, True, e) for name, e in vrm.expressions.preset.items()]
    expressions += [_expression1(name, False, e) for name, e in vrm.expressions.custom.items()]
    bones = {name: bone.node for name, bone in vrm.humanoid.human_bones.items()}
    look = vrm.look_at or LookAt1()
    maps = [
        (m.input_max_value, m.output_scale)
        for m in (
            look.range_map_horizontal_inner, look.range_map_horizontal_outer,
            look.range_map_vertical_down, look.range_map_vertical_up,
        )
    ]  # fmt: skip
    return _vrm(expressions, bones, maps, by_bone=look.type == "bone", backwards=False)


def _expression1(name: str, preset: bool, given: Expression1) -> Expression:
    colours = [
        ColourBind(
            material=bind.material, field=_COLOURS_1[bind.type], colour=_rgba(bind.target_value)
        )
        for bind in given.material_color_binds or ()
        if bind.type in _COLOURS_1
    ]
    return Expression(
        name=name,
        preset=preset,
        binds=tuple(Bind(b.node, b.index, b.weight) for b in given.morph_target_binds or ()),
        colours=tuple(colours),
        places=tuple(
            TextureBind(material=b.material, offset=b.offset, scale=b.scale)
            for b in given.texture_transform_binds or ()
        ),
        binary=given.is_binary,
        group=_GROUPS.get(name, Group.NONE) if preset else Group.NONE,
        overrides=(
            _OVERRIDES[given.override_blink],
            _OVERRIDES[given.override_look_at],
            _OVERRIDES[given.override_mouth],
        ),
    )


def _vrm0(vrm: Vrm0, tree: Gltf) -> Vrm:
    nodes: dict[int, list[int]] = {}  # by mesh: VRM 0 binds to meshes, wherever they stand
    for number, node in enumerate(tree.nodes):
        if node.mesh is not None:
            nodes.setdefault(node.mesh, []).append(number)
    materials = {m.name: number for number, m in enumerate(tree.materials) if m.name}
    groups = vrm.blend_shape_master.blend_shape_groups
    _bounded(len(nodes.get(bind.mesh, ())) for group in groups for bind in group.binds or ())
    expressions = [_expression0(group, nodes, materials) for group in groups]
    bones = {bone.bone: bone.node for bone in vrm.humanoid.human_bones}
    look = vrm.first_person
    maps = [
        (m.x_range, m.y_range)
        for m in (
            look.look_at_horizontal_inner, look.look_at_horizontal_outer,
            look.look_at_vertical_down, look.look_at_vertical_up,
        )
    ]  # fmt: skip
    by_bone = look.look_at_type_name == "Bone"
    return _vrm(expressions, bones, maps, by_bone=by_bone, backwards=True)


def _expression0(
    given: Group0, nodes: Mapping[int, list[int]], materials: Mapping[str, int]
) -> Expression:
    preset = given.preset_name.lower()
    known = preset not in {"", "unknown"}
    name = _PRESETS_0.get(preset, preset) if known else given.name
    colours: list[ColourBind] = []
    places: list[TextureBind] = []
    for value in given.material_values or ():
        number = materials.get(value.material_name)
        if number is None:
            continue
        if value.property_name in _COLOURS_0:
            r, g, b, a = _rgba(value.target_value)
            rgba = (linear(r), linear(g), linear(b), a)
            field = _COLOURS_0[value.property_name]
            colours.append(ColourBind(material=number, field=field, colour=rgba))
        elif value.property_name == "_MainTex_ST" and len(value.target_value) >= 4:
            sx, sy, ox, oy = value.target_value[:4]
            offset = (ox, 1.0 - sy - oy)  # Unity's v goes up
            places.append(TextureBind(material=number, offset=offset, scale=(sx, sy)))
    return Expression(
        name=name,
        preset=known,
        binds=tuple(
            Bind(node, bind.index, bind.weight / 100.0)
            for bind in given.binds or ()
            for node in nodes.get(bind.mesh, [])
        ),
        colours=tuple(colours),
        places=tuple(places),
        binary=given.is_binary,
        group=_GROUPS.get(name, Group.NONE) if known else Group.NONE,
        overrides=(Override.NONE, Override.NONE, Override.NONE),
    )


def _bounded(binds: Iterable[int]) -> None:
    total = sum(binds)
    if total > _MOST_BINDS:
        raise excessive(f"{total} morph targets in its clips")


def _rgba(value: tuple[float, ...]) -> tuple[float, float, float, float]:
    r, g, b, a = (*value[:4], *(1.0,) * (4 - len(value[:4])))
    return r, g, b, a


def _vrm(
    expressions: Iterable[Expression],
    bones: Mapping[str, int],
    maps: list[tuple[float, float]],
    *,
    by_bone: bool,
    backwards: bool,
) -> Vrm:
    inner, outer, down, up = (
        AngleMap(most_rad=math.radians(most), turn_rad=math.radians(turn)) for most, turn in maps
    )
    # An expression shows the gaze of both eyes: VRM takes the outer map for it.
    sides = {"lookLeft": maps[1], "lookRight": maps[1], "lookDown": maps[2], "lookUp": maps[3]}
    return Vrm(
        expressions=tuple(e for e in expressions if e.binds or e.colours or e.places),
        bones=bones,
        look=Look(inner=inner, outer=outer, down=down, up=up) if by_bone else None,
        look_shares={
            name: 0.0 if by_bone or most <= 0 else scale / math.radians(most)
            for name, (most, scale) in sides.items()
        },
        look_limits={name: min(1.0, max(0.0, scale)) for name, (_, scale) in sides.items()},
        backwards=backwards,
    )

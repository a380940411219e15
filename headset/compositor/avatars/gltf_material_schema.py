"""glTF's materials, textures and images as JSON, typed and bounded; see `gltf_schema.py`.

Source: Khronos glTF 2.0; KHR_texture_transform, KHR_materials_unlit,
KHR_materials_emissive_strength, EXT_texture_webp; VRMC_materials_mtoon-1.0.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Index = Annotated[int, msgspec.Meta(ge=0, le=1 << 20)]
Number = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
"""Finite: NaN lies in no range."""
Vector2 = tuple[Number, Number]
Vector3 = tuple[Number, Number, Number]
Vector4 = tuple[Number, Number, Number, Number]


class Part(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What every struct here has in common: names in camel case, unknown ones skipped."""


class TextureTransform(Part, frozen=True):
    """KHR_texture_transform."""

    offset: Vector2 = (0.0, 0.0)
    rotation: Number = 0.0
    scale: Vector2 = (1.0, 1.0)
    tex_coord: Index | None = None


class TextureExtensions(Part, frozen=True):
    """Those of a texture's use that are read."""

    transform: TextureTransform | None = msgspec.field(name="KHR_texture_transform", default=None)


class TextureRef(Part, frozen=True):
    """Use of a texture; `scale` is a normal map's, `strength` an occlusion map's."""

    index: Index
    tex_coord: Index = 0
    scale: Number = 1.0
    strength: Number = 1.0
    extensions: TextureExtensions = TextureExtensions()


class Pbr(Part, frozen=True):
    """Metal and roughness."""

    base_color_factor: Vector4 = (1.0, 1.0, 1.0, 1.0)
    base_color_texture: TextureRef | None = None
    metallic_factor: Number = 1.0
    roughness_factor: Number = 1.0
    metallic_roughness_texture: TextureRef | None = None


class Mtoon(Part, frozen=True):
    """VRMC_materials_mtoon: a toon material."""

    transparent_with_z_write: bool = False
    render_queue_offset_number: int = 0
    shade_color_factor: Vector3 = (0.0, 0.0, 0.0)
    shade_multiply_texture: TextureRef | None = None
    shading_shift_factor: Number = 0.0
    shading_shift_texture: TextureRef | None = None
    shading_toony_factor: Number = 0.9
    gi_equalization_factor: Number = 0.9
    matcap_factor: Vector3 = (1.0, 1.0, 1.0)
    matcap_texture: TextureRef | None = None
    parametric_rim_color_factor: Vector3 = (0.0, 0.0, 0.0)
    parametric_rim_fresnel_power_factor: Number = 5.0
    parametric_rim_lift_factor: Number = 0.0
    rim_multiply_texture: TextureRef | None = None
    rim_lighting_mix_factor: Number = 1.0
    outline_width_mode: Literal["none", "worldCoordinates", "screenCoordinates"] = "none"
    outline_width_factor: Number = 0.0
    outline_width_multiply_texture: TextureRef | None = None
    outline_color_factor: Vector3 = (0.0, 0.0, 0.0)
    outline_lighting_mix_factor: Number = 1.0
    uv_animation_mask_texture: TextureRef | None = None
    uv_animation_scroll_x_speed_factor: Number = 0.0
    uv_animation_scroll_y_speed_factor: Number = 0.0
    uv_animation_rotation_speed_factor: Number = 0.0


class EmissiveStrength(Part, frozen=True):
    """KHR_materials_emissive_strength."""

    emissive_strength: Number = 1.0


class MaterialExtensions(Part, frozen=True):
    """Those of a material that are read."""

    unlit: Part | None = msgspec.field(name="KHR_materials_unlit", default=None)
    strength: EmissiveStrength = msgspec.field(
        name="KHR_materials_emissive_strength", default=EmissiveStrength()
    )
    mtoon: Mtoon | None = msgspec.field(name="VRMC_materials_mtoon", default=None)


class Surface(Part, frozen=True):
    """glTF's `material`."""

    name: str | None = None
    pbr_metallic_roughness: Pbr = Pbr()
    normal_texture: TextureRef | None = None
    occlusion_texture: TextureRef | None = None
    emissive_texture: TextureRef | None = None
    emissive_factor: Vector3 = (0.0, 0.0, 0.0)
    alpha_mode: Literal["OPAQUE", "MASK", "BLEND"] = "OPAQUE"
    alpha_cutoff: Number = 0.5
    double_sided: bool = False
    extensions: MaterialExtensions = MaterialExtensions()


class TextureSource(Part, frozen=True):
    """An image under another name."""

    source: Index


class TextureSources(Part, frozen=True):
    """Where extensions put a texture's image."""

    webp: TextureSource | None = msgspec.field(name="EXT_texture_webp", default=None)


class SampledImage(Part, frozen=True):
    """glTF's `texture`: an image and how it is sampled."""

    source: Index | None = None
    sampler: Index | None = None
    extensions: TextureSources = TextureSources()


class Sampler(Part, frozen=True):
    """OpenGL's own numbers for wrapping and filtering."""

    wrap_s: int = 10497
    wrap_t: int = 10497
    mag_filter: int | None = None
    min_filter: int | None = None


class EncodedImage(Part, frozen=True):
    """glTF's `image`: a picture in a file, a data URI or a view."""

    name: str | None = None
    uri: str | None = None
    mime_type: str | None = None
    buffer_view: Index | None = None

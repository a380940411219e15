"""glTF's materials to ours.

Source: Khronos glTF 2.0, 3.9; KHR_materials_unlit; KHR_materials_emissive_strength;
VRMC_materials_mtoon-1.0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .gltf_accessor import Accessors
from .gltf_container import Container
from .gltf_material_schema import Mtoon, Surface
from .gltf_texture import Textures
from .material import Material, Opacity, OutlineWidth, Rgb, Shading, Toon
from .vrm_material import from_unity

_WIDTHS: Final = {
    "none": OutlineWidth.NONE,
    "worldCoordinates": OutlineWidth.METRES,
    "screenCoordinates": OutlineWidth.SCREEN,
}


def materials_of(container: Container, accessors: Accessors) -> tuple[Material, ...]:
    """Return a file's materials in its order, and last the one of what names none.

    Raises:
        HeadsetError: An image is damaged, too large or of a kind that is not read.
    """
    textures = Textures(container, accessors)
    tree = container.tree
    vrm0 = tree.extensions.vrm0
    unity = vrm0.material_properties if vrm0 is not None else ()
    made: list[Material] = []
    for number, surface in enumerate(tree.materials):
        material = _material(surface, textures)
        if number < len(unity) and unity[number].shader.startswith("VRM/"):
            material = from_unity(material, unity[number], textures)
        made.append(material)
    return (*made, Material())


def _material(given: Surface, textures: Textures) -> Material:
    pbr, extensions = given.pbr_metallic_roughness, given.extensions
    strength = extensions.strength.emissive_strength
    normal, occlusion = given.normal_texture, given.occlusion_texture
    material = Material(
        name=given.name or "",
        shading=Shading.UNLIT if extensions.unlit is not None else Shading.LIT,
        colour=pbr.base_color_factor,
        colour_texture=textures.use(pbr.base_color_texture),
        roughness=pbr.roughness_factor,
        metallic=pbr.metallic_factor,
        metal_rough_texture=textures.use(pbr.metallic_roughness_texture),
        normal_texture=textures.use(normal),
        normal_scale=normal.scale if normal is not None else 1.0,
        occlusion_texture=textures.use(occlusion),
        occlusion_strength=occlusion.strength if occlusion is not None else 1.0,
        emission=_times(given.emissive_factor, strength),
        emission_texture=textures.use(given.emissive_texture),
        opacity=Opacity[given.alpha_mode],
        cutoff=given.alpha_cutoff,
        double_sided=given.double_sided,
    )
    if extensions.mtoon is None:
        return material
    return replace(material, shading=Shading.TOON, toon=_toon(extensions.mtoon, textures))


def _toon(given: Mtoon, textures: Textures) -> Toon:
    shift = given.shading_shift_texture
    return Toon(
        shade=given.shade_color_factor,
        shade_texture=textures.use(given.shade_multiply_texture),
        shading_shift=given.shading_shift_factor,
        shading_shift_texture=textures.use(shift),
        shading_shift_scale=shift.scale if shift is not None else 1.0,
        shading_toony=given.shading_toony_factor,
        gi_equalisation=given.gi_equalization_factor,
        matcap=given.matcap_factor,
        matcap_texture=textures.use(given.matcap_texture),
        rim=given.parametric_rim_color_factor,
        rim_fresnel_power=given.parametric_rim_fresnel_power_factor,
        rim_lift=given.parametric_rim_lift_factor,
        rim_texture=textures.use(given.rim_multiply_texture),
        rim_lighting_mix=given.rim_lighting_mix_factor,
        outline=_WIDTHS[given.outline_width_mode],
        outline_width=given.outline_width_factor,
        outline_width_texture=textures.use(given.outline_width_multiply_texture),
        outline_colour=given.outline_color_factor,
        outline_lighting_mix=given.outline_lighting_mix_factor,
        scroll_hz=(
            given.uv_animation_scroll_x_speed_factor,
            given.uv_animation_scroll_y_speed_factor,
        ),
        spin_rad_s=given.uv_animation_rotation_speed_factor,
        motion_mask=textures.use(given.uv_animation_mask_texture),
        writes_depth=given.transparent_with_z_write,
        draw_order=given.render_queue_offset_number,
    )


def _times(colour: Rgb, factor: float) -> Rgb:
    return colour[0] * factor, colour[1] * factor, colour[2] * factor

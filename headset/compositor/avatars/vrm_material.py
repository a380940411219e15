"""VRM 0's materials, which are Unity's, as VRM 1.0 would have them.

Source: VRM 0.0 (materialProperties); its migration as three-vrm's materials-v0compat has it: shading,
colours from sRGB, outline widths from centimetres, v downwards; turns a second to radians (MToon 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from .gltf_texture import Textures
from .material import Material, Opacity, OutlineWidth, Rgb, Shading, TextureUse, Toon, linear
from .vrm_schema import Material0

Vector4 = tuple[float, float, float, float]


def from_unity(material: Material, given: Material0, textures: Textures) -> Material:
    """Return a VRM 0 material as VRM 1.0 would have it."""
    unlit = given.shader.startswith("VRM/Unlit")
    keys, numbers = given.keyword_map, given.float_properties
    if unlit:
        blends, cuts = "Transparent" in given.shader, given.shader.endswith("Cutout")
    else:
        blends, cuts = keys.get("_ALPHABLEND_ON", False), keys.get("_ALPHATEST_ON", False)
    r, g, b, alpha = _vector(given, "_Color", (1.0, 1.0, 1.0, 1.0))
    use = _uses(given, textures)
    changed = replace(
        material,
        shading=Shading.UNLIT if unlit else Shading.TOON,
        colour=(linear(r), linear(g), linear(b), alpha),
        colour_texture=use("_MainTex"),
        opacity=Opacity.BLEND if blends else Opacity.MASK if cuts else Opacity.OPAQUE,
        cutoff=numbers.get("_Cutoff", 0.5),
    )
    if unlit:
        return changed
    return replace(
        changed,
        normal_texture=use("_BumpMap"),
        normal_scale=numbers.get("_BumpScale", 1.0),
        emission=_light(given, "_EmissionColor", (0.0, 0.0, 0.0)),
        emission_texture=use("_EmissionMap"),
        double_sided=numbers.get("_CullMode", 2.0) == 0.0,
        toon=_toon(given, use, blends=blends),
    )


def _toon(given: Material0, use: Callable[[str], TextureUse | None], *, blends: bool) -> Toon:
    numbers = given.float_properties
    shift, toony = numbers.get("_ShadeShift", 0.0), numbers.get("_ShadeToony", 0.9)
    toony += (1.0 - toony) * (0.5 + 0.5 * shift)
    modes = (OutlineWidth.NONE, OutlineWidth.METRES, OutlineWidth.SCREEN)
    mode = int(numbers.get("_OutlineWidthMode", 0.0))
    mixed = numbers.get("_OutlineColorMode", 0.0) == 1.0
    return Toon(
        shade=_light(given, "_ShadeColor", (0.97, 0.81, 0.86)),
        shade_texture=use("_ShadeTexture"),
        shading_shift=-shift - (1.0 - toony),
        shading_toony=toony,
        gi_equalisation=1.0 - numbers.get("_IndirectLightIntensity", 0.1),
        matcap_texture=use("_SphereAdd"),
        rim=_light(given, "_RimColor", (0.0, 0.0, 0.0)),
        rim_fresnel_power=numbers.get("_RimFresnelPower", 1.0),
        rim_lift=numbers.get("_RimLift", 0.0),
        rim_texture=use("_RimTexture"),
        rim_lighting_mix=numbers.get("_RimLightingMix", 0.0),
        outline=modes[mode] if 0 <= mode < len(modes) else OutlineWidth.NONE,
        outline_width=0.01 * numbers.get("_OutlineWidth", 0.0),
        outline_width_texture=use("_OutlineWidthTexture"),
        outline_colour=_light(given, "_OutlineColor", (0.0, 0.0, 0.0)),
        outline_lighting_mix=numbers.get("_OutlineLightingMix", 1.0) if mixed else 0.0,
        scroll_hz=(numbers.get("_UvAnimScrollX", 0.0), -numbers.get("_UvAnimScrollY", 0.0)),
        spin_rad_s=2.0 * math.pi * numbers.get("_UvAnimRotation", 0.0),
        motion_mask=use("_UvAnimMaskTexture"),
        writes_depth=blends and numbers.get("_ZWrite", 0.0) == 1.0,
        draw_order=given.render_queue,
    )


def _uses(given: Material0, textures: Textures) -> Callable[[str], TextureUse | None]:
    """Return a function from Unity's name of a texture to it; all lie as the main one does."""
    ox, oy, sx, sy = _vector(given, "_MainTex", (0.0, 0.0, 1.0, 1.0))
    offset = (ox, 1.0 - sy - oy)  # Unity's v goes up

    def use(name: str) -> TextureUse | None:
        return textures.placed(given.texture_properties.get(name, -1), offset, (sx, sy))

    return use


def _vector(given: Material0, name: str, default: Vector4) -> Vector4:
    found = given.vector_properties.get(name, ())
    return (found[0], found[1], found[2], found[3]) if len(found) >= 4 else default


def _light(given: Material0, name: str, default: Rgb) -> Rgb:
    r, g, b, _ = _vector(given, name, (*default, 1.0))
    return linear(r), linear(g), linear(b)

"""What an avatar's parts are made of: textures, and the parameters of three ways to shade.

A face is drawn as skin whatever its file says; what else a file brings (clothes, glasses, a toon's
whole face) is drawn by these.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Rgb = tuple[float, float, float]


def linear(value: float) -> float:
    """Return an sRGB component, 0 to 1 (or more), as light."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


class Wrap(Enum):
    """What lies beyond a texture's edge."""

    REPEAT = "repeat"
    CLAMP = "clamp"
    MIRROR = "mirror"


class Opacity(Enum):
    """What a base colour's alpha does."""

    OPAQUE = "opaque"
    MASK = "mask"
    """There where alpha reaches the material's cutoff, else not."""
    BLEND = "blend"


class Shading(Enum):
    """How a material answers light."""

    LIT = "lit"
    """Metal and roughness, by its physics."""
    UNLIT = "unlit"
    TOON = "toon"
    """By `Material.toon`."""


class OutlineWidth(Enum):
    """In which measure an outline is wide."""

    NONE = "none"
    METRES = "metres"
    SCREEN = "screen"
    """Of the picture's height."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texture:
    """An image, still encoded: a file's textures together may be larger than the GPU's memory.

    Attributes:
        name: As in the file; may be empty.
        size_px: Width and height, at most 4096.
        wrap: Across and down.
        smooth: Whether texels are interpolated.
        decode: Returns pixels (H, W, 4), first row at the top, not larger than the side asked for;
            raises `HeadsetError` where the image is damaged. Keep what it returns.
    """

    name: str
    size_px: tuple[int, int]
    wrap: tuple[Wrap, Wrap]
    smooth: bool
    decode: Callable[[int], Pixels]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextureUse:
    """A texture on a surface.

    Attributes:
        texture: The image.
        uv_set: Which of the mesh's two coordinate sets.
        offset: Added last.
        scale: Multiplied first.
        rotation_rad: In between, counter-clockwise in the picture.
    """

    texture: Texture
    uv_set: int = 0
    offset: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    rotation_rad: float = 0.0

    def matrix(self) -> NDArray[np.float32]:
        """Return (2, 3): from a mesh's (u, v, 1), v downwards, to the texture's.

        Source: KHR_texture_transform, by its first example (the lower left quadrant).
        """
        cosine, sine = math.cos(self.rotation_rad), math.sin(self.rotation_rad)
        (ox, oy), (sx, sy) = self.offset, self.scale
        return np.array([[cosine * sx, sine * sy, ox], [-sine * sx, cosine * sy, oy]], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Toon:
    """The parameters of MToon 1.0; colours linear. VRM 0's are converted to these.

    Source: VRMC_materials_mtoon-1.0.
    """

    shade: Rgb = (0.0, 0.0, 0.0)
    shade_texture: TextureUse | None = None
    shading_shift: float = 0.0
    shading_shift_texture: TextureUse | None = None
    shading_shift_scale: float = 1.0
    shading_toony: float = 0.9
    gi_equalisation: float = 0.9
    matcap: Rgb = (1.0, 1.0, 1.0)
    matcap_texture: TextureUse | None = None
    rim: Rgb = (0.0, 0.0, 0.0)
    rim_fresnel_power: float = 5.0
    rim_lift: float = 0.0
    rim_texture: TextureUse | None = None
    rim_lighting_mix: float = 1.0
    outline: OutlineWidth = OutlineWidth.NONE
    outline_width: float = 0.0
    outline_width_texture: TextureUse | None = None
    outline_colour: Rgb = (0.0, 0.0, 0.0)
    outline_lighting_mix: float = 1.0
    scroll_hz: tuple[float, float] = (0.0, 0.0)
    """Texture widths and heights a second."""
    spin_rad_s: float = 0.0
    motion_mask: TextureUse | None = None
    writes_depth: bool = False
    """Also where it blends."""
    draw_order: int = 0
    """Among what blends: higher is later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A surface; colours linear, 0 to 1 (emission may be more).

    Attributes:
        name: As in the file; may be empty.
        shading: Which of its parameters count.
        colour: Linear rgb and alpha; multiplies the texture (sRGB) and the vertices' own colour.
        roughness: Multiplies the green of `metal_rough_texture`.
        metallic: Multiplies its blue.
        occlusion_strength: How much the red of `occlusion_texture` darkens what comes from around.
        opacity: What alpha does.
        cutoff: Least alpha that is there, where `opacity` is MASK.
        double_sided: Whether its back is seen.
    """

    name: str = ""
    shading: Shading = Shading.LIT
    colour: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    colour_texture: TextureUse | None = None
    roughness: float = 1.0
    metallic: float = 1.0
    metal_rough_texture: TextureUse | None = None
    normal_texture: TextureUse | None = None
    normal_scale: float = 1.0
    occlusion_texture: TextureUse | None = None
    occlusion_strength: float = 1.0
    emission: Rgb = (0.0, 0.0, 0.0)
    emission_texture: TextureUse | None = None
    opacity: Opacity = Opacity.OPAQUE
    cutoff: float = 0.5
    double_sided: bool = False
    toon: Toon | None = None

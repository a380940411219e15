from __future__ import annotations

import io
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unvisor.headset.compositor.avatars.gltf_accessor import Accessors
from unvisor.headset.compositor.avatars.gltf_container import Container
from unvisor.headset.compositor.avatars.gltf_material import materials_of
from unvisor.headset.compositor.avatars.material import (
    Material,
    Opacity,
    OutlineWidth,
    Shading,
    TextureUse,
    Wrap,
    linear,
)
from unvisor.headset.compositor.avatars.paint import Painter
from unvisor.headset.errors import HeadsetError

from .gltf_made import Made

PIXELS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)


def encoded(pixels: np.ndarray[Any, np.dtype[np.uint8]] = PIXELS, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return stream.getvalue()


def textured(image: bytes | None = None, **texture: object) -> Made:
    made = Made()
    made.tree["images"] = [{"bufferView": made.view(image or encoded()), "mimeType": "image/png"}]
    made.tree["textures"] = [{"source": 0} | texture]
    made.tree["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    return made


def materials(made: Made, folder: Path) -> tuple[Material, ...]:
    container = Container(made.save(folder))
    return materials_of(container, Accessors(container))


def test_a_material_keeps_what_the_file_says(tmp_path: Path) -> None:
    made = textured(sampler=0)
    made.tree["samplers"] = [{"wrapS": 33071, "wrapT": 33648, "magFilter": 9728}]
    use = {"index": 0, "texCoord": 1}
    made.tree["materials"] = [
        {
            "name": "Skin",
            "pbrMetallicRoughness": {
                "baseColorFactor": [0.1, 0.2, 0.3, 0.4],
                "baseColorTexture": use,
                "metallicFactor": 0.25,
                "roughnessFactor": 0.75,
            },
            "normalTexture": use | {"scale": 2.0},
            "occlusionTexture": use | {"strength": 0.5},
            "emissiveFactor": [0.5, 0, 0],
            "extensions": {"KHR_materials_emissive_strength": {"emissiveStrength": 4}},
            "alphaMode": "MASK",
            "alphaCutoff": 0.3,
            "doubleSided": True,
        },
        {"extensions": {"KHR_materials_unlit": {}}},
    ]
    skin, flat, default = materials(made, tmp_path)
    assert (skin.name, skin.colour, skin.metallic, skin.roughness) == (
        "Skin",
        (0.1, 0.2, 0.3, 0.4),
        0.25,
        0.75,
    )
    assert (skin.normal_scale, skin.occlusion_strength, skin.emission) == (
        2.0,
        0.5,
        (2.0, 0.0, 0.0),
    )
    assert (skin.opacity, skin.cutoff, skin.double_sided) == (Opacity.MASK, 0.3, True)
    assert skin.colour_texture is not None
    texture = skin.colour_texture.texture
    assert skin.normal_texture is not None
    assert skin.normal_texture.texture is texture
    assert (texture.size_px, texture.wrap, texture.smooth) == (
        (2, 2),
        (Wrap.CLAMP, Wrap.MIRROR),
        False,
    )
    assert skin.colour_texture.uv_set == 1
    assert flat.shading is Shading.UNLIT
    assert default == Material()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_the_three_kinds_of_images_are_read(tmp_path: Path, kind: str) -> None:
    flat = np.full((8, 16, 3), (200, 100, 50), np.uint8)
    use = materials(textured(encoded(flat, kind)), tmp_path)[0].colour_texture
    assert use is not None
    assert use.texture.size_px == (16, 8)
    found = use.texture.decode(64)
    assert found.shape == (8, 16, 4)
    np.testing.assert_allclose(found[..., :3].reshape(-1, 3).mean(axis=0), (200, 100, 50), atol=2)
    assert (found[..., 3] == 255).all()
    assert max(use.texture.decode(4).shape[:2]) <= 4


def test_webp_stands_under_its_extension(tmp_path: Path) -> None:
    made = textured(encoded(kind="WEBP"))
    made.tree["textures"] = [{"extensions": {"EXT_texture_webp": {"source": 0}}}]
    use = materials(made, tmp_path)[0].colour_texture
    assert use is not None
    np.testing.assert_array_equal(use.texture.decode(8)[..., :3], PIXELS)


def test_an_image_may_be_a_file_beside_it_and_not_elsewhere(tmp_path: Path) -> None:
    made = textured()
    (tmp_path / "skin.png").write_bytes(encoded())
    made.tree["images"] = [{"uri": "skin.png"}]
    assert materials(made, tmp_path)[0].colour_texture is not None
    made.tree["images"] = [{"uri": "../skin.png"}]
    with pytest.raises(HeadsetError, match="leads out"):
        materials(made, tmp_path)


def claimed(side: int) -> bytes:
    """Return the head of a PNG that claims to be so large."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(header))
    pixels = struct.pack(">I", 64) + b"IDAT" + b"\0" * 64
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + crc + pixels


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (claimed(100_000), "pixels to a side.*resize"),
        (claimed(4097), "pixels to a side.*resize"),
        (encoded()[:20], "damaged"),
        (b"GIF89a" + b"\0" * 40, "not PNG, JPEG or WebP"),
        (b"\xabKTX 20\xbb\r\n\x1a\n" + b"\0" * 80, "KTX2.*gltf-transform"),
    ],
    ids=["bomb", "large", "cut", "gif", "ktx2"],
)
def test_an_image_that_is_none_or_too_large_is_refused(
    tmp_path: Path, image: bytes, says: str
) -> None:
    with pytest.raises(HeadsetError, match=says):
        materials(textured(image), tmp_path)


def test_an_image_cut_short_is_refused_when_it_is_decoded(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    use = materials(textured(encoded(noise)[:2000]), tmp_path)[0].colour_texture
    assert use is not None
    with pytest.raises(HeadsetError, match="damaged"):
        use.texture.decode(64)


def test_images_are_bounded_together(tmp_path: Path) -> None:
    made = textured(claimed(4096))
    made.tree["images"] *= 20
    made.tree["textures"] = [{"source": number} for number in range(20)]
    made.tree["materials"] = [
        {"pbrMetallicRoughness": {"baseColorTexture": {"index": number}}} for number in range(20)
    ]
    with pytest.raises(HeadsetError, match="megapixels in all"):
        materials(made, tmp_path)


def test_a_texture_lies_as_the_extensions_first_example_says(tmp_path: Path) -> None:
    made = textured()
    moved = {"offset": [0, 1], "rotation": math.pi / 2, "scale": [0.5, 0.5], "texCoord": 1}
    made.tree["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = {
        "KHR_texture_transform": moved
    }
    use = materials(made, tmp_path)[0].colour_texture
    assert use is not None
    assert use.uv_set == 1
    # "This example utilizes only the lower left quadrant of the source image."
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]]) @ use.matrix().T
    np.testing.assert_allclose(corners, [[0, 1], [0, 0.5], [0.5, 1], [0.5, 0.5]], atol=1e-6)


@pytest.mark.parametrize(
    ("wrap", "at", "texel"),
    [
        (Wrap.REPEAT, (0.25, 0.25), 0), (Wrap.REPEAT, (1.75, -0.75), 1),
        (Wrap.CLAMP, (7.0, -3.0), 1), (Wrap.MIRROR, (1.25, 0.25), 1), (Wrap.MIRROR, (0.25, 1.25), 2),
    ],
)  # fmt: skip
def test_vertices_take_their_textures_colour_as_light(
    tmp_path: Path, wrap: Wrap, at: tuple[float, float], texel: int
) -> None:
    number = {Wrap.REPEAT: 10497, Wrap.CLAMP: 33071, Wrap.MIRROR: 33648}[wrap]
    made = textured(sampler=0)
    made.tree["samplers"] = [{"wrapS": number, "wrapT": number}]
    made.tree["materials"][0]["pbrMetallicRoughness"] |= {
        "baseColorFactor": [0.5, 1, 1, 1], "roughnessFactor": 0.4,
    }  # fmt: skip
    material = materials(made, tmp_path)[0]
    uv = np.array([[at], [(0, 0)]], np.float32)
    painted = Painter().painted(material, uv, np.array([[1, 1, 0.5, 1]], np.float32))
    light = PIXELS.reshape(-1, 3)[texel] / 255.0
    np.testing.assert_allclose(painted, [[*light * (0.5, 1, 0.5), 0.4]], atol=1e-6)


def test_srgb_becomes_light() -> None:
    assert linear(0.0) == 0.0
    assert linear(1.0) == pytest.approx(1.0)
    assert linear(0.5) == pytest.approx(0.21404, abs=1e-5)


def test_mtoon_is_kept(tmp_path: Path) -> None:
    made = textured()
    made.tree["materials"][0]["extensions"] = {
        "VRMC_materials_mtoon": {
            "specVersion": "1.0",
            "shadeColorFactor": [0.1, 0.2, 0.3],
            "shadeMultiplyTexture": {"index": 0},
            "shadingShiftTexture": {"index": 0, "scale": 0.5},
            "shadingToonyFactor": 0.7,
            "outlineWidthMode": "worldCoordinates",
            "outlineWidthFactor": 0.002,
            "uvAnimationScrollXSpeedFactor": 0.5,
        }
    }
    material = materials(made, tmp_path)[0]
    toon = material.toon
    assert material.shading is Shading.TOON
    assert toon is not None
    assert (toon.shade, toon.shading_toony, toon.shading_shift_scale) == ((0.1, 0.2, 0.3), 0.7, 0.5)
    assert (toon.outline, toon.outline_width) == (OutlineWidth.METRES, 0.002)
    assert toon.scroll_hz == (0.5, 0.0)
    assert material.colour_texture is not None
    assert toon.shade_texture == TextureUse(texture=material.colour_texture.texture)


def test_a_material_of_unitys_is_as_vrm_1_would_have_it(tmp_path: Path) -> None:
    made = textured()
    made.tree["extensions"] = {
        "VRM": {
            "materialProperties": [
                {
                    "name": "Face",
                    "shader": "VRM/MToon",
                    "renderQueue": 2450,
                    "keywordMap": {"_ALPHATEST_ON": True},
                    "floatProperties": {
                        "_Cutoff": 0.4, "_CullMode": 0, "_ShadeToony": 0.8, "_ShadeShift": -0.2,
                        "_OutlineWidthMode": 1, "_OutlineWidth": 0.15, "_UvAnimScrollY": 0.25,
                    },
                    "vectorProperties": {
                        "_Color": [0.5, 1, 1, 0.9], "_ShadeColor": [0.5, 0.5, 0.5, 1],
                        "_MainTex": [0.1, 0.2, 0.5, 0.5],
                    },
                    "textureProperties": {"_MainTex": 0, "_ShadeTexture": 0},
                }
            ]
        }
    }  # fmt: skip
    material = materials(made, tmp_path)[0]
    toon = material.toon
    assert toon is not None
    assert material.shading is Shading.TOON
    assert (material.opacity, material.cutoff, material.double_sided) == (Opacity.MASK, 0.4, True)
    assert material.colour == (pytest.approx(0.21404, abs=1e-5), 1.0, 1.0, 0.9)
    assert material.colour_texture is not None
    assert material.colour_texture.offset == (0.1, pytest.approx(0.3))  # v downwards: 1 - 0.5 - 0.2
    # Source: three-vrm's migration: toony to 0.8 + 0.2 * 0.4, shift to 0.2 - (1 - that).
    assert toon.shading_toony == pytest.approx(0.88)
    assert toon.shading_shift == pytest.approx(0.08)
    assert (toon.outline, toon.outline_width) == (OutlineWidth.METRES, pytest.approx(0.0015))
    assert toon.scroll_hz == (0.0, -0.25)
    assert toon.shade_texture is not None


def test_an_unlit_material_of_unitys_is_unlit(tmp_path: Path) -> None:
    made = textured()
    made.tree["extensions"] = {
        "VRM": {
            "materialProperties": [
                {"shader": "VRM/UnlitTransparent", "textureProperties": {"_MainTex": 0}}
            ]
        }
    }
    material = materials(made, tmp_path)[0]
    assert (material.shading, material.opacity, material.toon) == (
        Shading.UNLIT,
        Opacity.BLEND,
        None,
    )


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("textures",), []),
        (("images",), []),
        (("images", 0, "bufferView"), 77),
        (("textures", 0, "source"), 5),
    ],
)
def test_textures_that_lead_nowhere_are_refused(
    tmp_path: Path, place: tuple[str | int, ...], value: object
) -> None:
    made = textured()
    made.change(place, value)
    with pytest.raises(HeadsetError, match="damaged"):
        materials(made, tmp_path)

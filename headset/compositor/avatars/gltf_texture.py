"""glTF's textures and their images: each read once, their sizes bounded.

Source: Khronos glTF 2.0, 3.8; KHR_texture_transform; EXT_texture_webp.
"""

from __future__ import annotations

from typing import Final

from ...errors import HeadsetError
from .gltf_accessor import Accessors
from .gltf_container import Container, damaged
from .gltf_image import decoder, size_of
from .gltf_material_schema import EncodedImage, Sampler, TextureRef
from .material import Texture, TextureUse, Wrap

Vector2 = tuple[float, float]

_MOST_PIXELS: Final = 256 << 20
"""Of all images: a gigabyte on the GPU."""

_WRAPS: Final = {33071: Wrap.CLAMP, 33648: Wrap.MIRROR}
_NEAREST: Final = 9728


class Textures:
    """A file's textures, each made once."""

    def __init__(self, container: Container, accessors: Accessors) -> None:
        """Nothing is read yet."""
        self._container = container
        self._accessors = accessors
        self._made: dict[int, Texture | None] = {}
        self._sizes: dict[int, tuple[memoryview, tuple[int, int]]] = {}
        self._pixels = 0

    def use(self, given: TextureRef | None) -> TextureUse | None:
        """Return what a reference means; None where there is no texture, or none that is read."""
        if given is None:
            return None
        texture = self._texture(given.index)
        if texture is None:
            return None
        moved = given.extensions.transform
        if moved is None:
            return TextureUse(texture=texture, uv_set=min(given.tex_coord, 1))
        uv_set = given.tex_coord if moved.tex_coord is None else moved.tex_coord
        return TextureUse(
            texture=texture,
            uv_set=min(uv_set, 1),
            offset=moved.offset,
            scale=moved.scale,
            rotation_rad=moved.rotation,
        )

    def placed(self, number: int, offset: Vector2, scale: Vector2) -> TextureUse | None:
        """Return a texture by its number, lying so; None where none is read."""
        texture = self._texture(number) if number >= 0 else None
        return texture and TextureUse(texture=texture, offset=offset, scale=scale)

    def _texture(self, number: int) -> Texture | None:
        if number not in self._made:
            self._made[number] = self._new(number)
        return self._made[number]

    def _new(self, number: int) -> Texture | None:
        tree = self._container.tree
        if number >= len(tree.textures):
            raise damaged(f"textures[{number}], which does not exist")
        given = tree.textures[number]
        webp = given.extensions.webp
        source = given.source if given.source is not None else webp and webp.source
        if source is None:
            return None
        if source >= len(tree.images):
            raise damaged(f"images[{source}], which does not exist")
        name = "".join(filter(str.isprintable, tree.images[source].name or f"image {source}"))[:80]
        encoded, size = self._image(source, tree.images[source], name)
        sampler = Sampler()
        if given.sampler is not None and given.sampler < len(tree.samplers):
            sampler = tree.samplers[given.sampler]
        return Texture(
            name=name,
            size_px=size,
            wrap=(
                _WRAPS.get(sampler.wrap_s, Wrap.REPEAT),
                _WRAPS.get(sampler.wrap_t, Wrap.REPEAT),
            ),
            smooth=sampler.mag_filter != _NEAREST,
            decode=decoder(encoded, name),
        )

    def _image(
        self, number: int, given: EncodedImage, name: str
    ) -> tuple[memoryview, tuple[int, int]]:
        if number not in self._sizes:
            if given.buffer_view is not None:
                encoded = self._accessors.octets(given.buffer_view)
            elif given.uri is not None:
                encoded = self._container.resource(given.uri)
            else:
                raise damaged(f"image {name!r} without content")
            size = size_of(encoded, name)
            self._pixels += size[0] * size[1]
            if self._pixels > _MOST_PIXELS:
                raise HeadsetError(
                    f"images of more than {_MOST_PIXELS >> 20} megapixels in all: reduce them: "
                    "`npx @gltf-transform/cli resize IN.glb OUT.glb --width 2048 --height 2048`"
                )
            self._sizes[number] = encoded, size
        return self._sizes[number]

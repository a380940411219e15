"""A glTF file opened: GLB or .gltf, its JSON decoded, its buffers at hand.

The bytes may come from anywhere: sizes are judged before anything is allocated for them, and no file
is read that does not lie beside the one that names it.
"""

from __future__ import annotations

import base64
import binascii
import struct
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from ...errors import HeadsetError
from .gltf_schema import Gltf

MOST_BYTES: Final = 512 << 20
"""Of one file; the largest avatars people share have a fifth."""

_MOST_OBJECTS: Final = 250_000
_MOST_LISTED: Final = 1_000_000
"""Objects and list entries in the JSON. Python's objects are 10 to 100 times the text they come from, so
what is bounded is their number. An avatar of 52 targets in each of 20 primitives has some 10,000."""

_READ: Final = frozenset(
    {
        "KHR_mesh_quantization", "KHR_texture_transform", "KHR_materials_unlit",
        "KHR_materials_emissive_strength", "EXT_meshopt_compression", "EXT_texture_webp", "VRM",
        "VRMC_vrm", "VRMC_materials_mtoon",
    }
)  # fmt: skip
_IGNORED: Final = frozenset(
    {
        "VRMC_springBone", "VRMC_springBone_extended_collider", "VRMC_node_constraint",
        "VRMC_materials_hdr_emissiveMultiplier", "KHR_materials_clearcoat", "KHR_materials_ior",
        "KHR_materials_sheen", "KHR_materials_specular", "KHR_materials_transmission",
        "KHR_materials_volume", "KHR_materials_anisotropy", "KHR_materials_iridescence",
        "KHR_materials_variants", "KHR_lights_punctual", "KHR_animation_pointer",
    }
)  # fmt: skip
"""May be required of a reader, and change no shape: the face is drawn without them."""

_NAME_ONE: Final = "name an avatar's .glb, .gltf or .vrm"
_PUT_BESIDE: Final = (
    "it belongs to the avatar: put it beside it as it was, or export all in one file, as GLB"
)

_CONVERTERS: Final = {
    "KHR_draco_mesh_compression": (
        "compressed by Draco, which is not read: unpack it: "
        "`npx @gltf-transform/cli copy IN.glb OUT.glb`"
    ),
    "KHR_texture_basisu": (
        "textures in KTX2, which are not read: turn them into PNG: "
        "`npx @gltf-transform/cli ktxdecompress IN.glb OUT.glb`"
    ),
    "KHR_meshopt_compression": (
        "compressed by KHR_meshopt_compression, which is not read: unpack it: "
        "`npx @gltf-transform/cli copy IN.glb OUT.glb`"
    ),
}


def damaged(what: str) -> HeadsetError:
    """Return the error of a file that contradicts itself or the standard."""
    return HeadsetError(f"{what}: the file is damaged or not glTF: export it again, as GLB")


def excessive(what: str) -> HeadsetError:
    """Return the error of a file that has more of something than any avatar, by malice or mistake."""
    return HeadsetError(
        f"{what}, more than any avatar has: reduce it: "
        "`npx @gltf-transform/cli optimize IN.glb OUT.glb --compress meshopt`"
    )


class Container:
    """A file's JSON and bytes.

    Attributes:
        tree: The JSON.
    """

    def __init__(self, path: Path) -> None:
        """Read it; other files only when their buffer is asked for.

        Raises:
            HeadsetError: Not a glTF file, damaged, too large, or it needs what is not read.
        """
        self._folder = path.parent
        content = _content(path, "", _NAME_ONE)
        self._chunk: memoryview | None = None
        if bytes(content[:4]) == b"glTF":
            text, self._chunk = _chunks(content)
        else:
            text = content
        self.tree = _decoded(text)
        self._buffers: dict[int, memoryview] = {}

    def buffer(self, number: int) -> memoryview:
        """Return a buffer's bytes.

        Raises:
            HeadsetError: No such buffer, or shorter than said.
        """
        if number not in self._buffers:
            self._buffers[number] = self._resolved(number)
        return self._buffers[number]

    def resource(self, uri: str) -> memoryview:
        """Return what a URI stands for: a data URI's bytes, or those of a file beside this one.

        Raises:
            HeadsetError: Another scheme, a file elsewhere, or not readable.
        """
        if uri.startswith("data:"):
            kind, comma, encoded = uri.partition(",")
            if not (comma and kind.endswith(";base64")):
                raise damaged("a data URI that is not base64")
            try:
                return memoryview(base64.b64decode(encoded, validate=True))
            except (binascii.Error, ValueError) as cause:
                raise damaged(f"a data URI ({cause})") from cause
        name = unquote_to_bytes(uri).decode("utf-8", "replace")
        shown = "".join(filter(str.isprintable, name))[:80]
        folder = self._folder.resolve()
        # A colon or backslash is a drive or a root on Windows; a zero byte upsets the system's calls.
        if any(sign in name for sign in ":\\\0") or not name:
            raise damaged(f"the URI {shown!r}, which names no file beside it")
        place = (folder / name).resolve()
        if not place.is_relative_to(folder):
            raise damaged(f"the URI {shown!r}, which leads out of the file's own folder")
        return _content(place, f"{shown}: ", _PUT_BESIDE)

    def _resolved(self, number: int) -> memoryview:
        if number >= len(self.tree.buffers):
            raise damaged(f"buffers[{number}], which does not exist")
        declared = self.tree.buffers[number]
        if declared.uri is not None:
            found = self.resource(declared.uri)
        elif number == 0 and self._chunk is not None:
            found = self._chunk
        else:
            raise damaged(f"buffers[{number}] without content")
        if len(found) < declared.byte_length:
            raise damaged(
                f"buffers[{number}] of {declared.byte_length} bytes has only {len(found)}"
            )
        return found[: declared.byte_length]


def _content(path: Path, shown: str, remedy: str) -> memoryview:
    """Return a file's bytes; `shown` precedes what is said of it, `remedy` helps where it is none."""
    try:
        if path.is_dir():
            raise HeadsetError(f"{shown}a folder, not a file: {remedy}")
        if not path.is_file():  # nor a pipe, which would be waited for
            raise HeadsetError(f"{shown}no such file: {remedy}")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise HeadsetError(
                f"{shown}{size >> 20} MB, more than {MOST_BYTES >> 20}: reduce it: "
                "`npx @gltf-transform/cli optimize IN.glb OUT.glb --compress meshopt`"
            )
        with path.open("rb") as stream:
            return memoryview(stream.read(size))  # what is asked for is allocated
    except OSError as cause:
        raise HeadsetError(
            f"{shown}cannot be read ({cause.strerror or cause}): check its rights"
        ) from cause


def _chunks(content: memoryview) -> tuple[memoryview, memoryview | None]:
    """Return a GLB's JSON and its binary chunk."""
    if len(content) < 20:
        raise damaged(f"{len(content)} bytes, too few for a GLB")
    version, length = struct.unpack_from("<II", content, 4)
    if version != 2:
        raise HeadsetError(f"glTF {version}, not 2: export it again as glTF 2.0")
    if not 20 <= length <= len(content):
        raise damaged(f"a GLB of {length} bytes has {len(content)}")
    found: list[memoryview] = []
    place = 12
    for kind in (0x4E4F534A, 0x004E4942):  # "JSON", "BIN\0"
        if place + 8 > length:
            break
        size, actual = struct.unpack_from("<II", content, place)
        if actual != kind or place + 8 + size > length:
            break
        found.append(content[place + 8 : place + 8 + size])
        place += 8 + size
    if not found:
        raise damaged("a GLB without JSON")
    return found[0], found[1] if len(found) > 1 else None


def _decoded(text: memoryview) -> Gltf:
    raw = bytes(text).removeprefix(b"\xef\xbb\xbf")
    if not raw.lstrip()[:1] == b"{":
        raise HeadsetError(f"not a glTF file: {_NAME_ONE}")
    if raw.count(b"{") > _MOST_OBJECTS or raw.count(b",") > _MOST_LISTED:
        raise excessive(f"{len(raw) >> 10} kB of JSON")
    try:
        # Not strict: glTF allows a whole number to be written 3.0.
        tree = msgspec.json.decode(raw, type=Gltf, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise damaged(f"its JSON ({str(cause)[:200]})") from cause
    if not tree.asset.version.startswith("2."):
        raise HeadsetError(f"glTF {tree.asset.version[:8]}, not 2: export it again as glTF 2.0")
    for name in tree.extensions_required:
        if name in _CONVERTERS:
            raise HeadsetError(_CONVERTERS[name])
        if name not in _READ | _IGNORED:
            shown = "".join(filter(str.isprintable, name))[:60]
            raise HeadsetError(f"it requires {shown}, which is not read: export it without")
    return tree

"""glTF's images: their size is read at once, their pixels when somebody wants them, both bounded."""

from __future__ import annotations

import io
import warnings
from functools import partial
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from ...errors import HeadsetError
from .material import Pixels

MOST_PX: Final = 4096
"""Of a side: decoded, 64 MB; nobody sees more of a face, and 60 kB can claim any size."""

_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_BOMB: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_DAMAGED: Final = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError)
"""All that Pillow raises over a damaged image."""


def size_of(encoded: memoryview, name: str) -> tuple[int, int]:
    """Return an image's width and height from its header, without its pixels.

    Raises:
        HeadsetError: Not PNG, JPEG or WebP, damaged, or too large.
    """
    if bytes(encoded[:12]) == b"\xabKTX 20\xbb\r\n\x1a\n":
        raise HeadsetError(
            f"image {name!r} in KTX2, which is not read: turn it into PNG: "
            "`npx @gltf-transform/cli ktxdecompress IN.glb OUT.glb`"
        )
    with _opened(encoded, name) as image:
        size = image.size
    if max(size) > MOST_PX:
        raise _too_large(name)
    return size


def pixels(encoded: bytes, name: str, side_px: int) -> Pixels:
    """Return an image (H, W, 4), first row at the top, neither side longer than `side_px`.

    Raises:
        HeadsetError: It is damaged.
    """
    with _opened(encoded, name) as image:
        try:
            if image.format == "JPEG":
                image.draft("RGB", (side_px, side_px))  # decodes at an eighth where that suffices
            image.load()
            seen = image if image.mode in {"RGB", "RGBA"} else image.convert("RGBA")
            if max(seen.size) > side_px:
                # A whole factor: each texel is the mean of those it stands for.
                seen = seen.reduce(-(-max(seen.size) // side_px))
            return np.asarray(seen.convert("RGBA"))
        except _DAMAGED as cause:
            raise _unreadable(name, cause) from cause


def _opened(encoded: memoryview | bytes, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(encoded), formats=_FORMATS)
    except _BOMB as cause:
        raise _too_large(name) from cause
    except _DAMAGED as cause:
        raise _unreadable(name, cause) from cause


def _too_large(name: str) -> HeadsetError:
    return HeadsetError(
        f"image {name!r} has more than {MOST_PX} pixels to a side: reduce it: "
        "`npx @gltf-transform/cli resize IN.glb OUT.glb --width 2048 --height 2048`"
    )


def _unreadable(name: str, cause: BaseException) -> HeadsetError:
    return HeadsetError(
        f"image {name!r} is damaged or not PNG, JPEG or WebP ({type(cause).__name__}): export it again"
    )


def decoder(encoded: memoryview, name: str) -> partial[Pixels]:
    """Return a function from a side's length in pixels to `pixels` of this image.

    It holds the image alone, not the file that it came in.
    """
    return partial(pixels, bytes(encoded), name)

"""Encoded pictures to grey ones, within bounds, whatever the bytes: Pillow's home among sensors."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile

from ...errors import SensorError
from ...frame import Bytes
from .picture import checked_size

# The formats' own classes: `Image.open` would try all there are, and print where one is too large.
FORMATS: Final[dict[str, type[ImageFile]]] = {
    ".jpg": JpegImageFile,
    ".jpeg": JpegImageFile,
    ".png": PngImageFile,
    ".bmp": BmpImageFile,
    ".pgm": PpmImageFile,
}
"""What a folder of pictures may hold, by the names' ends in small letters."""

_EIGHT_BITS: Final = {"1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"}
_LARGEST_FILE_BYTES: Final = 1 << 24  # a bitmap of the largest picture has 12 MiB
_UNREADABLE: Final = (
    OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError,
    EOFError, MemoryError, struct.error,
)  # fmt: skip
"""What Pillow's parsers raise for bytes that are no picture."""


def grey(jpeg: bytes) -> Bytes:
    """Decode a JPEG.

    One that arrives in several scans is refused: no camera sends such, and a hostile one would take
    seconds.

    Args:
        jpeg: All of it; what follows its end is ignored.

    Returns:
        Shape (H, W), 0 to 255.

    Raises:
        SensorError: Not a JPEG, cut short, progressive, or too large.
    """
    return _grey(BytesIO(jpeg), JpegImageFile)


def grey_file(path: Path) -> Bytes:
    """Decode a file of one of the `FORMATS`, as `grey`.

    Raises:
        SensorError: It cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise SensorError(f"{path}: too large for a picture: take it out of the folder")
        with path.open("rb") as file:
            return _grey(file, FORMATS[path.suffix.lower()])
    except OSError as cause:
        raise SensorError(f"{path}: cannot be read ({cause.strerror}): allow it") from cause
    except SensorError as error:
        raise SensorError(f"{path.name}: {error}") from error


def _grey(encoded: BinaryIO, kind: type[ImageFile]) -> Bytes:
    try:
        with kind(encoded) as image:
            checked_size(*image.size)
            if image.info.get("progressive"):
                raise SensorError("a progressive JPEG: let the camera send baseline ones")
            if image.mode not in _EIGHT_BITS:
                raise SensorError(f"a picture of kind {image.mode}: store it with 8 bits a channel")
            image.draft("L", image.size)  # lets the JPEG library skip colour altogether
            return np.array(image if image.mode == "L" else image.convert("L"), np.uint8)
    except _UNREADABLE as cause:
        raise SensorError(f"not a whole picture ({cause}): check cable or radio") from cause

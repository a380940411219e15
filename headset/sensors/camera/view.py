"""What of a camera's picture is wanted, and which way up: camera mounts differ, models do not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from ...errors import SensorError
from ...frame import Bytes

Side = Literal["left", "right"]
Turn = Literal[0, 90, 180, 270]
Flip = Literal["none", "horizontal", "vertical", "both"]
Crop = tuple[int, int, int, int]
"""Left edge, top edge, width and height, pixels of the camera's own picture."""

_CROP: Final = re.compile(r"(\d{1,4})[,:](\d{1,4})[,:](\d{1,4})[,:](\d{1,4})", re.ASCII)


def crop_from(words: str) -> Crop | None:
    """Read `x,y,w,h`, or `x:y:w:h` where commas part settings: on the command line.

    Empty is the whole picture, None.

    Raises:
        SensorError: Anything else, or an empty rectangle.
    """
    if not words:
        return None
    found = _CROP.fullmatch(words.replace(" ", ""))
    x, y, width, height = map(int, found.groups()) if found else (0, 0, 0, 0)
    if not width or not height:
        raise SensorError(f"crop {words}: not a rectangle in pixels: write x,y,w,h (or x:y:w:h)")
    return x, y, width, height


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A part of a picture, turned: crop first, then half, then turn, then flip.

    Attributes:
        crop: The part that is used, None for all.
        half: Which half of that, None for both: some cameras put two views side by side.
        rotate: Clockwise, degrees.
        flip: `horizontal` swaps left and right, `vertical` top and bottom.
    """

    crop: Crop | None = None
    half: Side | None = None
    rotate: Turn = 0
    flip: Flip = "none"

    def of(self, picture: Bytes) -> Bytes:
        """Return that part of a picture, shape (h, w), contiguous and read-only.

        Raises:
            SensorError: The crop reaches beyond the picture, or a half has no width.
        """
        image = picture
        if self.crop is not None:
            x, y, width, height = self.crop
            if x + width > image.shape[1] or y + height > image.shape[0]:
                raise SensorError(
                    f"crop {x},{y},{width},{height} reaches beyond a picture of "
                    f"{image.shape[1]} x {image.shape[0]}: correct crop"
                )
            image = image[y : y + height, x : x + width]
        if self.half is not None:
            middle = image.shape[1] // 2
            if middle == 0:
                raise SensorError("a picture one pixel wide has no halves: correct crop")
            image = image[:, :middle] if self.half == "left" else image[:, -middle:]
        image = np.rot90(image, -(self.rotate // 90))
        if self.flip in ("horizontal", "both"):
            image = image[:, ::-1]
        if self.flip in ("vertical", "both"):
            image = image[::-1]
        image = np.ascontiguousarray(image)
        image.flags.writeable = False
        return image

"""Panels in the headset: quad layers, each with images of its own that are written only on change.

A quad is composed by the runtime at its own sharpness, over whatever else the frame shows, so a
panel costs nothing while it says the same.

    panels = Panels(session, binding, frames.image_format)
    panels.show({Prompt: picture})          # of Painter; whenever there is something new
    frames.show(beat, scene, panels)        # has them follow the head
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from ...sensors.openxr.session import Session
from .. import gl
from ..palette import linear
from ..panels.content import PLATES, Content, Plate
from .binding import Binding
from .swapchain import Swapchain

Image = NDArray[np.uint8]
Floats = NDArray[np.floating]


class Quad:
    """One panel of a session, empty at first.

    Attributes:
        shown: What it shows, None for nothing.
        address: Where its `xr.CompositionLayerQuad` lies, for a frame's end.
    """

    def __init__(self, session: Session, binding: Binding, plate: Plate, image_format: int) -> None:
        """Have its images made.

        Args:
            session: Of that binding.
            binding: Whose context is current.
            plate: Its size and place, in the session's local space until `stand_in`.
            image_format: OpenGL's number of a format the runtime offers: `chosen_format`.

        Raises:
            HeadsetError: The runtime refuses.
        """
        xr = session.instance.xr
        self._binding, self._size, self._locked = binding, plate.size, plate.locked
        self._chain = Swapchain(session, plate.size, image_format)
        self._bytes_as = _bytes_as(image_format)
        self.shown: Image | None = None
        numbers = [float(number) for number in plate.pose()]
        self._layer = xr.CompositionLayerQuad(
            layer_flags=xr.CompositionLayerFlags.BLEND_TEXTURE_SOURCE_ALPHA_BIT,
            space=session.view if plate.locked else session.local,
            eye_visibility=xr.EyeVisibility.BOTH,
            sub_image=xr.SwapchainSubImage(
                swapchain=self._chain.handle,
                image_rect=xr.Rect2Di(xr.Offset2Di(0, 0), xr.Extent2Di(*plate.size)),
            ),
            pose=xr.Posef(xr.Quaternionf(*numbers[:4]), xr.Vector3f(*numbers[4:])),
            size=xr.Extent2Df(*plate.size_m),
        )
        self.address = ctypes.addressof(self._layer)
        self._away_m = plate.pose()[4:]
        start = xr.CompositionLayerQuad.pose.offset + xr.Posef.position.offset
        self._position = np.frombuffer(self._layer, np.float32, 3, start)  # its own memory

    def stand_in(self, space: Any) -> None:
        """Stand in an XrSpace from now on, unless it turns with the head."""
        if not self._locked:
            self._layer.space = space

    def follow(self, head_m: Floats) -> None:
        """Stand as before, seen from where the head is now, (3,) in its space."""
        if self._locked:  # it is there by itself
            return
        np.add(self._away_m, head_m, out=self._position, casting="same_kind")

    def show(self, picture: Image | None) -> None:
        """Show a picture, or none; the very same array as before costs nothing.

        Args:
            picture: Of the plate's size, (H, W, 4), premultiplied sRGB, first row at the top.

        Raises:
            HeadsetError: It has another shape.
            OpenXrError: The session is lost.
        """
        if picture is self.shown:
            return
        if picture is not None:
            width, height = self._size
            if picture.shape != (height, width, 4):
                raise HeadsetError(
                    f"panel: a picture of {picture.shape}, not {(height, width, 4)}: draw it by Painter"
                )
            self._binding.make_current()
            self._write(picture, self._chain.acquire())
            self._chain.release()
        self.shown = picture

    def _write(self, picture: Image, texture: int) -> None:
        """Fill a texture; a picture's first row is its top, OpenGL's its bottom."""
        api = gl.api()
        content = np.ascontiguousarray(picture[::-1])
        table, component = self._bytes_as
        if table is not None:
            coloured, content = content, np.empty(content.shape, table.dtype)
            content[..., :3] = table[coloured[..., :3]]
            content[..., 3] = coloured[..., 3] * (table[-1] / 255.0)
        api.glBindTexture(api.GL_TEXTURE_2D, texture)
        api.glTexSubImage2D(
            api.GL_TEXTURE_2D, 0, 0, 0, *self._size, api.GL_RGBA, component, content
        )


class Panels:
    """All panels of a session, each at its place.

    Attributes:
        addresses: Of the layers of those that show something, for a frame's end.
    """

    MOST: Final = len(PLATES)

    def __init__(self, session: Session, binding: Binding, image_format: int) -> None:
        """Have their images made: 3 MB a panel, by what runtimes keep.

        Args:
            session: Of that binding.
            binding: Whose context is current.
            image_format: As `Frames.image_format`.

        Raises:
            HeadsetError: The runtime refuses.
        """
        self.addresses: list[int] = []
        self._pictures: Mapping[type[Content], Image] = {}
        self._quads = {
            kind: Quad(session, binding, plate, image_format) for kind, plate in PLATES.items()
        }

    def show(self, pictures: Mapping[type[Content], Image]) -> None:
        """Show these and no others; the very same mapping as before costs nothing.

        Raises:
            HeadsetError: A picture is not of its panel's shape.
            OpenXrError: The session is lost.
        """
        if pictures is self._pictures:
            return
        for kind, quad in self._quads.items():
            quad.show(pictures.get(kind))
        self._pictures = pictures
        self.addresses = [quad.address for quad in self._quads.values() if quad.shown is not None]

    def stand_in(self, space: Any) -> None:
        """Stand in an XrSpace from now on."""
        for quad in self._quads.values():
            quad.stand_in(space)

    def follow(self, head_m: Floats) -> None:
        """Move along with the head, but do not turn with it, as only what is locked to it does.

        So does the image in the mirror, which they thus never cover, however the wearer sits.

        Args:
            head_m: Shape (3,), midway between the eyes, in their space.
        """
        for quad in self._quads.values():
            if quad.shown is not None:
                quad.follow(head_m)


def _bytes_as(image_format: int) -> tuple[NDArray[Any] | None, int]:
    """Return how bytes of sRGB are sent to a format: a table of 256 numbers, and OpenGL's of their type.

    No table where bytes go as they are. What drivers make of a change of encoding differs, so it is
    left to none of them.
    """
    api = gl.api()
    if image_format == api.GL_SRGB8_ALPHA8:
        return None, int(api.GL_UNSIGNED_BYTE)
    light = np.array([linear((level, level, level))[0] for level in range(256)])
    if image_format == api.GL_RGBA16F:
        return light.astype(np.float16), int(api.GL_HALF_FLOAT)
    return np.round(255.0 * light).astype(np.uint8), int(api.GL_UNSIGNED_BYTE)

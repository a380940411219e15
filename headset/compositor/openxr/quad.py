"""Panels in the headset: quad layers, each with images of its own that are written only on change.

A quad is composed by the runtime at its own sharpness, over whatever else the frame shows, so a
panel costs nothing while it says the same.

    panels = Panels(session, binding, frames.image_format)
    panels.show({Prompt: picture})          # of Painter; whenever there is something new
    panels.follow(head_m)                   # each frame
    … panels.layers() …                     # into its end, after the projection
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    """One panel of a session, empty at first."""

    def __init__(self, session: Session, binding: Binding, plate: Plate, image_format: int) -> None:
        """Have its images made.

        Args:
            session: Of that binding.
            binding: Whose context is current.
            plate: Its size and place, in the session's local space.
            image_format: OpenGL's number of a format the runtime offers: `chosen_format`.

        Raises:
            HeadsetError: The runtime or the driver refuses.
        """
        xr = session.instance.xr
        self._binding, self._size = binding, plate.size
        self._chain = Swapchain(session, plate.size, image_format)
        self._page = _Page(plate.size, image_format)
        self._shown: Image | None = None
        numbers = [float(number) for number in plate.pose()]
        self._layer = xr.CompositionLayerQuad(
            layer_flags=xr.CompositionLayerFlags.BLEND_TEXTURE_SOURCE_ALPHA_BIT,
            space=session.local,
            eye_visibility=xr.EyeVisibility.BOTH,
            sub_image=xr.SwapchainSubImage(
                swapchain=self._chain.handle,
                image_rect=xr.Rect2Di(xr.Offset2Di(0, 0), xr.Extent2Di(*plate.size)),
            ),
            pose=xr.Posef(xr.Quaternionf(*numbers[:4]), xr.Vector3f(*numbers[4:])),
            size=xr.Extent2Df(*plate.size_m),
        )
        self._away_m = plate.pose()[4:]
        start = xr.CompositionLayerQuad.pose.offset + xr.Posef.position.offset
        self._position = np.frombuffer(self._layer, np.float32, 3, start)  # its own memory

    def follow(self, head_m: Floats) -> None:
        """Stand as before, seen from where the head is now, (3,) in local space."""
        self._position[:] = self._away_m + head_m

    def show(self, picture: Image | None) -> None:
        """Show a picture, or none; the very same array as before costs nothing.

        Args:
            picture: Of the plate's size, (H, W, 4), premultiplied sRGB, first row at the top.

        Raises:
            HeadsetError: It has another shape.
            OpenXrError: The session is lost.
        """
        if picture is self._shown:
            return
        if picture is not None:
            width, height = self._size
            if picture.shape != (height, width, 4):
                raise HeadsetError(
                    f"panel: a picture of {picture.shape}, not {(height, width, 4)}: draw it by Painter"
                )
            self._binding.make_current()
            self._page.write(picture)
            self._page.blit(self._chain.acquire())
            self._chain.release()
        self._shown = picture

    def layer(self) -> Any | None:
        """Return its `xr.CompositionLayerQuad` for a frame's end, or None while it shows nothing."""
        return None if self._shown is None else self._layer

    def close(self) -> None:
        """Give our part back, the binding's context being current; images go with the session."""
        self._page.close()
        self._chain.close()


class Panels:
    """All panels of a session, each at its place."""

    def __init__(self, session: Session, binding: Binding, image_format: int) -> None:
        """Have their images made: 3 MB a panel, by what runtimes keep.

        Args:
            session: Of that binding.
            binding: Whose context is current.
            image_format: As `Frames.image_format`.

        Raises:
            HeadsetError: The runtime or the driver refuses.
        """
        self._quads = {
            kind: Quad(session, binding, plate, image_format) for kind, plate in PLATES.items()
        }

    def show(self, pictures: Mapping[type[Content], Image]) -> None:
        """Show these and no others.

        Raises:
            HeadsetError: A picture is not of its panel's shape.
            OpenXrError: The session is lost.
        """
        for kind, quad in self._quads.items():
            quad.show(pictures.get(kind))

    def follow(self, head_m: Floats) -> None:
        """Move along with the head, but do not turn with it.

        So does the image in the mirror, which they thus never cover, however the wearer sits.

        Args:
            head_m: Shape (3,), midway between the eyes, in local space.
        """
        for quad in self._quads.values():
            quad.follow(head_m)

    def layers(self) -> list[Any]:
        """Return the layers of those that show something."""
        return [layer for quad in self._quads.values() if (layer := quad.layer()) is not None]

    def close(self) -> None:
        """Give our part back, the context being current."""
        for quad in self._quads.values():
            quad.close()


class _Page:
    """What a picture is written to, in the format of the runtime's images, and copied from."""

    def __init__(self, size: tuple[int, int], image_format: int) -> None:
        api = gl.api()
        self._size = width, height = size
        self._sent, self._component = _sent(image_format)
        self._texture = int(api.glGenTextures(1))
        api.glBindTexture(api.GL_TEXTURE_2D, self._texture)
        api.glTexImage2D(
            api.GL_TEXTURE_2D, 0, image_format, width, height, 0,
            api.GL_RGBA, self._component, None,
        )  # fmt: skip
        self._frame = int(api.glGenFramebuffers(1))
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._frame)
        api.glFramebufferTexture2D(
            api.GL_FRAMEBUFFER, api.GL_COLOR_ATTACHMENT0, api.GL_TEXTURE_2D, self._texture, 0
        )
        gl.check("making a panel")

    def write(self, picture: Image) -> None:
        api = gl.api()
        content = np.ascontiguousarray(picture)
        if self._sent is not None:
            content = np.empty(picture.shape, self._sent.dtype)
            content[..., :3] = self._sent[picture[..., :3]]
            content[..., 3] = picture[..., 3] * (self._sent[-1] / 255.0)
        api.glBindTexture(api.GL_TEXTURE_2D, self._texture)
        api.glTexSubImage2D(
            api.GL_TEXTURE_2D, 0, 0, 0, *self._size, api.GL_RGBA, self._component, content
        )

    def blit(self, framebuffer: int) -> None:
        """Copy it, turned over: a picture's first row is its top, OpenGL's its bottom."""
        api = gl.api()
        width, height = self._size
        api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, self._frame)
        api.glBindFramebuffer(api.GL_DRAW_FRAMEBUFFER, framebuffer)
        api.glBlitFramebuffer(
            0, 0, width, height, 0, height, width, 0, api.GL_COLOR_BUFFER_BIT, api.GL_NEAREST
        )

    def close(self) -> None:
        api = gl.api()
        api.glDeleteFramebuffers(1, np.array([self._frame], np.uint32))
        api.glDeleteTextures(1, np.array([self._texture], np.uint32))


def _sent(image_format: int) -> tuple[NDArray[Any] | None, int]:
    """Return how bytes of sRGB are sent to a format: a table of 256 numbers, and OpenGL's of their type.

    No table where bytes go as they are. What drivers make of a copy between encodings differs, so it is
    left to none of them.
    """
    api = gl.api()
    if image_format == api.GL_SRGB8_ALPHA8:
        return None, int(api.GL_UNSIGNED_BYTE)
    light = np.array([linear((level, level, level))[0] for level in range(256)])
    if image_format == api.GL_RGBA16F:
        return light.astype(np.float16), int(api.GL_HALF_FLOAT)
    return np.round(255.0 * light).astype(np.uint8), int(api.GL_UNSIGNED_BYTE)

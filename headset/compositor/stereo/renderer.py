"""Both eyes' pictures of an avatar, in one frame, with the newest face there is.

    renderer = StereoRenderer(avatar, size=(2064, 2208), image_format=GL_SRGB8_ALPHA8)
    views.place(located, model)
    renderer.draw_latched(views, newest_face, display_ns)
    for eye, texture in enumerate(images):
        renderer.resolve(eye, texture, size, GL_SRGB8_ALPHA8)

Each region of the avatar is drawn once for both eyes, into two layers of a target of our own, where the
driver lets a vertex choose its layer; else once an eye. Nothing is allocated while it runs, and nothing
waits: OpenGL's errors are asked for when things are made, not in a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .. import gl
from ..avatar import Avatar
from ..figure import Figure, layer_extension
from ..renderer import BACKGROUND
from .mask import HiddenArea
from .resolve import Resolver
from .target import StereoTarget
from .views import EYES, NOWHERE, Area, Coverage, EyeViews, reach

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]

Latch = Callable[[int], tuple[Floats, Floats]]
"""From when a picture will be seen, on the host clock, to the weights (52,) and gaze (2, 3) of then."""

SAMPLES: Final = 4


class StereoRenderer:
    """One avatar for two eyes; needs a current context, and stays in its thread.

    Attributes:
        size: Width and height of one eye's picture, pixels.
        layered: Whether both eyes are drawn at once.
        image_format: OpenGL's number of the format pictures are drawn in.
        depth_format: OpenGL's number of the format of their depth.
    """

    def __init__(
        self,
        avatar: Avatar,
        *,
        size: tuple[int, int],
        image_format: int | None = None,
        depth_format: int | None = None,
        samples: int = SAMPLES,
        background: tuple[float, float, float, float] = (*BACKGROUND, 1.0),
        layered: bool = True,
        compute: bool = True,
    ) -> None:
        """Send the avatar to the GPU.

        Args:
            avatar: What to draw.
            size: Width and height of one eye's picture, pixels.
            image_format: Best that of the images pictures end in; by default GL_SRGB8_ALPHA8. One that
                holds light: sRGB, or half floats.
            depth_format: That of the depth images, where those are wanted; by default
                GL_DEPTH_COMPONENT32F, which alone is worth reversing.
            samples: To a pixel, at most; without a GPU a sample costs as much as a pixel.
            background: Linear rgb and alpha, premultiplied.
            layered: False draws one eye after the other even where both could be drawn at once.
            compute: False poses on the CPU even where the GPU could.

        Raises:
            HeadsetError: The driver refuses.
        """
        api = gl.api()
        self.size = size
        self.image_format = int(image_format or api.GL_SRGB8_ALPHA8)
        self.depth_format = int(depth_format or api.GL_DEPTH_COMPONENT32F)
        layers = layer_extension() if layered else None
        self.layered = layers is not None
        self._target = StereoTarget(
            size, image_format=self.image_format, depth_format=self.depth_format, samples=samples
        )
        self._hidden = HiddenArea(layers)
        self._resolver = Resolver(self._target)
        self._figure = Figure(avatar, compute=compute, layers=layers)
        self._coverage = Coverage(reach(avatar), size)
        self._areas: tuple[Area, Area, Area] = (NOWHERE, NOWHERE, NOWHERE)
        self._background = np.array(background, np.float32)
        self._encoded = _encoded(self._background)
        self._matrices = np.zeros((EYES, 4, 4), np.float32)
        gl.check("making two eyes' pictures")

    def draw(self, views: EyeViews, weights: Floats, gaze: Floats) -> None:
        """Draw both eyes' pictures of a face.

        Args:
            views: Where from.
            weights: Shape (52,), ARKit order; drawn from 0 to 1.2, NaN is rest.
            gaze: Shape (2, 3), head space (OpenXR axes), (left, right); NaN is straight ahead.
        """
        self.draw_latched(views, lambda _: (weights, gaze), 0)

    def draw_latched(self, views: EyeViews, latch: Latch, display_ns: int) -> None:
        """Draw both eyes' pictures of the face that there is when all else is ready.

        Args:
            views: Where from; their depth range is `EyeViews.near_m` and beyond.
            latch: Asked once, last of all before the GPU is set to work on the face.
            display_ns: What it is asked with.
        """
        api, target = gl.api(), self._target
        self._areas = self._coverage.areas(views)
        target.begin(self._background, self._areas[2])
        if self._areas[2][2]:
            matrices = views.matrices if target.zero_to_one else self._symmetric(views.matrices)
            if self.layered:
                self._hidden.draw(views.lens, None)
            self._figure.pose(*latch(display_ns))
            if views.mirrored:
                api.glFrontFace(api.GL_CW)
            if self.layered:
                self._figure.shade(matrices, views.cameras)
            else:
                for eye in range(EYES):
                    target.only(eye)
                    self._hidden.draw(views.lens, eye)
                    self._figure.shade(matrices[eye], views.cameras[eye])
            api.glFrontFace(api.GL_CCW)
        target.end()

    def resolve(
        self,
        eye: int,
        texture: int,
        size: tuple[int, int],
        image_format: int,
        *,
        at: tuple[int, int] = (0, 0),
        depth: int | None = None,
        encode: bool = True,
    ) -> None:
        """Write one eye's picture into a texture.

        Args:
            eye: 0 left, 1 right.
            texture: A GL_TEXTURE_2D, bottom row first, as OpenGL and OpenXR have it.
            size: Width and height it fills there, pixels; scaled where it differs from `size`.
            image_format: The texture's.
            at: Its lower left corner there: two eyes may share a texture.
            depth: A GL_TEXTURE_2D of `depth_format` to write the depth into: near / distance, so to
                OpenXR minDepth 0, maxDepth 1, nearZ infinite and farZ `EyeViews.near_m`.
            encode: For what is neither sRGB nor floats by its format: whether it holds sRGB values, as
                windows and OpenVR take it, or light, as OpenXR does.

        Raises:
            HeadsetError: OpenGL cannot draw to the textures.
            ValueError: `depth` is asked for in another size.
        """
        api = gl.api()
        encode = encode and image_format not in (
            api.GL_SRGB8_ALPHA8, api.GL_RGBA16F, api.GL_RGBA32F, api.GL_R11F_G11F_B10F,
        )  # fmt: skip
        self._resolver.resolve(
            eye,
            texture,
            (*at, *size),
            image_format,
            drawn=self._areas[eye],
            background=self._encoded if encode else self._background,
            encode=encode,
            depth=depth,
        )

    def hide(self, eye: int, corners: Floats32, triangles: NDArray[np.integer]) -> None:
        """Say what one eye cannot see, from now on; see `HiddenArea.set`."""
        self._hidden.set(eye, corners, triangles)

    def forget(self) -> None:
        """Forget the textures resolved into so far; to be called once they are destroyed."""
        self._resolver.forget()

    def close(self) -> None:
        """Give everything back."""
        for part in (self._figure, self._hidden, self._resolver, self._target):
            part.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def _symmetric(self, matrices: Floats32) -> Floats32:
        """Return matrices for a clip space whose depth goes from -w: the same depth is stored."""
        self._matrices[:] = matrices
        self._matrices[:, 2] = 2.0 * matrices[:, 2] - matrices[:, 3]
        return self._matrices


def _encoded(colour: Floats32) -> Floats32:
    """Return linear rgb and alpha as sRGB and alpha. Source: IEC 61966-2-1."""
    encoded = np.clip(colour, 0.0, 1.0)
    encoded[:3] = np.where(
        encoded[:3] <= 0.0031308, 12.92 * encoded[:3], 1.055 * encoded[:3] ** (1 / 2.4) - 0.055
    )
    return encoded

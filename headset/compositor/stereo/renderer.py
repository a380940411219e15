"""Both eyes' pictures of an avatar, in one frame, with the newest face there is.

    renderer = StereoRenderer(avatar, size=(2064, 2208), image_format=GL_SRGB8_ALPHA8)
    views.place(located, model)
    renderer.draw_latched(views, newest_face, display_ns)
    for eye, texture in enumerate(images):
        renderer.resolve(eye, texture, size, GL_SRGB8_ALPHA8)

Each material of the avatar is drawn once for both eyes, into two layers of a target of our own, where
the driver lets a vertex choose its layer; else once an eye. Nothing is allocated while it runs, and
nothing waits: OpenGL's errors are asked for when things are made, not in a frame.
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
from ..studio import Studio
from .mask import HiddenArea
from .resolve import Resolver
from .target import StereoTarget
from .views import EYES, NOWHERE, Area, Coverage, EyeViews, reach

Floats = NDArray[np.floating]
Floats32 = NDArray[np.float32]

Latch = Callable[[int], tuple[Floats, Floats]]
"""From when a picture will be seen, on the host clock, to the weights (52,) or (140,) and gaze (2, 3) of
then: see `Figure.pose`."""

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
        light: Floats32 | None = None,
        room: bool = False,
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
            light: Shape (V, 4), `occlusion.baked_light` of the avatar, where it is known already.
            room: Whether it stands in a `Studio`, which fills the pictures.

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
        self._figure = Figure(avatar, compute=compute, layers=layers, light=light)
        self._room = Studio(layers=layers, ground=background[:3]) if room else None
        self._coverage = Coverage(reach(avatar), size)
        self._areas: tuple[Area, Area, Area] = (NOWHERE, NOWHERE, NOWHERE)
        self._background = np.array(background, np.float32)
        self._encoded = _encoded(self._background)
        self._matrices = np.zeros((EYES, 4, 4), np.float32)
        gl.check("making two eyes' pictures")

    def draw(
        self,
        views: EyeViews,
        weights: Floats,
        gaze: Floats,
        *,
        head: Floats | None = None,
        around: EyeViews | None = None,
    ) -> None:
        """Draw both eyes' pictures of a face.

        Args:
            views: Where from.
            weights: Shape (52,), ARKit order, or (140,); drawn from 0 to 1.2, NaN is rest.
            gaze: Shape (2, 3), head space (OpenXR axes), (left, right); NaN is straight ahead.
            head: Shape (3, 3), how far a body's head has turned on it: see `Figure.pose`.
            around: As `draw_latched`.
        """
        self.draw_latched(views, lambda _: (weights, gaze), 0, head=head, around=around)

    def draw_latched(
        self,
        views: EyeViews,
        latch: Latch,
        display_ns: int,
        *,
        head: Floats | None = None,
        around: EyeViews | None = None,
    ) -> None:
        """Draw both eyes' pictures of the face that there is when all else is ready.

        Args:
            views: Where from; their depth range is `EyeViews.near_m` and beyond.
            latch: Asked once, last of all before the GPU is set to work on the face.
            display_ns: What it is asked with.
            head: Shape (3, 3), how far a body's head has turned on it: see `Figure.pose`.
            around: The same of the room's space, where there is a room to be seen.
        """
        target = self._target
        room = self._room if around is not None else None
        whole = self._coverage.whole
        self._areas = (whole, whole, whole) if room else self._coverage.areas(views)
        target.begin(self._background, self._areas[2])
        if self._areas[2][2]:
            if self.layered:
                self._hidden.draw(views.lens, None)
            self._figure.pose(*latch(display_ns), head=head, time_ns=display_ns)
            for eye in (None,) if self.layered else range(EYES):
                if eye is not None:
                    target.only(eye)
                    self._hidden.draw(views.lens, eye)
                # What stands in a room hides most of it, unless one sees through it.
                first = self._figure.sees_through
                if room and around and first:
                    self._surround(room, around, eye)
                self._shade(views, eye, room.seen_through(around) if room and around else None)
                if room and around and not first:
                    self._surround(room, around, eye)
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
        for part in (self._figure, self._room, self._hidden, self._resolver, self._target):
            if part is not None:
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

    def _shade(self, views: EyeViews, eye: int | None, within: Floats32 | None) -> None:
        """Draw the face as one eye sees it, or both at once, within planes (2, 4, 4)."""
        api, matrices, cameras = gl.api(), self._clip(views), views.cameras
        if views.mirrored:
            api.glFrontFace(api.GL_CW)
        if eye is None:
            self._figure.shade(matrices, cameras, within=within)
        else:
            one = None if within is None else within[eye]
            self._figure.shade(matrices[eye], cameras[eye], within=one)
        api.glFrontFace(api.GL_CCW)

    def _surround(self, room: Studio, around: EyeViews, eye: int | None) -> None:
        """Draw the room as one eye sees it, or both at once."""
        matrices, cameras = self._clip(around), around.cameras
        if eye is None:
            room.draw(matrices, cameras)
        else:
            room.draw(matrices[eye], cameras[eye])

    def _clip(self, views: EyeViews) -> Floats32:
        """Return matrices for the target's clip space: if depth starts at -w, stored all the same."""
        if self._target.zero_to_one:
            return views.matrices
        self._matrices[:] = views.matrices
        self._matrices[:, 2] = 2.0 * views.matrices[:, 2] - views.matrices[:, 3]
        return self._matrices


def _encoded(colour: Floats32) -> Floats32:
    """Return linear rgb and alpha as sRGB and alpha. Source: IEC 61966-2-1."""
    encoded = np.clip(colour, 0.0, 1.0)
    encoded[:3] = np.where(
        encoded[:3] <= 0.0031308, 12.92 * encoded[:3], 1.055 * encoded[:3] ** (1 / 2.4) - 0.055
    )
    return encoded

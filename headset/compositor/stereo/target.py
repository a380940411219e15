"""What both eyes' pictures are drawn into: our own, two layers of several samples.

Runtimes hand out plain textures, some refuse arrays, none several samples; so pictures are drawn here
and resolved into whatever is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import HeadsetError
from .. import gl
from .views import EYES, Area

Floats32 = NDArray[np.float32]


class StereoTarget:
    """Colour and reversed depth of two layers; needs a current context.

    Attributes:
        size: Width and height of a layer, pixels.
        samples: To a pixel.
        image_format: OpenGL's number of the colour's format.
        depth_format: OpenGL's number of the depth's format.
        zero_to_one: Whether clip space's depth goes from 0, where floats are densest; else from -1.
        kind: Of the colour, as textures are bound.
        colour: The texture.
        eyes: Framebuffers of one layer each.
    """

    def __init__(
        self, size: tuple[int, int], *, image_format: int, depth_format: int, samples: int
    ) -> None:
        """Make it.

        Args:
            size: Width and height of each eye's picture, pixels.
            image_format: Of the colour.
            depth_format: Of the depth.
            samples: To a pixel, at most; fewer where the driver has fewer.

        Raises:
            HeadsetError: The driver refuses this size or these formats.
        """
        api = gl.api()
        self.size = size
        self.image_format, self.depth_format = image_format, depth_format
        most = min(int(api.glGetIntegerv(name)) for name in (
            api.GL_MAX_COLOR_TEXTURE_SAMPLES, api.GL_MAX_DEPTH_TEXTURE_SAMPLES,
        ))  # fmt: skip
        self.samples = max(1, min(samples, most))
        self.kind = int(
            api.GL_TEXTURE_2D_MULTISAMPLE_ARRAY if self.samples > 1 else api.GL_TEXTURE_2D_ARRAY
        )
        self.zero_to_one = gl.at_least(4, 5) or gl.has("GL_ARB_clip_control")
        self._invalidates = gl.at_least(4, 3)
        api.glGetError()  # what went before is not this target's
        self.colour = self._texture(image_format, api.GL_RGBA, api.GL_UNSIGNED_BYTE)
        self._depth = self._texture(depth_format, api.GL_DEPTH_COMPONENT, api.GL_FLOAT)
        self._both, *self.eyes = (int(name) for name in api.glGenFramebuffers(1 + EYES))
        attached = ((api.GL_COLOR_ATTACHMENT0, self.colour), (api.GL_DEPTH_ATTACHMENT, self._depth))
        for frame in (self._both, *self.eyes):
            api.glBindFramebuffer(api.GL_FRAMEBUFFER, frame)
            for attachment, texture in attached:
                if frame == self._both:
                    api.glFramebufferTexture(api.GL_FRAMEBUFFER, attachment, texture, 0)
                else:
                    layer = self.eyes.index(frame)
                    api.glFramebufferTextureLayer(api.GL_FRAMEBUFFER, attachment, texture, 0, layer)
            refused = api.glGetError()
            complete = api.glCheckFramebufferStatus(api.GL_FRAMEBUFFER)
            if refused or complete != api.GL_FRAMEBUFFER_COMPLETE:
                raise HeadsetError(
                    f"OpenGL: no picture of 2 x {size[0]} x {size[1]}: lower the resolution"
                )
        self._attachments = np.array([place for place, _ in attached], np.uint32)
        self._farthest = np.zeros(1, np.float32)

    def begin(self, background: Floats32, area: Area) -> None:
        """Start both pictures: later draws go into their layers.

        All of it is cleared, for that is a note in the driver's book, where a part would be written
        pixel by pixel.

        Args:
            background: Shape (4,), linear rgb and alpha.
            area: Nothing outside it is drawn.
        """
        api = gl.api()
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._both)
        api.glViewport(0, 0, *self.size)
        api.glDisable(api.GL_SCISSOR_TEST)
        api.glEnable(api.GL_DEPTH_TEST)
        api.glEnable(api.GL_FRAMEBUFFER_SRGB)
        if self._invalidates:
            api.glInvalidateFramebuffer(
                api.GL_FRAMEBUFFER, len(self._attachments), self._attachments
            )
        api.glClearBufferfv(api.GL_COLOR, 0, background)
        api.glClearBufferfv(api.GL_DEPTH, 0, self._farthest)
        api.glEnable(api.GL_SCISSOR_TEST)
        api.glScissor(*area)
        api.glDepthFunc(api.GL_GREATER)
        if self.zero_to_one:
            api.glClipControl(api.GL_LOWER_LEFT, api.GL_ZERO_TO_ONE)

    def only(self, eye: int) -> None:
        """Have later draws go into one eye's layer."""
        api = gl.api()
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self.eyes[eye])

    def end(self) -> None:
        """Leave OpenGL as others expect it: depth from near to far, no scissors."""
        api = gl.api()
        if self.zero_to_one:
            api.glClipControl(api.GL_LOWER_LEFT, api.GL_NEGATIVE_ONE_TO_ONE)
        api.glDepthFunc(api.GL_LESS)
        api.glDisable(api.GL_SCISSOR_TEST)

    def close(self) -> None:
        """Give it back."""
        api = gl.api()
        api.glDeleteFramebuffers(1 + EYES, np.array([self._both, *self.eyes], np.uint32))
        api.glDeleteTextures(2, np.array([self.colour, self._depth], np.uint32))

    def _texture(self, image_format: int, layout: int, component: int) -> int:
        api = gl.api()
        name = int(api.glGenTextures(1))
        api.glBindTexture(self.kind, name)
        extent = (*self.size, EYES)
        if self.samples > 1:
            api.glTexImage3DMultisample(self.kind, self.samples, image_format, *extent, True)
        else:
            api.glTexImage3D(self.kind, 0, image_format, *extent, 0, layout, component, gl.NULL)
            api.glTexParameteri(self.kind, api.GL_TEXTURE_MAX_LEVEL, 0)
            api.glTexParameteri(self.kind, api.GL_TEXTURE_MIN_FILTER, api.GL_NEAREST)
        return name

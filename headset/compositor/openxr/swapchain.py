"""The images one eye sees: OpenXR's, drawn to by way of a target with depth and samples of our own."""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np

from ...errors import HeadsetError
from ...sensors.openxr.loader import checked
from ...sensors.openxr.session import Session
from .. import gl

_FOREVER: Final = 0x7FFFFFFFFFFFFFFF  # XR_INFINITE_DURATION: an image is free within a frame


def chosen_format(session: Session) -> int:
    """Return the format of images: the best of those that hold linear light, of those on offer.

    sRGB first, which every runtime takes for what it is and some have alone; half floats are twice
    the memory; plain bytes are linear to OpenXR, and band in the dark.

    Raises:
        HeadsetError: The runtime offers none of them.
    """
    api = gl.api()
    count = ctypes.c_uint32()
    enumerate_formats = session.instance.function("xrEnumerateSwapchainFormats")
    call = "xrEnumerateSwapchainFormats"
    checked(call, enumerate_formats(session.handle, 0, ctypes.byref(count), None))
    offered = (ctypes.c_int64 * count.value)()
    checked(call, enumerate_formats(session.handle, count, ctypes.byref(count), offered))
    for wanted in (api.GL_SRGB8_ALPHA8, api.GL_RGBA16F, api.GL_RGBA8):
        if int(wanted) in offered:
            return int(wanted)
    raise HeadsetError(
        f"{session.instance.runtime}: offers no image format that OpenGL can draw to "
        f"({', '.join(hex(one) for one in offered)}): use another runtime"
    )


class Swapchain:
    """One eye's images, each with a framebuffer to blit to.

    Attributes:
        handle: XrSwapchain.
        size: Width and height, pixels.
    """

    def __init__(self, session: Session, size: tuple[int, int], image_format: int) -> None:
        """Have the runtime make them.

        Raises:
            HeadsetError: It refuses, or OpenGL cannot draw to them.
        """
        api, instance = gl.api(), session.instance
        xr: Any = instance.xr
        self.size = size
        self.handle = xr.Swapchain()
        width, height = size
        create = xr.SwapchainCreateInfo(
            usage_flags=xr.SwapchainUsageFlags.COLOR_ATTACHMENT_BIT
            | xr.SwapchainUsageFlags.SAMPLED_BIT
            | xr.SwapchainUsageFlags.TRANSFER_DST_BIT,
            format=image_format,
            sample_count=1,
            width=width,
            height=height,
            face_count=1,
            array_size=1,
            mip_count=1,
        )
        made = ctypes.byref(create), ctypes.byref(self.handle)
        instance.call("xrCreateSwapchain", session.handle, *made)
        self._frames = [_framebuffer(texture) for texture in self._textures(session)]
        if api.glGetError():
            raise HeadsetError("OpenGL: cannot draw to the headset's images: update the driver")
        self._acquire = instance.function("xrAcquireSwapchainImage")
        self._wait = instance.function("xrWaitSwapchainImage")
        self._release = instance.function("xrReleaseSwapchainImage")
        self._index = ctypes.c_uint32()
        self._patience = xr.SwapchainImageWaitInfo(timeout=_FOREVER)

    def acquire(self) -> int:
        """Return the framebuffer of the image whose turn it is; waits until it may be written.

        Raises:
            OpenXrError: The session is lost.
        """
        checked(
            "xrAcquireSwapchainImage", self._acquire(self.handle, None, ctypes.byref(self._index))
        )
        checked("xrWaitSwapchainImage", self._wait(self.handle, ctypes.byref(self._patience)))
        return self._frames[self._index.value]

    def release(self) -> None:
        """Hand the image over.

        Raises:
            OpenXrError: The session is lost.
        """
        checked("xrReleaseSwapchainImage", self._release(self.handle, None))

    def close(self) -> None:
        """Give our framebuffers back; the images go with the session."""
        gl.api().glDeleteFramebuffers(len(self._frames), np.array(self._frames, np.uint32))

    def _textures(self, session: Session) -> list[int]:
        xr: Any = session.instance.xr
        count, call = ctypes.c_uint32(), "xrEnumerateSwapchainImages"
        enumerate_images = session.instance.function(call)
        checked(call, enumerate_images(self.handle, 0, ctypes.byref(count), None))
        images = (xr.SwapchainImageOpenGLKHR * count.value)(
            *(xr.SwapchainImageOpenGLKHR() for _ in range(count.value))
        )
        pointer: Any = ctypes.POINTER  # untyped, for it is of an untyped structure
        head = ctypes.cast(images, pointer(xr.SwapchainImageBaseHeader))
        checked(call, enumerate_images(self.handle, count, ctypes.byref(count), head))
        return [int(one.image) for one in images]


class Target:
    """What an eye's view is drawn into: colour of the images' format, depth, several samples.

    Both eyes take turns at one: a view is blitted away before the next is begun.
    """

    def __init__(self, size: tuple[int, int], image_format: int, *, samples: int) -> None:
        """Make it.

        Raises:
            HeadsetError: The driver refuses this size.
        """
        api = gl.api()
        self._size = width, height = size
        count = min(samples, int(api.glGetIntegerv(api.GL_MAX_SAMPLES))) if samples > 1 else 0
        self._buffers = [int(name) for name in api.glGenRenderbuffers(2)]
        self._frame = int(api.glGenFramebuffers(1))
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._frame)
        for name, kind, attachment in zip(
            self._buffers,
            (image_format, api.GL_DEPTH_COMPONENT32F),
            (api.GL_COLOR_ATTACHMENT0, api.GL_DEPTH_ATTACHMENT),
            strict=True,
        ):
            api.glBindRenderbuffer(api.GL_RENDERBUFFER, name)
            api.glRenderbufferStorageMultisample(api.GL_RENDERBUFFER, count, kind, width, height)
            api.glFramebufferRenderbuffer(api.GL_FRAMEBUFFER, attachment, api.GL_RENDERBUFFER, name)
        if api.glCheckFramebufferStatus(api.GL_FRAMEBUFFER) != api.GL_FRAMEBUFFER_COMPLETE:
            raise HeadsetError(f"OpenGL: no picture of {width} x {height}: lower the resolution")
        self._clear_depth = np.ones(1, np.float32)

    def begin(self, background: np.ndarray[Any, np.dtype[np.float32]]) -> None:
        """Start a view: later draws go here, over a linear colour (4,)."""
        api = gl.api()
        api.glBindFramebuffer(api.GL_FRAMEBUFFER, self._frame)
        api.glViewport(0, 0, *self._size)
        api.glEnable(api.GL_DEPTH_TEST)
        api.glEnable(api.GL_FRAMEBUFFER_SRGB)
        api.glClearBufferfv(api.GL_COLOR, 0, background)
        api.glClearBufferfv(api.GL_DEPTH, 0, self._clear_depth)

    def blit(self, framebuffer: int) -> None:
        """Resolve what was drawn into a framebuffer of the same size."""
        api = gl.api()
        api.glBindFramebuffer(api.GL_READ_FRAMEBUFFER, self._frame)
        api.glBindFramebuffer(api.GL_DRAW_FRAMEBUFFER, framebuffer)
        area = (0, 0, *self._size)
        api.glBlitFramebuffer(*area, *area, api.GL_COLOR_BUFFER_BIT, api.GL_NEAREST)

    def close(self) -> None:
        """Give it back."""
        api = gl.api()
        api.glDeleteFramebuffers(1, np.array([self._frame], np.uint32))
        api.glDeleteRenderbuffers(2, np.array(self._buffers, np.uint32))


def _framebuffer(texture: int) -> int:
    api = gl.api()
    made = int(api.glGenFramebuffers(1))
    api.glBindFramebuffer(api.GL_FRAMEBUFFER, made)
    api.glFramebufferTexture2D(
        api.GL_FRAMEBUFFER, api.GL_COLOR_ATTACHMENT0, api.GL_TEXTURE_2D, texture, 0
    )
    return made

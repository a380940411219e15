"""The images that OpenXR shows, as textures of OpenGL; and which format they are best asked for in."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any, Final

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
    api, offered = gl.api(), _offered(session)
    chosen = _first(offered, (api.GL_SRGB8_ALPHA8, api.GL_RGBA16F, api.GL_RGBA8))
    if chosen is None:
        raise HeadsetError(
            f"{session.instance.runtime}: offers no image format that OpenGL can draw to "
            f"({', '.join(map(hex, sorted(offered)))}): use another runtime"
        )
    return chosen


def chosen_depth_format(session: Session) -> int | None:
    """Return the format of depth images, floats first: they alone gain by reversed depth.

    None where the runtime offers none.
    """
    api = gl.api()
    wanted = (api.GL_DEPTH_COMPONENT32F, api.GL_DEPTH_COMPONENT24, api.GL_DEPTH_COMPONENT16)
    return _first(_offered(session), wanted)


class Swapchain:
    """Images of one size that take turns.

    Attributes:
        handle: XrSwapchain.
        size: Width and height, pixels.
    """

    def __init__(
        self, session: Session, size: tuple[int, int], image_format: int, *, depth: bool = False
    ) -> None:
        """Have the runtime make them.

        Args:
            session: Whose they are; they go with it.
            size: Width and height, pixels.
            image_format: One it offers.
            depth: Whether they hold depth, not colour.

        Raises:
            OpenXrError: It refuses.
        """
        instance = session.instance
        xr: Any = instance.xr
        self.size = size
        self.handle = xr.Swapchain()
        usage = xr.SwapchainUsageFlags
        width, height = size
        create = xr.SwapchainCreateInfo(
            usage_flags=usage.SAMPLED_BIT
            | usage.TRANSFER_DST_BIT
            | (usage.DEPTH_STENCIL_ATTACHMENT_BIT if depth else usage.COLOR_ATTACHMENT_BIT),
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
        self._images = self._textures(session)
        self._acquire = instance.function("xrAcquireSwapchainImage")
        self._wait = instance.function("xrWaitSwapchainImage")
        self._release = instance.function("xrReleaseSwapchainImage")
        self._index = ctypes.c_uint32()
        self._patience = xr.SwapchainImageWaitInfo(timeout=_FOREVER)
        self._asked = ctypes.byref(self._index), ctypes.byref(self._patience)

    def acquire(self) -> int:
        """Return the GL_TEXTURE_2D whose turn it is; waits until it may be written.

        Raises:
            OpenXrError: The session is lost.
        """
        index, patience = self._asked
        checked("xrAcquireSwapchainImage", self._acquire(self.handle, None, index))
        checked("xrWaitSwapchainImage", self._wait(self.handle, patience))
        return self._images[self._index.value]

    def release(self) -> None:
        """Hand the image over.

        Raises:
            OpenXrError: The session is lost.
        """
        checked("xrReleaseSwapchainImage", self._release(self.handle, None))

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


def _offered(session: Session) -> frozenset[int]:
    count, call = ctypes.c_uint32(), "xrEnumerateSwapchainFormats"
    enumerate_formats = session.instance.function(call)
    checked(call, enumerate_formats(session.handle, 0, ctypes.byref(count), None))
    offered = (ctypes.c_int64 * count.value)()
    checked(call, enumerate_formats(session.handle, count, ctypes.byref(count), offered))
    return frozenset(map(int, offered))


def _first(offered: frozenset[int], wanted: Iterable[Any]) -> int | None:
    return next((int(one) for one in wanted if int(one) in offered), None)

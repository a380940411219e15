"""Eyes that look at something, and textures for what they see."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from unvisor.headset.compositor import gl
from unvisor.headset.compositor.camera import Camera
from unvisor.headset.compositor.stereo.renderer import StereoRenderer

HALF_RAD = 0.18
FOVS = ((-0.20, 0.16, 0.17, -0.19), (-0.16, 0.20, 0.17, -0.19))
"""Lopsided, as headsets' are: left, right, up, down."""


def looking(
    *positions_m: tuple[float, float, float],
    target_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    fovs: tuple[tuple[float, ...], ...] = FOVS,
) -> NDArray[np.float32]:
    """Return views (2, 11) from two places, each straight at a target."""
    rows: list[list[float]] = []
    for position, fov in zip(positions_m, fovs, strict=True):
        backward = np.subtract(position, target_m, dtype=np.float64)
        backward /= np.linalg.norm(backward)
        right = np.cross((0.0, 1.0, 0.0), backward)
        right /= np.linalg.norm(right)
        axes = np.column_stack([right, np.cross(backward, right), backward])
        rows.append([*Rotation.from_matrix(axes).as_quat(), *position, *fov])
    return np.array(rows, np.float32)


def even(camera: Camera) -> tuple[float, ...]:
    """Return the field of view of a camera's square picture."""
    half = camera.fov_y_rad / 2.0
    return (-half, half, half, -half)


def projected(fov: tuple[float, ...], point: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return where a point in an eye's own space is in its picture, -1 to 1, by its tangents."""
    left, right, up, down = (math.tan(angle) for angle in fov)
    x, y = point[0] / -point[2], point[1] / -point[2]
    return np.array([2 * (x - left) / (right - left) - 1, 2 * (y - down) / (up - down) - 1])


def texture(image_format: int, size: tuple[int, int]) -> int:
    """Make a plain texture, as a runtime's images are, filled with what is not to stay."""
    api = gl.api()
    name = int(api.glGenTextures(1))
    api.glBindTexture(api.GL_TEXTURE_2D, name)
    api.glTexStorage2D(api.GL_TEXTURE_2D, 1, image_format, *size)
    width, height = size
    junk = np.full((height, width, 4), 0.7, np.float32)
    if image_format == api.GL_DEPTH_COMPONENT32F:
        junk, layout = junk[..., 0].copy(), api.GL_DEPTH_COMPONENT
    else:
        layout = api.GL_RGBA
    api.glTexSubImage2D(api.GL_TEXTURE_2D, 0, 0, 0, *size, layout, api.GL_FLOAT, junk)
    gl.check("making a texture")
    return name


def fetched(name: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a texture of bytes as it is, (H, W, 4), first row at the top."""
    api = gl.api()
    pixels = np.empty((size[1], size[0], 4), np.uint8)
    api.glBindTexture(api.GL_TEXTURE_2D, name)
    api.glGetTexImage(api.GL_TEXTURE_2D, 0, api.GL_RGBA, api.GL_UNSIGNED_BYTE, pixels)
    gl.check("reading a texture")
    return pixels[::-1]


def fetched_light(name: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a texture of floats, (H, W, 4), first row at the top."""
    api = gl.api()
    pixels = np.empty((size[1], size[0], 4), np.float32)
    api.glBindTexture(api.GL_TEXTURE_2D, name)
    api.glGetTexImage(api.GL_TEXTURE_2D, 0, api.GL_RGBA, api.GL_FLOAT, pixels)
    gl.check("reading a texture")
    return pixels[::-1]


def fetched_depth(name: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a depth texture, (H, W), first row at the top."""
    api = gl.api()
    depths = np.empty((size[1], size[0]), np.float32)
    api.glBindTexture(api.GL_TEXTURE_2D, name)
    api.glGetTexImage(api.GL_TEXTURE_2D, 0, api.GL_DEPTH_COMPONENT, api.GL_FLOAT, depths)
    gl.check("reading a depth texture")
    return depths[::-1]


def as_light(srgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return sRGB bytes as light, 0 to 1. Source: IEC 61966-2-1."""
    c = srgb / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def pictures(renderer: StereoRenderer) -> list[NDArray[np.int64]]:
    """Return what was drawn of each eye, (H, W, 3), sRGB."""
    api = gl.api()
    found: list[NDArray[np.int64]] = []
    for eye in range(2):
        name = texture(api.GL_SRGB8_ALPHA8, renderer.size)
        renderer.resolve(eye, name, renderer.size, api.GL_SRGB8_ALPHA8)
        found.append(fetched(name, renderer.size)[..., :3].astype(np.int64))
        renderer.forget()
        api.glDeleteTextures(1, np.array([name], np.uint32))
    gl.check("two pictures")
    return found


def depths(renderer: StereoRenderer) -> list[NDArray[np.float32]]:
    """Return how deep what was drawn of each eye is, (H, W)."""
    api = gl.api()
    found: list[NDArray[np.float32]] = []
    for eye in range(2):
        colour = texture(api.GL_SRGB8_ALPHA8, renderer.size)
        depth = texture(api.GL_DEPTH_COMPONENT32F, renderer.size)
        renderer.resolve(eye, colour, renderer.size, api.GL_SRGB8_ALPHA8, depth=depth)
        found.append(fetched_depth(depth, renderer.size))
        renderer.forget()
        api.glDeleteTextures(2, np.array([colour, depth], np.uint32))
    gl.check("two depths")
    return found

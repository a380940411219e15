"""EXT_meshopt_compression's three filters, undone.

Source: EXT_meshopt_compression, appendix B; a last place more or less is allowed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .gltf_container import damaged
from .gltf_schema import Meshopt

Octets = NDArray[np.uint8]


def filtered(elements: Octets, how: Meshopt) -> Octets:
    """Return elements (count, stride) with their filter undone.

    Raises:
        HeadsetError: The filter is not for elements of this size.
    """
    if how.filter == "OCTAHEDRAL" and how.byte_stride in {4, 8}:
        return _octahedral(elements, np.dtype(np.int8 if how.byte_stride == 4 else np.int16))
    if how.filter == "QUATERNION" and how.byte_stride == 8:
        return _quaternion(elements.view(np.int16))
    if how.filter == "EXPONENTIAL":
        whole = elements.view(np.int32)
        return np.ldexp((whole << 8 >> 8).astype(np.float32), whole >> 24).view(np.uint8)
    if how.filter != "NONE":
        raise damaged(f"a filter {how.filter.lower()} over {how.byte_stride} bytes")
    return elements


def _octahedral(elements: Octets, kind: np.dtype[np.signedinteger]) -> Octets:
    out = elements.copy()
    coded = out.view(kind)
    one = np.maximum(coded[:, 2:3].astype(np.float32), 1.0)
    xy = coded[:, :2].astype(np.float32) / one
    z = 1.0 - np.abs(xy).sum(axis=1, keepdims=True)
    xy -= np.copysign(np.minimum(z, 0.0), xy)
    xyz = np.concatenate([xy, z], axis=1)
    xyz /= np.maximum(np.linalg.norm(xyz, axis=1, keepdims=True), 1e-9)
    coded[:, :3] = np.rint(xyz * np.iinfo(kind).max)
    return out


def _quaternion(coded: NDArray[np.int16]) -> Octets:
    one = (coded[:, 3:4] | 3).astype(np.float32)
    three = coded[:, :3].astype(np.float32) / np.maximum(one, 1.0) * np.float32(0.5**0.5)
    largest = np.sqrt(np.maximum(1.0 - (three**2).sum(axis=1, keepdims=True), 0.0))
    values = np.rint(np.clip(np.concatenate([three, largest], axis=1), -1.0, 1.0) * 32767.0)
    place = ((coded[:, 3:4] & 3) + np.array([1, 2, 3, 0])) % 4
    out = np.empty_like(coded)
    np.put_along_axis(out, place.astype(np.intp), values.astype(np.int16), axis=1)
    return out.view(np.uint8)

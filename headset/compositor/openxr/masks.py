"""What of each eye's picture no one can see, as a runtime knows it: XR_KHR_visibility_mask."""

from __future__ import annotations

import ctypes
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...sensors.openxr.loader import checked
from ...sensors.openxr.session import Session

EXTENSION: Final = "XR_KHR_visibility_mask"

_CALL: Final = "xrGetVisibilityMaskKHR"


class Mask(NamedTuple):
    """Triangles that hide what no one can see, on a plane one metre ahead."""

    corners: NDArray[np.float32]
    """Shape (N, 2), tangents to the right and upwards."""

    triangles: NDArray[np.uint32]
    """Shape (M, 3)."""


class Masks:
    """A session's masks."""

    def __init__(self, session: Session) -> None:
        """Prepare; where the runtime knows none, nothing is hidden."""
        self._session = session
        self._known = EXTENSION in session.instance.extensions
        kinds = session.instance.xr.StructureType
        self._changed: int = kinds.EVENT_DATA_VISIBILITY_MASK_CHANGED_KHR.value

    def version(self) -> int:
        """Return a number that is another once masks have changed."""
        return self._session.heard(self._changed)

    def of(self, eye: int) -> Mask:
        """Return what an eye cannot see.

        Args:
            eye: 0 left, 1 right.

        Raises:
            OpenXrError: The session is lost.
        """
        told = (
            self._ask(eye, self._session.instance.xr.VisibilityMaskKHR()) if self._known else None
        )
        # pyopenxr's own wrapper makes the first call alone, and returns counts without content.
        corners = np.zeros((0 if told is None else told.vertex_count_output, 2), np.float32)
        triangles = np.zeros((0 if told is None else told.index_count_output // 3, 3), np.uint32)
        if told is not None and corners.size and triangles.size:
            told.vertex_capacity_input, told.index_capacity_input = len(corners), triangles.size
            pointer: Any = ctypes.POINTER  # untyped, for it is of an untyped structure
            vector = pointer(self._session.instance.xr.Vector2f)
            told.vertices = ctypes.cast(corners.ctypes.data, vector)
            told.indices = ctypes.cast(triangles.ctypes.data, pointer(ctypes.c_uint32))
            self._ask(eye, told)
        if not triangles.size or int(triangles.max()) >= len(corners):
            return Mask(corners, triangles[:0])
        return Mask(corners, triangles)

    def _ask(self, eye: int, told: Any) -> Any:
        xr = self._session.instance.xr
        result = self._session.instance.function(_CALL)(
            self._session.handle, xr.ViewConfigurationType.PRIMARY_STEREO.value, eye,
            xr.VisibilityMaskTypeKHR.HIDDEN_TRIANGLE_MESH.value, ctypes.byref(told),
        )  # fmt: skip
        checked(_CALL, result)
        return told

"""A model that the wearer brings, for the picture of a camera: `--mouth-model`, `--eye-model`.

None is shipped. `camera_model_file.py` says how one is described.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np

from ...headset.clock import NS_PER_MS, now_ns
from ...headset.errors import ModelError
from ...headset.expressions import ARKIT_TO_UNIFIED, gaze_from_angles
from ...headset.frame import EyeSample, Floats, ImageSample, Sample
from ...headset.names import UNIFIED, UNIFIED_INDEX
from ...headset.sensors.arkit_named import LARGEST
from ...headset.sensors.sample import observed
from .camera_model_file import Sees, beside, load
from .camera_model_graph import ImageGraph

CAMERAS: Final[dict[Sees, tuple[str, ...]]] = {
    "mouth": ("mouth",),
    "eye": ("left_eye", "right_eye"),
}
"""Whose images a model looks at."""

PAIR_NS: Final = 100 * NS_PER_MS
"""What one eye showed is told with the other's next image if no older than this: cameras are not in
step, and the slowest have 10 images a second."""

_PER_EYE: Final = 3
_YAW, _PITCH, _OPENNESS = range(_PER_EYE)
_RAD: Final = float(np.pi) / 180.0
_OF_EYE: Final[dict[str, tuple[int, float, float]]] = {
    "yaw_rad": (_YAW, 1.0, 0.0),
    "yaw_deg": (_YAW, _RAD, 0.0),
    "pitch_rad": (_PITCH, 1.0, 0.0),
    "pitch_deg": (_PITCH, _RAD, 0.0),
    "openness": (_OPENNESS, 1.0, 0.0),
    "closure": (_OPENNESS, -1.0, 1.0),
}
"""Name -> which of an eye's three it is, times what, plus what."""


class CameraModel:
    """Turns images into samples; one may serve several readers and threads.

    Attributes:
        cameras: Whose images it looks at.
        rate_hz: How often it is to run for each, at most.
    """

    def __init__(self, path: Path, sees: Sees) -> None:
        """Load a model and what is said of it.

        Args:
            path: The ONNX file; its description stands beside it.
            sees: What it is wanted for.

        Raises:
            ModelError: Either cannot be read, or they do not fit together.
        """
        about = load(beside(path))
        if about.sees != sees:
            raise ModelError(
                f"{beside(path)}: sees {about.sees}: give it as --{about.sees}-model instead"
            )
        self._path = path
        self._graph = ImageGraph(path, about)
        self._mirror_right = about.mirror_right
        self.cameras = CAMERAS[sees]
        self.rate_hz = about.rate_hz
        readings = [
            (index, *reading)
            for index, name in enumerate(about.names)
            for reading in _readings(name)
        ]
        # ARKit's first, so that a Unified shape which is given as well has its own number.
        readings.sort(key=lambda reading: about.names[reading[0]] in UNIFIED_INDEX)
        self._from = np.array([source for source, *_ in readings])
        self._to = np.array([target for _, target, *_ in readings])
        self._times = np.array([factor for *_, factor, _ in readings])
        self._plus = np.array([offset for *_, offset in readings])
        self._eyes: dict[str, tuple[int, Floats]] = {}
        self._lock = Lock()

    def samples(self, image: ImageSample) -> list[Sample]:
        """Return what an image shows, as of its time; a number that no face has is missing.

        Raises:
            ModelError: The graph failed, gave other numbers than described, or none that a face has.
        """
        mirrored = self._mirror_right and image.camera == "right_eye"
        numbers = self._graph.values(image.image, mirrored=mirrored)
        seen = np.full(len(UNIFIED) if image.camera == "mouth" else _PER_EYE, np.nan)
        seen[self._to] = self._times * numbers[self._from] + self._plus
        seen[~(np.abs(seen) <= LARGEST)] = np.nan
        if np.isnan(seen).all():
            raise ModelError(f"{self._path}: gives no number that a face has: correct its TOML")
        if image.camera == "mouth":
            return [observed("mouth-model", seen, received_ns=now_ns(), time_ns=image.time_ns)]
        seen[_YAW] *= -1.0 if mirrored else 1.0
        with self._lock:
            self._eyes[image.camera] = image.time_ns, seen
            return [self._both(image.time_ns)]

    def _both(self, time_ns: int) -> EyeSample:
        """Return both eyes as one sample; one that has not been seen lately is missing."""
        pair = np.full((_PER_EYE, 2), np.nan)
        for side, camera in enumerate(self.cameras):
            seen_ns, seen = self._eyes.get(camera, (time_ns, pair[:, side]))
            if abs(seen_ns - time_ns) <= PAIR_NS:
                pair[:, side] = seen
        gaze = gaze_from_angles(pair[_YAW], pair[_PITCH])
        known = ~(np.isnan(gaze).any(axis=1) & np.isnan(pair[_OPENNESS]))
        return EyeSample(
            time_ns=time_ns,
            received_ns=now_ns(),
            gaze=gaze,
            openness=pair[_OPENNESS],
            pupil_mm=np.full(2, np.nan),
            confidence=known.astype(np.float64),
        )


def _readings(name: str) -> list[tuple[int, float, float]]:
    """Return what a number of that name tells: of which target, times what, plus what."""
    if name in _OF_EYE:
        return [_OF_EYE[name]]
    shapes = [name] if name in UNIFIED_INDEX else ARKIT_TO_UNIFIED.get(name, ())
    return [(UNIFIED_INDEX[shape], 1.0, 0.0) for shape in shapes]

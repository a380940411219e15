"""The same loop over a recording, as fast as it goes, into arrays."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..datasets.faces import face_track
from ..datasets.streams import FaceTrack
from ..headset.frame import EVENTS, Face, Reconstructor, SensorFrame
from ..headset.names import UNIFIED
from .pipeline import Continuity


def track(frames: Iterable[SensorFrame], reconstructor: Reconstructor) -> FaceTrack:
    """Return the reconstructed faces of frames in order of time.

    ARKit channels are those of the face that is sent: gaze comes from `Face.gaze`, blink from
    `Face.openness`. The interval's ends of gaze channels are the gaze itself.
    """
    faces: list[Face] = []
    continuity = Continuity()
    for frame in frames:
        if continuity.broken_by(frame):
            reconstructor.reset()
        faces.append(reconstructor.reconstruct(frame))
    return gathered(faces)


def gathered(faces: list[Face]) -> FaceTrack:
    """Return faces as arrays, T of them (none is fine)."""
    count, shapes = len(faces), len(UNIFIED)
    gaze = np.array([face.gaze for face in faces]).reshape(count, 2, 3)
    weights = np.array([face.weights for face in faces]).reshape(count, shapes)
    median, low, high = (
        np.array([getattr(face, name) for face in faces]).reshape(count, shapes)
        for name in ("median", "low", "high")
    )
    lids, lids_median, lids_low, lids_high = (
        np.array([getattr(face, name) for face in faces]).reshape(count, 2)
        for name in ("openness", "openness_median", "openness_low", "openness_high")
    )
    return face_track(
        time_ns=np.array([face.time_ns for face in faces], dtype=np.int64),
        weights=weights,
        median=median,
        low=low,
        high=high,
        gaze=gaze,
        openness=lids,
        openness_median=lids_median,
        openness_low=lids_low,
        openness_high=lids_high,
        origin=np.array([face.origin for face in faces], dtype=np.uint8).reshape(count, shapes),
        events=np.array([face.events for face in faces]).reshape(count, len(EVENTS)),
    )

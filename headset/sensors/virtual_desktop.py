"""Virtual Desktop: a Quest's face and eyes, from memory that its streamer shares on Windows.

Meta's 70 weights with a confidence for each half of the face, and each eye's rotation.

Source: PROTOCOLS 3.12; the C layout of its struct: a bool is a byte, floats lie at multiples of four.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import SensorError
from ..frame import Floats, Sample
from ..names import UNIFIED
from ..plug import ReaderPlug, Settings
from ..vendor_maps import UPPER_FACE, from_fb2
from ..vendors import FB2
from . import windows_map
from .map_reader import MapReader
from .vendor_samples import NOTHING, face_weights, gaze_from_rotations, samples

NAME: Final = "virtual-desktop"
MAP: Final = "VirtualDesktop.BodyState"

_POSE: Final = np.dtype([("xyzw", "<f4", 4), ("position_m", "<f4", 3)], align=True)
LAYOUT: Final = np.dtype(
    [
        ("face_valid", "u1"),
        ("looks_valid", "u1"),
        ("weights", "<f4", len(FB2)),
        ("confidence", "<f4", 2),  # lower face, upper face
        ("eye_valid", "u1", 2),
        ("eyes", _POSE, 2),
        ("eye_confidence", "<f4", 2),
    ],
    align=True,
)
"""The head of the shared memory; the body follows."""


class VirtualDesktopSettings(Settings, frozen=True, kw_only=True):
    """Nothing to set: the memory has one name."""


def parse(packet: bytes, received_ns: int) -> list[Sample]:
    """Return the face and the eyes that the memory holds, of what is valid.

    Raises:
        SensorError: Too short, or numbers that no face has.
    """
    if len(packet) < LAYOUT.itemsize:
        raise SensorError(f"{len(packet)} bytes, not {LAYOUT.itemsize}")
    state = np.frombuffer(packet, LAYOUT, 1)[0]
    reading, confidence, eye_sure = NOTHING, np.ones(len(UNIFIED)), np.ones(2)
    if state["face_valid"]:
        reading = from_fb2(face_weights(state["weights"]))
        lower, upper = map(float, _sure(state["confidence"]))
        confidence, eye_sure = np.where(UPPER_FACE, upper, lower), np.full(2, upper)
        if not state["looks_valid"]:
            reading = replace(reading, gaze=NOTHING.gaze)
    tracked = state["eye_valid"] != 0  # else what stands there is nobody's
    xyzw = np.where(tracked[:, None], state["eyes"]["xyzw"], np.float32(0.0))
    return samples(
        NAME,
        reading,
        received_ns=received_ns,
        gaze=gaze_from_rotations(xyzw),
        confidence=confidence,
        eye_confidence=_sure(np.where(tracked, state["eye_confidence"], eye_sure)),
    )


def _sure(confidence: NDArray[np.floating]) -> Floats:
    """Return confidences; all 0 beside a flag that says valid, they were never filled in: all 1."""
    if not ((confidence >= 0.0) & (confidence <= 1.0)).all():
        raise SensorError("a confidence that is not 0 to 1")
    return confidence.astype(np.float64) if confidence.any() else np.ones(2)


def _golden() -> bytes:
    state = np.zeros(1, LAYOUT)
    state["face_valid"] = state["looks_valid"] = state["eye_valid"] = 1
    state["weights"][0, FB2.index("JAW_DROP")] = 0.5
    state["eyes"]["xyzw"] = (0.0, 0.0, 0.0, 1.0)
    state["confidence"] = state["eye_confidence"] = 1.0
    return state.tobytes()


PLUG: Final = ReaderPlug(
    name=NAME,
    summary="Virtual Desktop: face and eyes of a Quest, on Windows",
    by_default=True,
    settings=VirtualDesktopSettings,
    make=lambda _settings: MapReader(
        lambda: windows_map.opened(MAP, LAYOUT.itemsize),
        parse,
        remedy="start Virtual Desktop Streamer 1.30 or later and let it forward the face",
        unavailable=""
        if windows_map.AVAILABLE
        else "Virtual Desktop shares a face on Windows alone",
    ),
    parse=parse,
    golden=_golden(),
)

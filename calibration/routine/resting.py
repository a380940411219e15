"""What is sent while a wearer makes faces for us: their rest, so that nobody sees them do it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.clock import seconds
from ...headset.frame import FORWARD, Face, Origin, Reconstructor, SensorFrame

Floats = NDArray[np.float64]

EASED_S: Final = 0.3
"""From the wearer's face to their rest, and back: a step would be a twitch."""


class Resting:
    """A `Reconstructor` around another, whose faces come to rest while `resting` is set.

    A calibrated face at rest is zero, its lids are open and it looks ahead. Channels that are absent
    stay absent; all others are *held* then.

    Attributes:
        resting: Whether outputs are to rest; may be set from any thread.
    """

    def __init__(self, inner: Reconstructor) -> None:
        """Take whose faces are passed on."""
        self.resting = False
        self._inner = inner
        self._share = 0.0
        self._last_ns: int | None = None

    def reconstruct(self, frame: SensorFrame) -> Face:
        """Return the face for `frame.time_ns`."""
        face = self._inner.reconstruct(frame)
        passed_s = 0.0 if self._last_ns is None else seconds(frame.time_ns - self._last_ns)
        self._last_ns = frame.time_ns
        step = max(0.0, passed_s) / EASED_S
        share = self._share + (step if self.resting else -step)
        self._share = min(max(share, 0.0), 1.0)
        return face if self._share == 0.0 else rested(face, self._share)

    def reset(self) -> None:
        """Forget the past: after a gap, or when the headset goes on again."""
        self._inner.reset()
        self._last_ns = None


def rested(face: Face, share: float) -> Face:
    """Return a face on its way to rest.

    Args:
        face: As inferred.
        share: 0 as it is, 1 at rest.
    """
    kept = 1.0 - share

    def lids(openness: Floats) -> Floats:
        return 1.0 - kept * (1.0 - openness)

    gaze = kept * face.gaze + share * FORWARD
    return replace(
        face,
        weights=kept * face.weights,
        median=kept * face.median,
        low=kept * face.low,
        high=kept * face.high,
        rate=kept * face.rate,
        gaze=gaze / np.linalg.norm(gaze, axis=1, keepdims=True),
        openness=lids(face.openness),
        openness_median=lids(face.openness_median),
        openness_low=lids(face.openness_low),
        openness_high=lids(face.openness_high),
        openness_rate=kept * face.openness_rate,
        events=kept * face.events,
        origin=_held(face.origin),
        eye_origin=_held(face.eye_origin),
        openness_origin=_held(face.openness_origin),
    )


def _held(origin: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.where(origin == Origin.ABSENT, origin, np.uint8(Origin.HELD)).astype(np.uint8)

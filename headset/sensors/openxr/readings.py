"""What OpenXR's eye and face trackers say, before it becomes samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from ...frame import Floats, Origin
from ...vendor_maps import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaze:
    """Where the eyes look.

    Attributes:
        told: When it was true, as XrTime; 0 where the runtime does not say.
        time_ns: The same on the host clock.
        gaze: Shape (2, 3), unit vectors in head space, NaN where an eye is not tracked.
        confidence: Shape (2,), 0 to 1.
    """

    told: int
    time_ns: int
    received_ns: int
    gaze: Floats
    confidence: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressions:
    """What a face extension says.

    Attributes:
        time_ns: When it was true.
        reading: Weights, gaze and openness; NaN where nothing is said of them.
        confidence: Shape (88,), of the weights, 0 to 1.
        eye_confidence: Shape (2,), of the lids, and of gaze where no gaze tracker speaks.
        origin: Of all weights: measured, or inferred by the runtime from sound.
        visemes: Shape (15,), probability of each of `frame.VISEMES`; None where it does not say.
    """

    time_ns: int
    received_ns: int
    reading: Reading
    confidence: Floats
    eye_confidence: Floats
    origin: Origin
    visemes: Floats | None = None


Told = TypeVar("Told", Gaze, Expressions)


class Tracker(Protocol[Told]):
    """One extension that tells of gaze or of the face."""

    latest: Told | None

    def read(self, xr_time: int, received_ns: int) -> bool:
        """Ask for a time; say whether `latest`, None where it says nothing, is new."""
        ...

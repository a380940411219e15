"""What a lower-face tracker does to a mouth: parameters drawn once a donning, then applied.

No noise study of a mouth tracker was found, so all of this is assumed; the ranges are wide.

Source:
    SCIENCE 5.3. That left and right leak into each other is measured (a QuestFaceTracking unmix).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from ..headset.names import MOUTH_28, mirrored
from .noise import ar1
from .streams import Floats

RATE_HZ: Final = 60.0
DELAY_S: Final = (0.010, 0.040)
JITTER_S: Final = 1.0 / RATE_HZ
"""Arrival varies by a frame either way."""
TAU_S: Final = 0.1
BOUT_S: Final = (0.1, 1.0)
"""How long it sticks or is lost."""
STUCK: Final = 0.01
LOST: Final = 0.01
"""Shares of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MouthNoise:
    """One donning of a lower-face tracker; channels in the order of `MOUTH_28`.

    y = clip(s(x) + C x + noise, 0, saturation), s(x) = gain ((x - dead zone) / (1 - dead zone))^gamma

    Attributes:
        delay_s: From the mouth to us; each sample's own varies by a frame around it.
        gain: Shape (28,).
        dead_zone: Shape (28,).
        gamma: Shape (28,).
        saturation: Shape (28,).
        sd: Shape (28,), of noise correlated over `TAU_S`.
        crosstalk: C, sparse: (from, to, weight). A leak between left and right takes from the one
            what it gives the other, so a symmetric face stays as it is.
        smile_lost: Share of a smile that a full pucker hides.
    """

    delay_s: float
    gain: tuple[float, ...]
    dead_zone: tuple[float, ...]
    gamma: tuple[float, ...]
    saturation: tuple[float, ...]
    sd: tuple[float, ...]
    crosstalk: tuple[tuple[str, str, float], ...]
    smile_lost: float

    @classmethod
    def draw(cls, rng: Generator) -> MouthNoise:
        """Draw one for a donning."""

        def each(low: float, high: float) -> tuple[float, ...]:
            """Draw per channel; both sides of a face are alike to 5 %, the range's ends kept."""
            drawn = dict(zip(MOUTH_28, rng.uniform(low, high, len(MOUTH_28)), strict=True))
            near = dict(zip(MOUTH_28, rng.uniform(0.95, 1.05, len(MOUTH_28)), strict=True))
            sided = [
                drawn[n] if n.endswith("Left") else drawn[mirrored(n)] * near[n] for n in MOUTH_28
            ]
            return tuple(float(x) for x in np.clip(sided, low, high))

        return cls(
            delay_s=float(rng.uniform(*DELAY_S)),
            gain=each(0.6, 1.3),
            dead_zone=each(0.0, 0.08),
            gamma=each(0.7, 1.4),
            saturation=each(0.85, 1.0),
            sd=each(0.01, 0.04),
            crosstalk=tuple(_crosstalk(rng)),
            smile_lost=float(rng.uniform(0.0, 0.5)),
        )

    def apply(self, weights: Floats, rng: Generator) -> Floats:
        """Return what the tracker makes of true weights (T, 28) at `RATE_HZ`."""
        dead_zone = np.array(self.dead_zone)
        above = np.maximum(weights - dead_zone, 0.0) / (1.0 - dead_zone)
        shaped = np.array(self.gain) * above ** np.array(self.gamma)
        pucker = np.clip(weights[:, [MOUTH_28.index("mouthPucker")]], 0.0, 1.0)
        smiles = [MOUTH_28.index(f"mouthSmile{side}") for side in ("Left", "Right")]
        shaped[:, smiles] *= 1.0 - self.smile_lost * pucker
        for source, target, weight in self.crosstalk:
            one, other = MOUTH_28.index(source), MOUTH_28.index(target)
            taken = weights[:, other] if other == MOUTH_28.index(mirrored(source)) else 0.0
            shaped[:, other] += weight * (weights[:, one] - taken)
        shaped += np.array(self.sd) * ar1(weights.shape, TAU_S, RATE_HZ, rng)
        return np.clip(shaped, 0.0, np.array(self.saturation))


# What is done by one side of the mouth; jawLeft and mouthLeft are moves of the whole.
_SIDED: Final = tuple(
    name
    for name in MOUTH_28
    if name != mirrored(name) and not name.startswith(("jaw", "mouthLeft", "mouthRight"))
)
_NEIGHBOURS: Final = (
    ("jawOpen", "mouthClose"),
    ("mouthFunnel", "mouthPucker"),
    ("mouthSmileLeft", "mouthStretchLeft"),
    ("mouthSmileLeft", "mouthDimpleLeft"),
    ("mouthSmileRight", "mouthStretchRight"),
    ("mouthSmileRight", "mouthDimpleRight"),
)


def _crosstalk(rng: Generator) -> list[tuple[str, str, float]]:
    """Draw the leaks: neighbours either way 0 to .2, half of them none; left and right .1 to .4."""
    leaks: list[tuple[str, str, float]] = []
    for one, other in _NEIGHBOURS:
        for source, target in ((one, other), (other, one)):
            present, weight = rng.random() < 0.5, float(rng.uniform(0.0, 0.2))
            if present:
                leaks.append((source, target, weight))
    weight = float(rng.uniform(0.1, 0.4))  # one for the face: it is the cameras' shared view
    return leaks + [(name, mirrored(name), weight) for name in _SIDED]

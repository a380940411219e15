"""Our sensors in a session on Monado, with the headset that a test describes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from unvisor.headset.frame import Sample
from unvisor.headset.sensors.openxr.face import Audio
from unvisor.headset.sensors.openxr.instance import Instance
from unvisor.headset.sensors.openxr.sensors import SENSOR_EXTENSIONS, Sensors
from unvisor.headset.sensors.openxr.session import REQUIRED, Session

if TYPE_CHECKING:
    from .layer import Layer

Step = Callable[[], dict[str, Sample]]


@cache
def headset() -> Layer:
    """Return the process's only headset."""
    from unvisor.headset.sensors.openxr.loader import openxr

    openxr()  # first, without OpenGL: it is imported faster
    from .layer import Layer
    from .layer_reported import Reported

    return Layer(Reported())


@contextmanager
def sensing(
    *supports: str,
    layer: Layer | None = None,
    audio: Audio = "mouth",
    fail: Mapping[str, str] | None = None,
) -> Generator[tuple[Layer, Sensors, Step]]:
    """Run a session on a headset that supports so much; step through it.

    Args:
        supports: Names of `layer_reported.CAPABILITIES`.
        layer: A headset as it was left, or None for one that says nothing yet.
        audio: What a face guessed from sound may speak for.
        fail: What functions return instead of doing anything, by name.
    """
    import xr

    if layer is None:
        layer = headset()
        layer.clear()
    layer.reported.supports = set(supports)
    layer.fail = {name: xr.Result[result] for name, result in (fail or {}).items()}
    with (
        Instance(SENSOR_EXTENSIONS, required=REQUIRED) as instance,
        Session(instance) as session,
    ):
        sensors = Sensors(session, audio=audio)
        until_s = time.monotonic() + 10.0
        while session.poll().name != "FOCUSED":
            assert time.monotonic() < until_s, session.state
            time.sleep(0.005)

        def step() -> dict[str, Sample]:
            session.poll()
            return {type(one).__name__: one for one in sensors.sample(session.now())}

        yield layer, sensors, step


def rows(count: int) -> list[list[float]]:
    """Return one weight after the other, at two heights, and all together."""
    single = np.eye(count) * np.where(np.arange(count) % 2, 1.0, 0.375)[:, None]
    together = (np.arange(count) + 1.0) / (count + 1.0)
    return [*single.tolist(), together.tolist()]


def plain(values: Any) -> list[Any]:
    """Return an array for JSON, NaN as None."""
    return [None if math.isnan(one) else one for one in np.ravel(values).tolist()]


def matches(got: Sequence[float | None], wanted: Any) -> bool:
    """Whether what came is what should have, NaN where nothing should; in single precision."""
    numbers = np.array([math.nan if one is None else one for one in got])
    return bool(np.allclose(numbers, np.ravel(wanted), atol=1e-6, equal_nan=True))

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unvisor.datasets import live_link_face
from unvisor.headset.names import ARKIT, ARKIT_INDEX
from unvisor.headset.sensors.pico_order import ENOUGH, MOST, Order, PicoOrder
from unvisor.headset.vendors import BD_ARKIT, PICO_LEGACY

ORDERS: dict[Order, list[int]] = {
    "legacy": [ARKIT_INDEX[name] for name in PICO_LEGACY],
    "khronos": [ARKIT_INDEX[name] for name in BD_ARKIT.values()],
}
each_order = pytest.mark.parametrize("order", ORDERS)


def face(**weights: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([weights.get(name, 0.0) for name in ARKIT])


BLINK = face(eyeBlinkLeft=0.9, eyeBlinkRight=0.8, eyeSquintLeft=0.3, eyeSquintRight=0.3)
SMILE = face(mouthSmileLeft=0.6, mouthSmileRight=0.7, cheekSquintLeft=0.4, cheekSquintRight=0.5)


@each_order
def test_a_face_at_rest_speaks_for_neither(order: Order) -> None:
    found = PicoOrder()
    assert {found.of(np.zeros(52)) for _ in range(1000)} == {None}


@each_order
@pytest.mark.parametrize("moved", [BLINK, SMILE], ids=["blink", "smile"])
def test_a_third_of_a_second_of_blink_or_smile_tells(order: Order, moved: np.ndarray) -> None:
    found = PicoOrder()
    told = [found.of(moved[ORDERS[order]]) for _ in range(30)]
    assert told[0] is None  # one face alone decides nothing
    assert told[-1] == order
    assert set(told) <= {None, order}


@each_order
def test_once_found_it_stays_through_rest(order: Order) -> None:
    found = PicoOrder()
    for _ in range(30):
        found.of(BLINK[ORDERS[order]])
    assert found.of(np.zeros(52)) == order


def test_a_mistake_is_outvoted() -> None:
    found = PicoOrder()
    for _ in range(10_000):
        found.of(BLINK[ORDERS["legacy"]])
    told = [found.of(BLINK[ORDERS["khronos"]]) for _ in range(200)]
    assert told[0] == "legacy"
    assert told.index("khronos") >= MOST + ENOUGH - 1  # each face adds at most 1
    assert told[-1] == "khronos"


@each_order
@pytest.mark.shared
def test_real_faces_are_told_apart_within_half_a_second(order: Order, shared: Path) -> None:
    for path in sorted((shared / "data" / "live_link_face").rglob("*.csv")):
        arkit = live_link_face.read(path).truth.arkit[:, ORDERS[order]]
        for start in range(0, len(arkit) - 30, 250):
            found = PicoOrder()
            told = [found.of(weights) for weights in arkit[start : start + 30]]
            assert set(told) <= {None, order}, (path.name, start)
            assert told[-1] == order, (path.name, start)

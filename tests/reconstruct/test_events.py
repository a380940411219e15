from __future__ import annotations

import numpy as np

from unvisor.headset.frame import EVENTS
from unvisor.headset.names import ARKIT, ARKIT_INDEX
from unvisor.reconstruct import events


def test_up_lasts_until_it_is_down() -> None:
    weight = np.array([0, 0.4, 0.25, np.nan, 0.25, 0.4, 0.21, 0.2])
    assert events.up(weight).tolist() == [0, 1, 1, 0, 0, 1, 1, 0]


def test_an_event_is_under_way_while_any_of_its_channels_is_up() -> None:
    arkit = np.zeros((4, len(ARKIT)))
    arkit[1, ARKIT_INDEX["browOuterUpRight"]] = 0.5
    arkit[2, ARKIT_INDEX["eyeBlinkLeft"]] = 0.9
    happens = events.under_way(arkit)
    assert happens.shape == (4, len(EVENTS))
    assert happens.sum() == 2
    assert happens[1, EVENTS.index("brow_raise")]
    assert happens[2, EVENTS.index("blink")]

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.context import GlReport
from unvisor.headset.compositor.floor import cpu_cost_ms, cpu_cost_stereo_ms, small_head
from unvisor.headset.compositor.renderer import Renderer
from unvisor.headset.errors import HeadsetError
from unvisor.headset.frame import FORWARD
from unvisor.headset.names import ARKIT

pytestmark = pytest.mark.gl


@pytest.mark.parametrize("cost_ms", [cpu_cost_ms, cpu_cost_stereo_ms])
def test_every_frame_is_timed(drawing: GlReport, cost_ms: Callable[[int], NDArray[np.float64]]):
    spent = cost_ms(20)
    assert spent.shape == (2, 20)
    assert (spent[0] > 0.0).all()


def test_what_takes_too_long_is_said():
    with pytest.raises(HeadsetError, match=r"20 frames took over 0\.01 s.*unvisor doctor"):
        cpu_cost_ms(20, timeout_s=0.01)


def test_what_is_timed_draws(drawing: GlReport):
    with Renderer(small_head(), size=(32, 32)) as renderer:
        renderer.draw(np.zeros(len(ARKIT)), FORWARD)
        assert np.ptp(renderer.read()) > 50

from __future__ import annotations

from unvisor.headset.compositor.window import fitting


def test_a_view_fills_the_window_as_far_as_its_proportions_allow():
    assert fitting((400, 300), (200, 150)) == (0, 0, 200, 150)
    assert fitting((400, 300), (200, 350)) == (0, 100, 200, 250)
    assert fitting((400, 300), (600, 150)) == (200, 0, 400, 150)
    assert fitting((400, 300), (0, 0)) == (0, 0, 0, 0)

"""A face goes to rest when it stays away, as a face would, and comes back."""

from __future__ import annotations

import numpy as np

from unvisor.headset.clock import NS_PER_MS
from unvisor.headset.compositor.liveliness import EASE_NS, PATIENCE_NS, Liveliness
from unvisor.headset.frame import FORWARD

FRAME_NS = 11 * NS_PER_MS


def shares(liveliness: Liveliness, start_ns: int, for_ns: int, *, new: bool) -> list[float]:
    out: list[float] = []
    for at_ns in range(start_ns, start_ns + for_ns, FRAME_NS):
        liveliness.step(at_ns, new=new)
        out.append(liveliness.share)
    return out


def test_before_the_first_face_there_is_nothing_and_with_it_all():
    liveliness = Liveliness()
    assert set(shares(liveliness, 10**9, 10**9, new=False)) == {0.0}
    fresh = Liveliness()
    fresh.step(10**9, new=True)
    assert fresh.share == 1.0


def test_it_waits_then_eases_and_takes_no_jump():
    liveliness = Liveliness()
    liveliness.step(10**9, new=True)
    still = shares(liveliness, 10**9, PATIENCE_NS, new=False)
    assert set(still) == {1.0}
    down = shares(liveliness, 10**9 + PATIENCE_NS, EASE_NS + 2 * FRAME_NS, new=False)
    up = shares(liveliness, 3 * 10**9, 2 * EASE_NS, new=True)
    assert down[-1] == 0.0
    assert up[-1] == 1.0
    steps = np.abs(np.diff([1.0, *down]))
    assert steps.max() < 1.6 * FRAME_NS / EASE_NS
    assert (np.diff(down) <= 0).all()
    assert (np.diff(up) >= 0).all()


def test_a_share_of_a_face_is_that_much_of_it():
    liveliness = Liveliness()
    liveliness.share = 0.5
    gaze = np.array([[np.sin(0.4), 0.0, -np.cos(0.4)], [np.nan] * 3])
    channels, turned = liveliness.eased(np.array([0.8, np.nan]), gaze)
    np.testing.assert_allclose(channels, (0.4, np.nan))
    np.testing.assert_allclose(turned[0], (np.sin(0.2), 0.0, -np.cos(0.2)), atol=1e-12)
    np.testing.assert_allclose(turned[1], FORWARD[1])


def test_a_whole_face_is_left_as_it_is():
    liveliness = Liveliness()
    liveliness.step(10**9, new=True)
    face = np.array([0.8]), np.full((2, 3), np.nan)
    assert liveliness.eased(*face)[1] is face[1]

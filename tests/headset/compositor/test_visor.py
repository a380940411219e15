from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.visor import build_visor, fitted


@pytest.fixture(scope="module")
def visor() -> Avatar:
    return build_visor()


def other(head: Avatar, scale: tuple[float, float, float], moved: float) -> Avatar:
    stretch = np.array(scale, np.float32)
    return replace(
        head,
        positions=head.positions * stretch + np.float32(moved),
        eye_centre=head.eye_centre * stretch + np.float32(moved),
    )


def test_on_the_head_it_was_made_for_a_headset_stays_as_it_is(visor: Avatar, ball: Avatar):
    same = fitted(visor, ball, ball)
    assert same is not None
    np.testing.assert_allclose(same.positions, visor.positions, atol=1e-6)


def test_it_goes_with_another_head_and_is_as_wide(visor: Avatar, ball: Avatar):
    found = fitted(visor, ball, other(ball, (1.2, 1.0, 0.9), 1.5))
    assert found is not None
    np.testing.assert_allclose(
        np.ptp(found.positions, axis=0) / np.ptp(visor.positions, axis=0),
        [1.2, 1.2, 0.9],
        rtol=0.05,
    )
    front = ball.positions[:, 2].max()
    proud = found.positions[:, 2].max() - (1.5 + 0.9 * front)
    assert proud == pytest.approx(0.9 * (visor.positions[:, 2].max() - front), abs=0.005)


@pytest.mark.parametrize("scale", [(2.0, 1.0, 1.0), (1.0, 1.0, 0.4)])
def test_on_a_head_of_other_proportions_it_is_left_off(
    visor: Avatar, ball: Avatar, scale: tuple[float, float, float]
):
    assert fitted(visor, ball, other(ball, scale, 0.0)) is None

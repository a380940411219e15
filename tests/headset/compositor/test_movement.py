from __future__ import annotations

import numpy as np

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.movement import Movements
from unvisor.headset.names import ARKIT_INDEX, CHANNEL_INDEX, CHANNELS

from .figure_made import body

REST = np.zeros(len(CHANNELS))


def test_targets_are_rows_in_arkits_order_and_the_rest_of_a_face_is_not_theirs(ball: Avatar):
    moves = Movements(ball)
    face = np.random.default_rng(0).uniform(-0.5, 2.0, len(CHANNELS))
    face[3] = np.nan
    expected = np.clip(np.nan_to_num(face[:52]), 0.0, 1.2)
    np.testing.assert_allclose(moves.played(face), expected, rtol=1e-6)
    np.testing.assert_allclose(moves.played(face[:52]), expected, rtol=1e-6)
    here = slice(*moves.starts[[ARKIT_INDEX["jawOpen"], ARKIT_INDEX["jawOpen"] + 1]])
    np.testing.assert_array_equal(moves.index[here], ball.targets["jawOpen"].index)
    assert len(moves.entries_by_row()) == len(moves.index)


def test_clips_play_by_their_own_rules_and_by_all_that_a_face_shows(ball: Avatar):
    avatar = body(ball)
    moves, face = Movements(avatar), REST.copy()
    assert avatar.clips is not None
    face[ARKIT_INDEX["jawOpen"]] = 7.0
    played = dict(zip(avatar.clips.names, moves.played(face).tolist(), strict=True))
    assert played["jawOpen"] == 1.0  # an expression's own limit
    assert played["tongueUp"] == 0.0
    face[CHANNEL_INDEX["TongueUp"]] = 0.5
    played = dict(zip(avatar.clips.names, moves.played(face).tolist(), strict=True))
    assert played["tongueUp"] == 0.5
    played = dict(zip(avatar.clips.names, moves.played(face[:52]).tolist(), strict=True))
    assert played["tongueUp"] == 0.0  # ARKit has no such channel

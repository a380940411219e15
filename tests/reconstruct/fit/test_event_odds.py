from __future__ import annotations

import numpy as np
import pytest

from unvisor.headset.expressions import mirror_arkit
from unvisor.headset.frame import EVENTS
from unvisor.headset.names import ARKIT, ARKIT_INDEX
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.events import under_way
from unvisor.reconstruct.fit.closed_form import MAPS
from unvisor.reconstruct.fit.event_odds import TOLD, EventOdds, fit_event_odds
from unvisor.reconstruct.fit.sheets import Sheet, sheet
from unvisor.reconstruct.judge.event_scores import auc

from ..faces import sensed

WHOLE = MAPS.index("mouth+eyes")


@pytest.fixture(scope="module")
def sheets() -> list[Sheet]:
    return [sheet(sensed(seed=seed, seconds=30.0), calibration_s=10.0) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def odds(sheets: list[Sheet]) -> EventOdds:
    return fit_event_odds(sheets)


@pytest.fixture(scope="module")
def stranger() -> Sheet:
    return sheet(sensed(seed=9, seconds=30.0), calibration_s=10.0)


def test_an_event_that_follows_the_visible_face_is_told_of_a_stranger(
    odds: EventOdds, stranger: Sheet
) -> None:
    cheek = EVENTS.index("cheek_raise")
    chance = odds.chance(WHOLE, stranger.observed)[:, cheek]
    assert auc(under_way(stranger.truth)[:, cheek], chance) > 0.8


def test_a_stated_chance_is_how_often_it_happens_to_strangers(odds: EventOdds) -> None:
    cheek = EVENTS.index("cheek_raise")
    strangers = [sheet(sensed(seed=s, seconds=30.0), calibration_s=10.0) for s in range(10, 15)]
    chance = np.concatenate([odds.chance(WHOLE, s.observed)[:, cheek] for s in strangers])
    happens = np.concatenate([under_way(s.truth)[:, cheek] for s in strangers])
    for low, high in ((0.0, 0.25), (0.25, 0.75), (0.75, 1.0)):
        among = (chance >= low) & (chance < high)
        assert happens[among].mean() == pytest.approx(chance[among].mean(), abs=0.2)


def test_what_nobody_did_is_never_likely(odds: EventOdds, stranger: Sheet) -> None:
    frown = EVENTS.index("frown")
    assert odds.chance(WHOLE, stranger.observed)[:, frown].max() < 1e-3


def test_without_sensors_an_event_is_as_likely_as_it_is_usual(
    odds: EventOdds, sheets: list[Sheet]
) -> None:
    chance = odds.chance(MAPS.index("none"), np.zeros((1, len(ARKIT))))[0]
    usual = np.mean([under_way(s.truth).mean(axis=0) for s in sheets], axis=0)
    told = usual > 0.0
    np.testing.assert_allclose(chance[told], usual[told], atol=0.03)


def test_a_mirrored_face_has_the_same_events(odds: EventOdds, stranger: Sheet) -> None:
    np.testing.assert_allclose(
        odds.chance(WHOLE, stranger.observed),
        odds.chance(WHOLE, mirror_arkit(stranger.observed)),
        atol=1e-6,
    )


def test_only_visible_channels_tell_and_only_hidden_ones_are_told(odds: EventOdds) -> None:
    for rig, name in enumerate(MAPS):
        assert not odds.weight[rig][[ARKIT_INDEX[c] for c in RIGS[name].hidden]].any()
        assert not odds.weight[rig][:, [c in RIGS[name].observed for c in TOLD]].any()
    assert (odds.slope >= 0.0).all()

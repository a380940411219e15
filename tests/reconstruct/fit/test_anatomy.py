from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.expressions import mirror_arkit
from unvisor.headset.names import ARKIT, ARKIT_INDEX, HIDDEN_14
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.fit.anatomy import JOINED, above_floor, fit_anatomy, noise_floor
from unvisor.reconstruct.fit.closed_form import indices
from unvisor.reconstruct.fit.sheets import Sheet

SEEN = indices(RIGS["mouth+eyes"].observed)
HIDDEN = indices(RIGS["mouth+eyes"].hidden)
SMILE, SHRUG = ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthShrugLower"]
SQUINT, CHEEK = ARKIT_INDEX["eyeSquintLeft"], ARKIT_INDEX["cheekSquintLeft"]


def face(person: str, observed: NDArray[np.float64], truth: NDArray[np.float64]) -> Sheet:
    return Sheet(
        person=person,
        name=person,
        rig="mouth+eyes",
        time_ns=np.arange(len(observed), dtype=np.int64),
        observed=observed,
        mask=np.ones_like(observed),
        truth=truth,
    )


def smiling(person: str, share: float, reach: float, count: int) -> Sheet:
    """A person whose left cheek rises by a share of their smile."""
    rng = np.random.default_rng(5)
    observed, truth = np.zeros((2, count, len(ARKIT)))
    observed[:, SMILE] = reach * rng.uniform(0, 1, count)
    truth[:, CHEEK] = share * observed[:, SMILE]
    return face(person, observed, truth)


def coefficient(weight: NDArray[np.float64], seen: int, hidden: int) -> float:
    return float(weight[SEEN.tolist().index(seen), HIDDEN.tolist().index(hidden)])


def test_who_grimaces_at_length_does_not_outvote_who_talks() -> None:
    three = [
        smiling("grimaces", 1.0, 1.0, 4000),
        smiling("talks", 0.4, 0.3, 600),
        smiling("also talks", 0.4, 0.3, 600),
    ]
    one = [face("one", sheet.observed, sheet.truth) for sheet in three]
    assert 0.3 < coefficient(fit_anatomy(three, SEEN, HIDDEN), SMILE, CHEEK) < 0.5
    assert coefficient(fit_anatomy(one, SEEN, HIDDEN), SMILE, CHEEK) > 0.8


def test_a_smile_is_believed_before_a_chin_when_both_explain_a_squint() -> None:
    rng = np.random.default_rng(2)
    observed, truth = np.zeros((2, 900, len(ARKIT)))
    observed[:, SMILE] = observed[:, SHRUG] = rng.uniform(0, 0.6, 900)
    truth[:, SQUINT] = 0.5 * observed[:, SMILE]
    weight = fit_anatomy([face("one", observed, truth)], SEEN, HIDDEN)
    smile, chin = coefficient(weight, SMILE, SQUINT), coefficient(weight, SHRUG, SQUINT)
    assert smile > 3.0 * chin > 0.0


def test_a_take_at_twice_the_frame_rate_says_the_same() -> None:
    sheet = smiling("one", 0.6, 0.5, 500)
    twice = face("one", np.repeat(sheet.observed, 2, axis=0), np.repeat(sheet.truth, 2, axis=0))
    np.testing.assert_allclose(
        fit_anatomy([twice], SEEN, HIDDEN), fit_anatomy([sheet], SEEN, HIDDEN), atol=1e-6
    )


def test_the_map_of_a_mirrored_face_is_mirrored_exactly() -> None:
    weight = np.zeros((len(ARKIT), len(ARKIT)))
    weight[np.ix_(SEEN, HIDDEN)] = fit_anatomy([smiling("one", 0.6, 0.5, 300)], SEEN, HIDDEN)
    rows = np.random.default_rng(0).uniform(0, 1, (5, len(ARKIT)))
    np.testing.assert_allclose(mirror_arkit(rows) @ weight, mirror_arkit(rows @ weight), atol=1e-12)


def test_guesses_under_the_floor_go_back_to_rest_and_others_stay() -> None:
    floor = np.array([0.02])
    guess = np.linspace(-0.5, 0.5, 1001)[:, None]
    kept = above_floor(guess, floor)
    assert above_floor(floor, floor) == pytest.approx(0.01)
    assert above_floor(np.array([0.2]), floor) == pytest.approx(0.2, rel=0.02)
    assert (np.diff(kept[:, 0]) > -1e-15).all()
    np.testing.assert_allclose(kept, -kept[::-1], atol=1e-12)


def test_without_a_floor_nothing_changes() -> None:
    guess = np.array([[-0.3, 0.0, 1e-9, 0.2]])
    np.testing.assert_array_equal(above_floor(guess, np.zeros(4)), guess)


def test_brows_and_puffs_have_a_floor_and_lids_have_none() -> None:
    floor = dict(zip(ARKIT, noise_floor(), strict=True))
    assert {name for name, value in floor.items() if value} == {
        name for name in HIDDEN_14 if name.startswith("brow") or name == "cheekPuff"
    }


def test_every_name_in_the_table_is_a_channels() -> None:
    seen = RIGS["mouth+eyes"].observed
    for hidden, joined in JOINED.items():
        assert any(name.startswith(hidden) for name in HIDDEN_14)
        for beginning in joined:
            assert any(name.startswith(beginning) for name in seen), beginning
    assert all(name.startswith(tuple(JOINED)) for name in HIDDEN_14)

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.datasets.streams import FaceTrack, Truth
from unvisor.headset.clock import NS_PER_S
from unvisor.headset.errors import RecordingError
from unvisor.headset.frame import EVENTS
from unvisor.headset.names import ARKIT_INDEX, HIDDEN_14, LOOK_8
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.events import under_way
from unvisor.reconstruct.judge.card import Card, card
from unvisor.reconstruct.judge.ground_truth import Take
from unvisor.reconstruct.judge.scores import MEANS, groups

from .tracks import as_track, moving, relative, take

Floats = NDArray[np.float64]
BROW = ARKIT_INDEX["browInnerUp"]
HIDDEN = [ARKIT_INDEX[name] for name in HIDDEN_14]
LOOKS = [ARKIT_INDEX[name] for name in LOOK_8]


def passed(truth: Truth, hidden: Floats) -> Floats:
    """What is sensed as it is, what is hidden as guessed."""
    arkit = relative(truth)
    arkit[:, LOOKS] = truth.arkit[:, LOOKS]
    arkit[:, HIDDEN] = hidden[:, HIDDEN]
    return arkit


def tracks(truth: Truth, seed: int) -> dict[str, FaceTrack]:
    """Rest; a good and a bad baseline; a model that is good but for one brow."""
    rng = np.random.default_rng(seed)
    true, noise = relative(truth), rng.normal(size=truth.arkit.shape)
    model = 0.8 * true + 0.02 * noise
    model[:, BROW] = -0.5 * true[:, BROW]
    guesses = {
        "neutral": 0.0 * true,
        "rules": 0.3 * noise,
        "robust": 0.5 * true + 0.05 * noise,
        "model": model,
    }
    return {
        name: as_track(truth.time_ns, passed(truth, guess), half_width=0.1)
        for name, guess in guesses.items()
    }


def people(count: int = 3, rig: str = "mouth+eyes") -> list[Take]:
    truths = [moving(seed) for seed in range(count)]
    return [take(f"p{k}", t, tracks(t, k), rig=rig) for k, t in enumerate(truths)]


@pytest.fixture(scope="module")
def judged() -> Card:
    return card(people())


def test_a_row_for_every_group_channel_and_track(judged: Card) -> None:
    wanted = {
        (track, name)
        for track in ("neutral", "rules", "robust", "model", "hold")
        for name in groups(RIGS["mouth+eyes"])
    }
    assert {(row.track, row.channels) for row in judged.table} == wanted
    assert all(row.scores.keys() == MEANS.keys() for row in judged.table)
    assert all(row.people == 3 for row in judged.table)
    assert judged.row("model", "hidden-14").minutes == pytest.approx(1.5, abs=0.01)
    assert judged.row("model", "hidden-14").tracker == "a test's own"


def test_scores_are_those_of_the_tracks_made(judged: Card) -> None:
    cheek = judged.row("robust", "cheekSquintLeft").scores
    assert cheek["dynamics"].value == pytest.approx(0.5, abs=0.05)
    assert cheek["r"].value > 0.9
    assert cheek["ratio"].value == pytest.approx(0.5, abs=0.1)
    assert cheek["mae"].low <= cheek["mae"].value <= cheek["mae"].high
    assert judged.row("neutral", "cheekSquintLeft").scores["r"].value == 0.0
    assert judged.row("neutral", "hidden-14").scores["ratio"].value == 1.0
    assert judged.row("model", "browInnerUp").scores["r"].value == pytest.approx(-1.0, abs=0.01)


def test_a_pooled_score_is_the_mean_over_channels_then_people(judged: Card) -> None:
    alone = [judged.row("robust", name).scores["mae"].value for name in HIDDEN_14]
    assert judged.row("robust", "hidden-14").scores["mae"].value == pytest.approx(np.mean(alone))
    ours = [
        row.scores["ratio"]
        for row in judged.people
        if (row.track, row.channels) == ("robust", "hidden-14")
    ]
    assert judged.row("robust", "hidden-14").scores["ratio"].value == pytest.approx(np.mean(ours))
    assert judged.row("robust", "hidden-14").worst_ratio == max(ours)


def test_wins_are_counted_over_people_and_channels(judged: Card) -> None:
    row = judged.row("model", "hidden-14")
    assert row.wins == {"neutral": (3, 3), "rules": (3, 3), "robust": (3, 3)}
    assert row.channel_wins["robust"] == (13, 14)
    assert judged.row("model", "browInnerUp").wins["neutral"] == (0, 3)
    assert judged.row("model", "browInnerUp").made_worse == 3
    assert judged.row("rules", "hidden-14").made_worse == 3


def test_shares_are_stated_for_many_people_only(judged: Card) -> None:
    assert all(row.made_worse_share is None for row in judged.table)
    truth = moving(1, seconds=12.5)
    few = {name: track for name, track in tracks(truth, 1).items() if name in ("neutral", "rules")}
    many = [take(f"p{k}", truth, few) for k in range(20)]
    assert card(many).row("rules", "hidden-14").made_worse_share == 1.0


def test_a_channel_the_model_does_not_earn_ships_the_better_baseline(judged: Card) -> None:
    (shipped,) = judged.ships_baseline
    assert (shipped.track, shipped.channel, shipped.baseline) == ("model", "browInnerUp", "robust")


def test_what_is_sensed_is_told_apart_and_states_no_interval(judged: Card) -> None:
    passing = judged.row("model", "passing")
    assert not passing.hidden
    assert passing.scores["mae"].value == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(passing.scores["coverage"].value)
    assert np.isnan(passing.scores["ratio"].value)
    assert passing.scores["f1_50"].value == 1.0
    assert passing.scores["f1_50_chance"].value < 0.5
    assert 0.0 < judged.row("model", "hidden-14").scores["coverage"].value < 1.0
    assert judged.row("model", "hidden-14").scores["width"].value == pytest.approx(0.2)


def test_hold_is_marked_and_competes_with_nobody(judged: Card) -> None:
    assert judged.row("hold", "hidden-14").uses_truth
    assert not judged.row("model", "hidden-14").uses_truth
    assert "hold" not in judged.row("model", "hidden-14").wins


def test_who_was_seen_in_training_is_kept_out_and_named() -> None:
    takes = [
        replace(each, trained_on=dict(each.trained_on) | {"model": frozenset({"p1"})})
        for each in people()
    ]
    judged = card(takes)
    row = judged.row("model", "hidden-14")
    assert (row.people, row.seen) == (2, ("p1",))
    assert row.wins["robust"] == (2, 2)
    assert judged.row("robust", "hidden-14").people == 3
    assert [p.person for p in judged.people if p.seen and p.channels == "hidden-14"] == ["p1"]
    all_seen = card(
        [
            replace(
                each, trained_on=dict(each.trained_on) | {"model": frozenset({"p0", "p1", "p2"})}
            )
            for each in people()
        ]
    )
    row = all_seen.row("model", "hidden-14")
    assert row.people == 0
    assert np.isnan(row.scores["mae"].value)
    assert all_seen.ships_baseline == ()


def test_the_card_goes_to_json_and_to_a_terminal(judged: Card) -> None:
    text = json.dumps(judged.as_json(), allow_nan=False)
    back = json.loads(text)
    assert back["metrics"]["mae"]
    assert {row["track"] for row in back["table"]} == {
        "neutral",
        "rules",
        "robust",
        "model",
        "hold",
    }
    rows = judged.rows()
    assert {len(row) for row in rows} == {len(Card.COLUMNS)}
    assert len(judged.rows(channels=True)) == len(judged.table) > len(rows)
    assert any("uses truth" in row[2] for row in rows)


def test_the_same_takes_give_the_same_card(judged: Card) -> None:
    assert card(people()).as_json() == judged.as_json()


def test_stated_probabilities_are_judged_by_how_well_they_tell() -> None:
    takes: list[Take] = []
    for each in people(2):
        rng = np.random.default_rng(0)
        happens = under_way(relative(each.truth))
        told = 0.3 * happens + rng.random(happens.shape)
        track = replace(each.tracks["model"], events=told)
        takes.append(replace(each, tracks=dict(each.tracks) | {"model": track}))
    rows = [row for row in card(takes).events if row.track == "model"]
    assert [row.event for row in rows] == list(EVENTS)
    for row in rows:
        assert 0.6 < row.auc.value < 0.85  # .745 for a step of .3 in even noise
        assert 0.0 < row.rate.value < 1.0
        assert row.rate_brier.value <= 0.25
        assert all(0.0 <= each.happened <= 1.0 for each in row.reliability)


def test_where_the_best_baseline_is_better_a_model_is_behind(judged: Card) -> None:
    behind = {(each.channel, each.metric): each for each in judged.behind}
    assert behind["browInnerUp", "mae"].baseline == "robust"
    assert behind["browInnerUp", "r"].best > 0.9 > 0.0 > behind["browInnerUp", "r"].value
    assert ("cheekSquintLeft", "mae") not in behind
    assert {each.track for each in judged.behind} == {"model"}


def test_a_known_delay_of_a_sensor_is_taken_off_take_by_take() -> None:
    late: list[Take] = []
    for each, frames in zip(people(1) * 2, (3, 6), strict=True):
        given = passed(each.truth, relative(each.truth))
        track = as_track(each.truth.time_ns, np.roll(given, frames, axis=0))
        ns = round(frames * NS_PER_S / 30.0)
        names = dict.fromkeys(each.rig.observed, ns)
        late.append(replace(each, tracks=dict(each.tracks) | {"model": track}, delay_ns=names))
    assert card(late).row("model", "passing").scores["f1_50"].value > 0.97
    unknown = [replace(each, delay_ns={}) for each in late]
    assert card(unknown).row("model", "passing").scores["f1_50"].value < 0.2


def test_behaviour_is_judged_where_eyes_are_not_sensed(judged: Card) -> None:
    assert judged.behaviour == ()
    rows = card(people(2, rig="mouth")).behaviour
    (still,) = [r for r in rows if (r.track, r.figure) == ("neutral", "blink_rate_per_min")]
    assert still.people == 2
    assert still.truth > 0.0
    assert still.human_low == 8.0


def test_rigs_are_judged_apart() -> None:
    both = card(people(2) + people(2, rig="mouth"))
    assert {row.rig for row in both.table} == {"mouth+eyes", "mouth"}
    assert both.row("model", "hidden", rig="mouth").people == 2
    assert both.row("model", "eyeBlinkLeft", rig="mouth").hidden
    assert not both.row("model", "eyeBlinkLeft", rig="mouth+eyes").hidden


def test_truth_in_a_track_raises_the_alarm() -> None:
    takes: list[Take] = []
    for each in people(2):
        leaked = as_track(each.truth.time_ns, passed(each.truth, 0.99 * relative(each.truth)))
        takes.append(replace(each, tracks=dict(each.tracks) | {"model": leaked}))
    alarms = card(takes).alarms
    assert any("model" in text and "truth held" in text for text in alarms)
    assert any("model" in text and "finds all" in text for text in alarms)
    assert not any(text.startswith(("rules ", "neutral ", "hold ")) for text in alarms)


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(RecordingError, match="no take"):
        card([])
    takes = people(2)
    with pytest.raises(RecordingError, match="--person"):
        card([replace(takes[0], person="")])
    with pytest.raises(RecordingError, match="no track 'mean'"):
        card(takes, reference="mean")
    fewer = {name: track for name, track in takes[1].tracks.items() if name != "rules"}
    with pytest.raises(RecordingError, match="give every take the same"):
        card([takes[0], replace(takes[1], tracks=fewer)])

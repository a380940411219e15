from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from unvisor.datasets.performance import performance
from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import simulate
from unvisor.headset.errors import RecordingError
from unvisor.headset.names import ARKIT_INDEX, HIDDEN_14, MOUTH_28
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.fit.sheets import fingerprint
from unvisor.reconstruct.judge import folds, replay
from unvisor.reconstruct.judge.card import card
from unvisor.reconstruct.judge.ground_truth import BASELINES
from unvisor.reconstruct.judge.leaks import causality, leaks, poison
from unvisor.reconstruct.models import metadata

from ..faces import sensed

MODELS = BASELINES


@pytest.fixture(scope="module")
def people() -> dict[str, Recording]:
    return {f"take-{seed}": sensed(seed=seed, seconds=30.0) for seed in (1, 2, 3)}


@pytest.mark.parametrize("model", MODELS)
def test_no_reconstructor_leaks(people: dict[str, Recording], model: str) -> None:
    run = partial(replay.reconstruct, model=model, calibration_s=10.0)
    for leak in leaks(run, list(people.values()), calibrated_s=10.0):
        assert leak.passed, f"{leak.name}: {leak.detail}"


@pytest.mark.parametrize("rig", sorted(set(RIGS) - {"mouth+eyes"}))
def test_no_rig_leaks(rig: str) -> None:
    recording = simulate(performance(), RIGS[rig], seed=7)
    run = partial(replay.reconstruct, model="robust", calibration_s=8.0)
    for leak in (poison(run, recording), causality(run, recording, calibrated_s=8.0)):
        assert leak.passed, f"{leak.name}: {leak.detail}"


def test_visible_channels_pass_through_and_the_uncalibrated_face_hides_nothing() -> None:
    recording = sensed()
    truth = recording.truth
    assert truth is not None
    track = replay.reconstruct(recording, "robust", calibration_s=0.0)
    mouth = [ARKIT_INDEX[name] for name in MOUTH_28]
    hidden = [ARKIT_INDEX[name] for name in HIDDEN_14]
    np.testing.assert_allclose(track.arkit[:, mouth], truth.arkit[:, mouth], atol=1e-6)
    assert not track.arkit[:, hidden].any()


def test_a_rig_without_sensors_gives_rest_at_sixty_a_second() -> None:
    track = replay.reconstruct(sensed("none"), "robust", calibration_s=20.0)
    assert not np.nan_to_num(track.arkit).any()
    assert len(track.time_ns) == pytest.approx(40 * 60, abs=5)


def test_the_card_stands_every_model_beside_every_baseline(people: dict[str, Recording]) -> None:
    entries = [replay.Entry(name=name, model=name) for name in MODELS]
    told: list[str] = []
    judged = card(replay.takes(people, entries, calibration_s=10.0, progress=told.append))
    assert {row.track for row in judged.table} == {*MODELS, "hold"}
    assert judged.row("neutral", "hidden-14").people == len(people)
    assert judged.row("neutral", "hidden-14").scores["ratio"].value == pytest.approx(1.0)
    assert len(told) == len(people) * len(MODELS)


def test_people_seen_in_training_are_known_by_their_faces_not_their_names() -> None:
    recording = sensed(seed=1)
    truth = recording.truth
    assert truth is not None
    about = metadata("robust")
    assert about is not None
    entries = [replay.Entry(name="robust", model="robust")]
    assert replay.seen_people({"a": recording}, entries)["robust"] == frozenset(about.people)
    same = sensed(seed=1).truth
    assert same is not None
    assert fingerprint(truth) == fingerprint(same)
    assert fingerprint(truth) not in about.takes


def test_what_cannot_be_judged_is_refused_by_name() -> None:
    entries = [replay.Entry(name="neutral", model="neutral")]
    with pytest.raises(RecordingError, match="x: holds no truth"):
        replay.takes({"x": sensed().without_truth()}, entries)
    with pytest.raises(RecordingError, match="two at least"):
        next(folds.left_out({"x": sensed()}))


def test_leaving_one_out_keeps_people_whole(people: dict[str, Recording]) -> None:
    both = people | {"again-1": sensed(seed=1)}
    for theirs, others in folds.left_out(both):
        assert {r.about.person for r in theirs.values()}.isdisjoint(
            r.about.person for r in others.values()
        )
        assert len(theirs) + len(others) == 4

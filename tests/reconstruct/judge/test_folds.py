from __future__ import annotations

from pathlib import Path

import pytest

from unvisor.datasets.recording import Recording
from unvisor.headset.errors import ModelError, RecordingError
from unvisor.reconstruct.judge import folds, replay
from unvisor.reconstruct.judge.ground_truth import BASELINES
from unvisor.reconstruct.models import SHIPPED

from ..faces import sensed


@pytest.fixture(scope="module")
def people() -> dict[str, Recording]:
    return {f"take-{seed}": sensed(seed=seed, seconds=12.0) for seed in (1, 2)}


def test_nobody_is_judged_by_what_was_fitted_on_them(
    people: dict[str, Recording], tmp_path: Path
) -> None:
    found = list(
        folds.leaving_one_out(people, [], kinds=["robust"], folder=tmp_path, calibration_s=5.0)
    )
    assert [name for fold in found for name in fold.recordings] == list(people)
    for fold in found:
        assert [entry.name for entry in fold.entries] == list(dict.fromkeys([*BASELINES, *SHIPPED]))
        assert {e.model for e in fold.entries}.isdisjoint(SHIPPED)  # nothing that ships judges here
        theirs = {each.about.person for each in fold.recordings.values()}
        seen = replay.seen_people(people, fold.entries)
        assert seen["ridge"] == seen["robust"] == seen["mean"]
        assert seen["robust"] == {each.about.person for each in people.values()} - theirs
        assert not seen["rules"]


def test_a_fixed_split_keeps_people_apart(people: dict[str, Recording], tmp_path: Path) -> None:
    one, other = ({name: each} for name, each in people.items())
    fold = folds.fixed(one, other, [], kinds=[], folder=tmp_path, calibration_s=5.0)
    assert replay.seen_people(people, fold.entries)["robust"] == {"person-2"}
    with pytest.raises(RecordingError, match="person-1: on both sides"):
        folds.fixed(one, people, [], kinds=[], folder=tmp_path, calibration_s=5.0)


def test_a_kind_nobody_knows_is_refused(people: dict[str, Recording], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="genius: no kind of model"):
        next(folds.leaving_one_out(people, [], kinds=["genius"], folder=tmp_path, calibration_s=5))


@pytest.mark.parametrize(
    ("models", "name"),
    [
        (["mine/robust.onnx"], "robust"),
        (["a/net.onnx", "b/net.onnx"], "net"),
        (["hold.onnx"], "hold"),
    ],
)
def test_no_model_is_judged_in_the_place_of_another(
    people: dict[str, Recording], models: list[str], name: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=f"is called {name}: rename"):
        folds.as_shipped(people, models)
    with pytest.raises(ModelError, match=f"is called {name}: rename"):
        next(folds.leaving_one_out(people, models, kinds=[], folder=tmp_path, calibration_s=5.0))

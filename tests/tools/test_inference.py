"""What a verb says of where its model runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unvisor.calibration import profile
from unvisor.calibration.fit import fit
from unvisor.datasets.store import save
from unvisor.reconstruct.models import DEFAULT, model_path
from unvisor.reconstruct.runtime import Model
from unvisor.tools.main import main

from ..reconstruct.faces import sensed


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A take, its wearer, and no settings of whoever runs this."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    recording = sensed(seconds=10.0)
    save(tmp_path / "take.h5", recording.first(0.5))
    profile.save(tmp_path / "p.json", fit(recording.frames()))
    return [str(tmp_path / "take.h5"), "--profile", str(tmp_path / "p.json")]


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr().out


def runs_on(*, gpu: bool) -> str:
    return Model(model_path(DEFAULT), gpu=gpu).runs_on


def test_a_run_says_where_its_model_runs_and_once_that_a_gpu_cannot(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for gpu in (False, True):
        place = runs_on(gpu=gpu)
        given = ["run", "--headless", "--source", *words, *(["--gpu"] if gpu else [])]
        summary = json.loads(told(capsys, *given, "--json").splitlines()[-1])
        assert summary["runs_on"] == place
        assert summary["parts"]["loop"]["note"] == f"the model runs on the {place}"
        assert told(capsys, *given).count("--gpu") == (gpu and place.startswith("CPU"))


def test_reconstruct_says_the_same(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = runs_on(gpu=True)
    given = ["reconstruct", *words, "--gpu", "--out", str(tmp_path / "z.h5")]
    assert json.loads(told(capsys, *given, "--json"))["runs_on"] == place
    (tmp_path / "z.h5").unlink()
    assert told(capsys, *given).count("--gpu") == place.startswith("CPU")


def test_nothing_is_inferred_of_a_wearer_without_a_profile(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["reconstruct", words[0], "--gpu", "--out", str(tmp_path / "z.h5"), "--json"]
    assert "without a profile" in json.loads(told(capsys, *given))["runs_on"]

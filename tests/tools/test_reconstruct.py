"""The offline commands one after the other, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from unvisor.datasets.store import load, load_faces, save
from unvisor.headset.names import ARKIT, UNIFIED
from unvisor.reconstruct.models import SHIPPED
from unvisor.tools.main import main

from ..reconstruct.faces import capture, sensed


def unvisor(*words: object) -> None:
    """Run a command that is to succeed."""
    assert main([str(word) for word in words]) == 0


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Run a command that is to fail in one line; return the line."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 1
    told = capsys.readouterr().err.strip()
    assert told.startswith(f"unvisor {words[0]}: ")
    assert "\n" not in told
    return told


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take.h5"
    save(path, sensed(seconds=26.0, noise="model"))
    return path


def opened(path: Path, mode: str = "r") -> Any:
    return h5py.File(path, mode)  # its stubs do not know what stands where


def strip_truth(path: Path) -> None:
    with opened(path, "a") as file:
        del file["truth"]


def test_faces_are_the_same_with_and_without_truth_and_plain_h5py_reads_them(
    take: Path, tmp_path: Path
) -> None:
    found: list[dict[str, np.ndarray]] = []
    for strip in (False, True):
        if strip:
            strip_truth(take)
        unvisor("calibrate", "--recording", take, "--until-s", 20, "--out", tmp_path / "p.json")
        out = tmp_path / "faces.h5"
        unvisor("reconstruct", take, "--profile", tmp_path / "p.json", "--out", out)
        with opened(out) as file:
            face: Any = file["face"]
            assert list(face["arkit"].attrs["names"]) == list(ARKIT)
            assert list(face["unified"].attrs["names"]) == list(UNIFIED)
            found.append({name: face[name][:] for name in face})
    assert set(found[0]) >= {
        "time_ns", "arkit", "arkit_median", "arkit_low", "arkit_high", "unified", "origin",
    }  # fmt: skip
    count = len(found[0]["time_ns"])
    assert found[0]["arkit"].shape == (count, 52)
    assert found[0]["unified"].shape == found[0]["origin"].shape == (count, 88)
    for name, values in found[0].items():
        np.testing.assert_array_equal(values, found[1][name])


def test_a_model_file_and_a_rate_may_be_named(take: Path, tmp_path: Path) -> None:
    unvisor("calibrate", "--recording", take, "--out", tmp_path / "p.json")
    for model in ("rules", "mean", "neutral", "ridge"):
        out = tmp_path / f"{model}.h5"
        unvisor("reconstruct", take, "--profile", tmp_path / "p.json", "--model", model,
                "--rate-hz", 30, "--out", out)  # fmt: skip
        assert len(load_faces(out).time_ns) == pytest.approx(26 * 30, abs=3)


def test_training_makes_a_model_that_evaluation_judges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths: list[Path] = []
    for seed in (1, 2, 3):
        paths.append(tmp_path / f"take{seed}.h5")
        save(paths[-1], sensed(seed=seed, seconds=30.0))
    model = tmp_path / "mine.onnx"
    unvisor("train", "ridge", *paths[:2], "--calibration-s", 10, "--out", model)
    capsys.readouterr()
    unvisor("evaluate", *paths, "--model", model, "--calibration-s", 10,
            "--json", tmp_path / "card.json")  # fmt: skip
    shown = capsys.readouterr().out
    assert "hidden-14" in shown
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    rows = {row["track"]: row for row in card["table"] if row["channels"] == "hidden-14"}
    assert set(rows) == {"neutral", "mean", "rules", *SHIPPED, "mine", "hold"}
    assert rows["mine"]["people"] == 1  # two of the three were seen in training
    assert sorted(rows["mine"]["seen"]) == ["person-1", "person-2"]
    assert rows["mine"]["scores"]["ratio"]["value"] < 1.0


def test_leaving_one_out_fits_anew_for_everyone(tmp_path: Path) -> None:
    paths: list[Path] = []
    for seed in (1, 2, 3):
        paths.append(tmp_path / f"take{seed}.h5")
        save(paths[-1], sensed(seed=seed, seconds=24.0))
    words = ["evaluate", *paths, "--leave-one-out", "--calibration-s", 10,
             "--json", tmp_path / "card.json"]  # fmt: skip
    code = main([str(word) for word in words])
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert code == bool(card["alarms"])  # people of one law may be guessed too well
    ridge = [r for r in card["table"] if (r["track"], r["channels"]) == ("ridge", "hidden-14")]
    assert ridge[0]["people"] == 3
    assert not ridge[0]["seen"]


def test_what_cannot_be_done_is_told_in_one_line_and_leaves_nothing(
    take: Path, tmp_path: Path, own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "here"
    place.mkdir()
    broken = place / "broken.h5"
    broken.write_bytes(take.read_bytes()[:2000])
    no_model = place / "m.onnx"
    no_model.write_bytes(b"x")
    no_profile = place / "p.json"
    no_profile.write_text("{}", encoding="utf-8")
    silent = place / "silent.h5"
    save(silent, capture(seconds=2.0).without_truth())
    before = sorted(path.name for path in place.iterdir())
    out = place / "out.h5"
    assert "broken.h5" in refused(capsys, "reconstruct", broken, "--out", out)
    assert "none.h5" in refused(capsys, "reconstruct", place / "none.h5", "--out", out)
    assert "m.onnx" in refused(capsys, "reconstruct", take, "--model", no_model, "--out", out)
    assert "p.json" in refused(capsys, "reconstruct", take, "--profile", no_profile, "--out", out)
    assert "genius" in refused(capsys, "reconstruct", take, "--model", "genius", "--out", out)
    assert "nowhere" in refused(capsys, "reconstruct", take, "--out", place / "nowhere" / "z.h5")
    assert "truth" in refused(capsys, "evaluate", silent)
    assert "mouth and eyes" in refused(
        capsys, "train", "ridge", silent, "--out", place / "new.onnx"
    )
    assert "nobody has agreed" in refused(capsys, "calibrate", "--out", place / "new.json")
    assert "--until-s" in refused(
        capsys, "calibrate", "--recording", take, "--until-s", -1, "--out", place / "n.json"
    )
    assert sorted(path.name for path in place.iterdir()) == before
    assert not (own_folders / "unvisor" / "me.json").exists()


def test_too_little_to_calibrate_from_gives_a_poor_profile_not_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "none.h5"
    save(empty, sensed("none", seconds=4.0))
    unvisor("calibrate", "--recording", empty, "--out", tmp_path / "p.json")
    assert "quality 0%" in capsys.readouterr().out
    unvisor("reconstruct", empty, "--profile", tmp_path / "p.json", "--out", tmp_path / "z.h5")
    track = load_faces(tmp_path / "z.h5")
    assert len(track.time_ns)
    assert not np.nan_to_num(track.arkit).any()


def captures(shared: Path) -> list[Path]:
    return sorted((shared / "data" / "live_link_face").rglob("*.csv"))


@pytest.mark.slow
@pytest.mark.shared
def test_every_capture_goes_all_the_way_and_truth_never_matters(
    shared: Path, tmp_path: Path
) -> None:
    paths = captures(shared)
    assert len(paths) >= 16
    for number, path in enumerate(paths):
        imported, take = tmp_path / "x.h5", tmp_path / f"{number:02d}-{path.stem}.h5"
        unvisor("import", "live-link-face", path, "--person", path.parent.name, "--out", imported)
        unvisor("simulate", imported, "--rig", "mouth+eyes", "--seed", number, "--out", take)
        truth = load(imported).truth
        assert truth is not None
        scores: list[float] = []
        for strip in (False, True):
            if strip:
                strip_truth(take)
            unvisor("calibrate", "--recording", take, "--until-s", 20, "--out", tmp_path / "p.json")
            unvisor("reconstruct", take, "--profile", tmp_path / "p.json",
                    "--out", tmp_path / "z.h5")  # fmt: skip
            track = load_faces(tmp_path / "z.h5")
            assert np.isfinite(track.arkit).all()
            assert (track.arkit_low <= track.arkit_median + 1e-6).all()
            assert (track.arkit_high >= track.arkit_median - 1e-6).all()
            at = np.clip(np.searchsorted(track.time_ns, truth.time_ns), 0, len(track.time_ns) - 1)
            scores.append(float(np.abs(track.arkit_median[at] - truth.arkit).mean()))
        assert scores[0] == scores[1]
        assert scores[0] < 0.2

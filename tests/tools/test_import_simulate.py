from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from unvisor.datasets import live_link_face
from unvisor.datasets.performance import performance
from unvisor.datasets.store import load, save
from unvisor.headset.names import ARKIT
from unvisor.headset.permit import Basis
from unvisor.tools.main import main

from ..headset.compositor.avatars.test_gltf_from_ict import kit


@pytest.fixture
def captured(tmp_path: Path) -> Path:
    """A recording with truth."""
    path = tmp_path / "truth.h5"
    save(path, performance())
    return path


def written(path: Path, *times_s: float) -> Path:
    frames = [{"weights": [0.1], "time": time_s} for time_s in times_s]
    path.write_text(json.dumps({"names": ["jawOpen"], "frames": frames}), encoding="utf-8")
    return path


def opened(path: Path) -> Any:
    return h5py.File(path)  # its stubs do not know what stands where


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.shared
def test_import_writes_the_capture_as_truth(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = shared / "data" / "live_link_face" / "alexdjulin" / "csv" / "apfel.csv"
    out = tmp_path / "apfel.h5"
    asked = ["import", "live-link-face", str(take), "--out", str(out), "--person", "apfel"]
    assert main([*asked, "--licence", "MIT", "--json"]) == 0
    counts = told(capsys)
    assert (counts["rows"], counts["omitted"], counts["files"]) == (1891, 35, 1)
    assert counts["rate_hz"] == pytest.approx(30.0, abs=0.1)
    truth = live_link_face.read(take).truth
    with opened(out) as file:
        np.testing.assert_array_equal(file["truth/time_ns"], truth.time_ns)
        np.testing.assert_array_equal(file["truth/arkit"], truth.arkit)
        assert list(file["truth/arkit"].attrs["names"]) == list(ARKIT)
    about = load(out).about
    assert (about.person, about.basis.kind, about.basis.text) == ("apfel", "licence", "MIT")
    assert about.source == "live-link-face: apfel.csv"


def test_several_takes_become_one_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = written(tmp_path / "a.json", 0.0, 0.5), written(tmp_path / "b.json", 9.0, 9.5)
    out = tmp_path / "both.h5"
    assert main(["import", "arkit-json", str(second), str(first), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "4 faces at 2.0 Hz" in said
    assert "kept as they are: 1" in said
    assert "no --person" in said
    assert "no --licence" in said
    assert load(out).about.basis == Basis(kind="licence", text="")
    truth = load(out).truth
    assert truth is not None
    np.testing.assert_array_equal(truth.time_ns, [0, 5e8, 9e9, 95e8])


def test_one_face_has_no_rate_and_that_is_json_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = written(tmp_path / "a.json", 1.0)
    assert main(["import", "arkit-json", str(take), "--out", str(tmp_path / "x.h5"), "--json"]) == 0
    assert told(capsys)["rate_hz"] is None


def test_a_capture_that_cannot_be_read_is_one_line_and_leaves_the_old_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.h5"
    out.write_bytes(b"old")
    bad = written(tmp_path / "a.json", 1.0, 1.0)
    assert main(["import", "arkit-json", str(bad), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "a.json: frame 1: not later" in said
    assert out.read_bytes() == b"old"
    overlapping = [str(written(tmp_path / name, 1.0, 2.0)) for name in ("b.json", "c.json")]
    assert main(["import", "arkit-json", *overlapping, "--out", str(out)]) == 1
    assert "c.json: covers the same time as b.json" in capsys.readouterr().err


@pytest.mark.parametrize("noise", ["none", "model"])
def test_simulate_adds_the_rigs_streams(
    captured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], noise: str
) -> None:
    out = tmp_path / "seen.h5"
    asked = ["simulate", str(captured), "--rig", "mouth+eyes", "--out", str(out)]
    assert main([*asked, "--noise", noise, "--seed", "4", "--json"]) == 0
    counts = told(capsys)
    assert set(counts["samples"]) == {"mouth", "eyes"}
    with opened(out) as file:
        for name, kind in (("mouth", "face"), ("eyes", "eyes")):
            group = file[f"sensors/{name}"]
            assert group.attrs["kind"] == kind
            assert group["time_ns"].shape == (counts["samples"][name],)
            if noise == "none":
                np.testing.assert_array_equal(group["time_ns"], file["truth/time_ns"])
    stored = load(out)
    assert stored.about.rig == "mouth+eyes"
    assert json.loads(stored.about.notes["simulation"])["seed"] == 4


def test_the_same_seed_gives_the_same_streams(captured: Path, tmp_path: Path) -> None:
    for name in ("one.h5", "two.h5"):
        assert (
            main(["simulate", str(captured), "--rig", "eyes", "--out", str(tmp_path / name)]) == 0
        )
    with opened(tmp_path / "one.h5") as one, opened(tmp_path / "two.h5") as two:
        for column in ("time_ns", "received_ns", "gaze", "openness", "confidence"):
            np.testing.assert_array_equal(
                one[f"sensors/eyes/{column}"], two[f"sensors/eyes/{column}"]
            )


@pytest.mark.parametrize("rig", ["audio", "mouth+audio", "mouth+eyes+audio"])
def test_a_rig_that_hears_is_refused_where_there_is_no_sound(
    captured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rig: str
) -> None:
    out = tmp_path / "heard.h5"
    assert main(["simulate", str(captured), "--rig", rig, "--out", str(out)]) == 1
    assert f"holds no sound, which the rig {rig} senses" in capsys.readouterr().err
    assert not out.exists()


def test_a_recording_without_truth_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare.h5"
    save(bare, performance().without_truth())
    asked = ["simulate", str(bare), "--rig", "mouth", "--out", str(tmp_path / "x.h5")]
    assert main(asked) == 1
    assert "has no truth to simulate from: import" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [["--rig", "nose"], ["--rig", "mouth", "--seed", "-1"], ["--rig", "mouth", "--noise", "x"]],
)
def test_options_that_mean_nothing_are_refused(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["simulate", "a.h5", *wrong, "--out", str(tmp_path / "x.h5")])
    assert refused.value.code == 2


def test_a_head_becomes_an_avatar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kit(tmp_path / "FaceXModel")
    out = tmp_path / "head.glb"
    asked = ["import", "ict-facekit", str(tmp_path), "--out"]
    assert main([*asked, str(out), "--json"]) == 0
    assert told(capsys) == {"out": str(out), "vertices": 144, "shapes": 4}
    assert main([*asked, str(out)]) == 0
    assert "no shape for 48 of ARKit's 52" in capsys.readouterr().out
    assert main([*asked, str(tmp_path / "head.h5")]) == 1
    assert "head.h5: an avatar is a .glb: name one for --out" in capsys.readouterr().err
    assert main([*asked, str(out), "--person", "me"]) == 1
    assert "leave out --person" in capsys.readouterr().err
    for place, says in ((out, "a file, not a folder"), (tmp_path / "none", "no such folder")):
        assert main(["import", "ict-facekit", str(place), "--out", str(out)]) == 1
        assert f"{place}: {says}: name the one" in capsys.readouterr().err


def test_a_demo_of_a_file_that_is_no_avatar_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "me.vrm").write_text("not one")
    asked = ["demo", "--out", str(tmp_path / "demo"), "--avatar", str(tmp_path / "me.vrm")]
    assert main(asked) == 1
    assert "me.vrm" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()

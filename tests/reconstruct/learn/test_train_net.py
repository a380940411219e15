from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from PIL import Image

from unvisor.calibration.fit import fit
from unvisor.datasets.recording import Recording
from unvisor.datasets.store import load, save
from unvisor.datasets.streams import FaceTrack
from unvisor.headset.errors import ModelError
from unvisor.headset.names import ARKIT_MIRROR
from unvisor.reconstruct.judge.leaks import causality, poison
from unvisor.reconstruct.learn import checkpoint
from unvisor.reconstruct.learn.checkpoint import Epoch
from unvisor.reconstruct.learn.judging import GAINS, Judgement
from unvisor.reconstruct.learn.options import Options
from unvisor.reconstruct.learn.shards import read_shard
from unvisor.reconstruct.learn.standing import fit_standing
from unvisor.reconstruct.learn.train_net import CHECKPOINT, train_net, training_folder
from unvisor.reconstruct.models import reconstructor
from unvisor.reconstruct.offline import track
from unvisor.reconstruct.runtime import Model

from ..faces import sensed

torch.set_num_threads(1)  # a second gains nothing on eight units, and spins
CALIBRATED_S = 8.0
OPTIONS = Options(
    epochs=3, patience=8, units=8, batch_windows=5, calibration_s=CALIBRATED_S,
    held_out=("person-3",), seed=4,
)  # fmt: skip
WORDS = "--epochs 3 --units 8 --batch 5 --calibration-s 8 --held-out person-3 --seed 4".split()


class CutOffError(Exception):
    """The power is gone."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("net")
    for seed in (1, 2, 3):
        save(folder / f"p{seed}.h5", sensed(seed=seed, seconds=12.0))
    return folder


@pytest.fixture(scope="module")
def recordings(place: Path) -> list[Path]:
    return [place / f"p{seed}.h5" for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def trained(place: Path, recordings: list[Path]) -> Path:
    """A model of the command line's, made by two processes, and its folder beside it.

    It is the one export of this module: the others are cut off before theirs.
    """
    out = place / "net.onnx"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "unvisor.tools.main", "train", "net", "--debug",
               *map(str, recordings), "--out", str(out), *WORDS]  # fmt: skip
    ranks = [
        subprocess.Popen(
            command,
            env=os.environ
            | {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
            | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    said = [rank.communicate(timeout=200) for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], said
    assert [bool(words) for words, _ in said] == [True, False]  # one speaks for both
    return out


def cut_off(recordings: list[Path], out: Path, after: int, *, resume: bool = False) -> list[int]:
    """Train until an epoch's checkpoint is written, and no further; return the epochs told."""
    told: list[int] = []

    def progress(line: Epoch) -> None:
        told.append(line.epoch)
        if line.epoch == after:
            raise CutOffError

    with pytest.raises(CutOffError):
        train_net(recordings, out, OPTIONS, resume=resume, progress=progress)
    assert not out.exists()
    return told


@pytest.fixture(scope="module")
def alone(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one process took every step of the same run."""
    out = tmp_path_factory.mktemp("alone") / "net.onnx"
    assert cut_off(recordings, out, OPTIONS.epochs) == [0, 1, 2, 3]
    return out


def curve_of(out: Path) -> list[list[float]]:
    with (training_folder(out) / "curve.csv").open(encoding="utf-8") as file:
        return [[float(cell or "nan") for cell in row] for row in list(csv.reader(file))[1:]]


def test_training_shows_its_curve(trained: Path) -> None:
    curve = curve_of(trained)
    assert [row[0] for row in curve] == [0, 1, 2, 3]
    assert all(0.0 < row[1] < 1.0 for row in curve[1:])
    assert curve[0][1] != curve[0][1]  # before any training there is no loss
    assert min(row[2] for row in curve) == min(row[2] for row in curve if row[3])
    image = Image.open(training_folder(trained) / "curve.png")
    colours = image.convert("RGB").getcolors(1 << 16)
    assert colours is not None
    assert len(colours) > 3


def test_what_one_closed_form_cannot_know_is_learnt(recordings: list[Path], tmp_path: Path) -> None:
    """The same windows again and again: the loss falls."""
    options = msgspec.structs.replace(
        OPTIONS, epochs=6, patience=20, augment=False, learning_rate=2e-2
    )
    losses: list[float | None] = []

    def told(line: Epoch) -> None:
        losses.append(line.loss)
        if line.epoch == 6:
            raise CutOffError

    with pytest.raises(CutOffError):
        train_net(recordings, tmp_path / "net.onnx", options, progress=told)
    assert losses[-1] is not None
    assert losses[1] is not None
    assert losses[-1] < 0.9 * losses[1]


def test_the_file_says_whom_it_has_seen(trained: Path) -> None:
    metadata = Model(trained).metadata
    assert metadata.kind == "net"
    assert metadata.people == ["person-1", "person-2", "person-3"]  # who decides has been seen too
    assert len(metadata.takes) == 3
    assert "a test's own" in metadata.licence
    assert "--held-out person-3" in metadata.made_by
    assert "--calibration-s 8" in metadata.made_by
    assert "/" not in metadata.made_by


def test_it_runs_like_any_model_and_does_not_leak(trained: Path, recordings: list[Path]) -> None:
    def run(recording: Recording) -> FaceTrack:
        profile = fit(recording.first(CALIBRATED_S).frames())
        return track(recording.frames(), reconstructor(str(trained), profile))

    recording = load(recordings[2])
    assert poison(run, recording).passed
    assert causality(run, recording, calibrated_s=CALIBRATED_S).passed
    assert np.isfinite(run(recording).arkit).all()


def test_both_sides_get_the_same_gain() -> None:
    gains = Judgement(
        error=np.random.default_rng(0).random((len(GAINS), 4, 2, 52)), rest=np.ones((4, 2, 52))
    ).gains()
    np.testing.assert_array_equal(gains, gains[:, list(ARKIT_MIRROR)])
    assert len(np.unique(gains)) > 2


def test_it_stands_on_everybody_once_training_is_over(
    trained: Path, recordings: list[Path]
) -> None:
    folder = training_folder(trained)
    shards = [read_shard(path, folder, calibration_s=CALIBRATED_S) for path in recordings]
    everybody = fit_standing(shards, folder)
    kept = [
        numpy_helper.to_array(tensor)
        for tensor in onnx.load_model_from_string(trained.read_bytes()).graph.initializer
        if len(tensor.dims) == 3
    ]
    mirror = list(ARKIT_MIRROR)
    even = (everybody.weight + everybody.weight[:, mirror][:, :, mirror]) / 2
    np.testing.assert_allclose(kept[0].reshape(even.shape), even, atol=1e-6)
    learnt_alone = checkpoint.read(folder / CHECKPOINT).under("closed")["weight"]
    assert np.abs(learnt_alone - everybody.weight).max() > 1e-3


def test_a_run_that_was_cut_off_goes_on_bit_for_bit(
    alone: Path, recordings: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "net.onnx"
    cut_off(recordings, out, 1)
    assert len(curve_of(out)) == 2
    assert cut_off(recordings, out, OPTIONS.epochs, resume=True) == [2, 3]
    whole, resumed = (checkpoint.read(training_folder(p) / CHECKPOINT) for p in (alone, out))
    assert whole.header == resumed.header
    assert whole.arrays.keys() == resumed.arrays.keys()
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(resumed.arrays[name], array, err_msg=name)


def test_two_processes_learn_what_one_does(trained: Path, alone: Path) -> None:
    np.testing.assert_allclose(curve_of(trained), curve_of(alone), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (Options(held_out=("nobody",), calibration_s=CALIBRATED_S), "nobody of that name"),
        (
            Options(held_out=("person-1", "person-2", "person-3"), calibration_s=CALIBRATED_S),
            "nobody is left",
        ),
    ],
)
def test_a_split_that_cannot_be_is_refused(
    options: Options, says: str, recordings: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=says):
        train_net(recordings, tmp_path / "net.onnx", options)


def test_one_person_alone_is_refused(recordings: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="one person alone"):
        train_net(recordings[:1], tmp_path / "net.onnx", OPTIONS)


def test_another_runs_checkpoint_is_refused(trained: Path, recordings: list[Path]) -> None:
    other = msgspec.structs.replace(OPTIONS, seed=5)
    with pytest.raises(ModelError, match=r"other options \(seed 4\)"):
        train_net(recordings, trained, other, resume=True)
    with pytest.raises(ModelError, match="other recordings"):
        train_net(recordings[::-1], trained, OPTIONS, resume=True)


@pytest.mark.parametrize("word", ["last", "best", "mean", "square", "closed"])
def test_a_checkpoint_of_other_numbers_is_refused(
    word: str, alone: Path, recordings: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "net.onnx"
    shutil.copytree(training_folder(alone), training_folder(out))
    place = training_folder(out) / CHECKPOINT
    found = checkpoint.read(place)
    name = max(name for name in found.arrays if name.startswith(f"{word}/"))
    checkpoint.save(place, replace(found, arrays=found.arrays | {name: found.arrays[name][:-1]}))
    with pytest.raises(ModelError, match=f"{name.partition('/')[2]} is not as in this"):
        train_net(recordings, out, OPTIONS, resume=True)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04]."])
def test_a_damaged_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINT
    path.write_bytes(content)
    with pytest.raises(ModelError, match="without --resume"):
        checkpoint.read(path)


def test_a_gpu_that_is_not_there_is_refused(recordings: list[Path], tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("elsewhere: there is a GPU")
    with pytest.raises(ModelError, match="0 GPUs here"):
        train_net(recordings, tmp_path / "net.onnx", OPTIONS, device="cuda")

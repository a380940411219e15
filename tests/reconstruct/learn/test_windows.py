from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from unvisor.datasets.recording import Recording
from unvisor.datasets.store import save
from unvisor.headset.errors import ModelError, RecordingError
from unvisor.headset.frame import EVENTS
from unvisor.headset.names import ARKIT_INDEX, MOUTH_28
from unvisor.reconstruct.fit.sheets import sheet
from unvisor.reconstruct.learn.augment import at_pace, vary
from unvisor.reconstruct.learn.options import Options
from unvisor.reconstruct.learn.shards import FACE, WIDTH, Shard, prepare, read_shard, rows_of
from unvisor.reconstruct.learn.windows import Loader, cut, shuffled

from ..faces import sensed

CALIBRATED_S = 5.0
OPTIONS = Options(window_rows=20, lead_rows=7, batch_windows=6, calibration_s=CALIBRATED_S)
MOUTH = [ARKIT_INDEX[name] for name in MOUTH_28]


def shard_of(recording: Recording, folder: Path, name: str = "take") -> Shard:
    path = folder / f"{name}.h5"
    save(path, recording)
    prepare(path, folder, calibration_s=CALIBRATED_S)
    return read_shard(path, folder, calibration_s=CALIBRATED_S)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shards")


@pytest.fixture(scope="module")
def shards(place: Path) -> list[Shard]:
    return [shard_of(sensed(seed=s, seconds=9.0 + s), place, f"take-{s}") for s in (1, 2)]


def test_rows_are_those_that_closed_forms_are_fitted_on(place: Path, shards: list[Shard]) -> None:
    rows = np.array(rows_of(shards[0], place), dtype=np.float64)
    rows = rows[np.isfinite(rows[:, 3 * FACE])]
    expected = sheet(sensed(seed=1, seconds=10.0), calibration_s=CALIBRATED_S)
    np.testing.assert_allclose(rows[:, :FACE], expected.observed, atol=1e-6)
    np.testing.assert_allclose(rows[:, 3 * FACE : 4 * FACE], expected.truth, atol=1e-6)


def test_rows_are_mapped_and_not_read_whole(place: Path, shards: list[Shard]) -> None:
    assert isinstance(rows_of(shards[0], place), np.memmap)


def test_truth_that_is_not_known_is_no_number(tmp_path: Path) -> None:
    recording = sensed(seconds=12.0)
    truth = recording.truth
    assert truth is not None
    arkit = truth.arkit.copy()
    puff, brow = ARKIT_INDEX["cheekPuff"], ARKIT_INDEX["browInnerUp"]
    arkit[:, [puff, brow]] = np.nan
    partly = Recording(
        about=recording.about,
        streams=recording.streams,
        truth=replace(truth, arkit=arkit),
        span_ns=recording.span_ns,
    )
    rows = rows_of(shard_of(partly, tmp_path), tmp_path)
    assert np.isnan(rows[:, 3 * FACE + puff]).all()
    assert np.isfinite(rows[:, 3 * FACE + puff + 1]).any()
    raised, blinked = (rows[:, 4 * FACE + EVENTS.index(event)] for event in ("brow_raise", "blink"))
    assert not (raised == 0).any()  # nobody knows that the brow stayed down
    assert (blinked == 0).any()


def test_a_shard_is_made_once_and_anew_for_other_bytes(tmp_path: Path) -> None:
    first = shard_of(sensed(seconds=10.0), tmp_path)
    made_ns = (tmp_path / f"{first.key}.npy").stat().st_mtime_ns
    prepare(tmp_path / "take.h5", tmp_path, calibration_s=CALIBRATED_S)
    assert (tmp_path / f"{first.key}.npy").stat().st_mtime_ns == made_ns
    assert shard_of(sensed(seed=2, seconds=10.0), tmp_path).key != first.key


def test_what_cannot_teach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no truth"):
        shard_of(sensed(seconds=10.0).without_truth(), tmp_path)
    with pytest.raises(RecordingError, match="after the 5 s"):
        shard_of(sensed(seconds=4.0), tmp_path, "short")


def test_a_damaged_shard_is_refused(tmp_path: Path) -> None:
    shard = shard_of(sensed(seconds=10.0), tmp_path)
    np.save(tmp_path / f"{shard.key}.npy", np.zeros((3, WIDTH)))
    with pytest.raises(ModelError, match="other rows"):
        rows_of(shard, tmp_path)
    known = tmp_path / f"{shard.key}.json"
    known.write_text(json.dumps({"key": shard.key}))
    with pytest.raises(ModelError, match="train again"):
        read_shard(tmp_path / "take.h5", tmp_path, calibration_s=CALIBRATED_S)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_every_row_is_learnt_from_once_an_epoch(
    ranks: int, place: Path, shards: list[Shard]
) -> None:
    loader = Loader(shards, place, OPTIONS)
    windows = cut(shards, OPTIONS)
    order = shuffled(len(windows), OPTIONS, epoch=1)
    assert order != shuffled(len(windows), OPTIONS, epoch=2)
    seen: Counter[tuple[int, bytes]] = Counter()
    steps: set[int] = set()
    for rank in range(ranks):
        batches = list(loader.batches(windows, order, rank=rank, ranks=ranks))
        steps.add(len(batches))
        for batch in batches:
            if batch is None:
                continue
            for rows, judged, shard in zip(batch.rows, batch.judged, batch.shard, strict=True):
                seen.update((int(shard), row.tobytes()) for row in rows[judged])
    expected: Counter[tuple[int, bytes]] = Counter()
    for index, shard in enumerate(shards):
        expected.update((index, np.array(row).tobytes()) for row in rows_of(shard, place))
    assert seen == expected
    assert len(steps) == 1  # ranks take the same number of steps, or they would wait for ever


def test_a_window_is_varied_alike_whichever_rank_takes_it(place: Path, shards: list[Shard]) -> None:
    loader = Loader(shards, place, OPTIONS)
    windows = cut(shards, OPTIONS)
    order = list(range(len(windows)))
    alone = next(loader.batches(windows, order, rank=0, ranks=1, epoch=3))
    second = next(loader.batches(windows, order, rank=1, ranks=2, epoch=3))
    assert alone is not None
    assert second is not None
    longest = second.rows.shape[1]
    np.testing.assert_array_equal(second.rows[0], alone.rows[1, :longest])
    plain = next(loader.batches(windows, order, rank=0, ranks=1))
    assert plain is not None
    assert plain.rows.shape != alone.rows.shape or (plain.rows != alone.rows).any()


def test_windows_do_not_cross_a_hole(shards: list[Shard]) -> None:
    holed = msgspec.structs.replace(shards[0], segments=((0, 90), (90, shards[0].rows)))
    for window in cut([holed], OPTIONS):
        assert (window.lead >= 90) == (window.first >= 90) == (window.end > 90)


def test_at_pace_reads_between_rows_and_past_none_that_is_missing() -> None:
    rows = np.zeros((5, WIDTH), dtype=np.float32)
    rows[:, 0] = [0, 1, 2, 3, 4]
    rows[:, FACE] = 1
    rows[3, FACE] = 0
    half = at_pace(rows, 0.5)
    assert half[:, FACE].tolist() == [1, 1, 1, 1, 1, 0, 0, 0, 1]
    assert half[:, 0].tolist() == [0, 0.5, 1, 1.5, 2, 0, 0, 0, 4]
    assert at_pace(rows, 2.0)[:, 0].tolist() == [0, 2, 4]
    rows[1, 3 * FACE] = np.nan
    assert np.isnan(at_pace(rows, 0.5)[:, 3 * FACE]).tolist() == [False] + [True] * 3 + [False] * 5


def test_variations_lose_sensors_whole_and_leave_truth_alone(
    place: Path, shards: list[Shard]
) -> None:
    rows = np.array(rows_of(shards[0], place)[:90])
    before = rows.copy()
    lost = 0
    for seed in range(60):
        varied, pace = vary(rows, 30.0, np.random.default_rng(seed))
        mask = varied[:, FACE : 2 * FACE]
        # A sensor is there whole or not at all, and what is missing is 0 in every column.
        assert (mask[:, MOUTH].min(axis=1) == mask[:, MOUTH].max(axis=1)).all()
        assert not varied[:, :FACE][mask == 0].any()
        lost += not mask[:, MOUTH].any()
        truth = at_pace(rows, pace)[:, 3 * FACE :]
        np.testing.assert_array_equal(varied[:, 3 * FACE :], truth)
    assert 6 <= lost <= 32  # .3 of 60, and the few bursts that cover a window
    np.testing.assert_array_equal(rows, before)

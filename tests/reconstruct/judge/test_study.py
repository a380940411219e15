from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unvisor.datasets.recording import Recording
from unvisor.headset.errors import OutputError
from unvisor.headset.rig import RIGS
from unvisor.reconstruct import folds
from unvisor.reconstruct.card_plots import draw
from unvisor.reconstruct.models import DEFAULT
from unvisor.reconstruct.parts import ONE_WIDTH, REST_NOT_KNOWN, SENT_AS_GUESSED
from unvisor.reconstruct.study import EXPLAINS, Study, steps, study

from .faces import sensed

TOLD: list[str] = []


@pytest.fixture(scope="module")
def people() -> dict[str, Recording]:
    """Two takes of one person, just long enough for every calibration but that of a minute."""
    return {"take-1": sensed(seed=1, seconds=21.5), "again": sensed(seed=1, seconds=21.2)}


@pytest.fixture(scope="module")
def found(people: dict[str, Recording]) -> Study:
    fold = folds.as_shipped(people, [])
    return study([fold], [RIGS["mouth"]], calibration_s=10.0, full=True, progress=TOLD.append)


def test_everything_is_there_and_explained(found: Study, people: dict[str, Recording]) -> None:
    content = json.loads(json.dumps(found.as_json(), allow_nan=False))
    described = set(EXPLAINS) - {"leaks"} | {"explains", "reference", "seed"}
    assert set(content) == described
    assert list(dict.fromkeys(row["rig"] for row in content["table"])) == ["mouth"]
    assert len(TOLD) == steps([folds.as_shipped(people, [])], 1, full=True)
    assert len(found.calibration_lengths) == 1  # no take is long enough for 60 s
    assert [(loss.rig, loss.source) for loss in found.sensor_lost] == [("mouth", "mouth")] * 2
    assert [each.name for each in found.ahead] == list(people)
    assert found.cost[0].file_bytes > 1000
    assert found.cost[0].parameters


def test_a_masked_rig_is_judged_as_if_it_had_been_simulated(found: Study) -> None:
    lengths_s = {"take-1": 21.5, "again": 21.2}
    takes = {name: sensed("mouth", seed=1, seconds=length) for name, length in lengths_s.items()}
    alone = study([folds.as_shipped(takes, [])], [None], calibration_s=10.0)
    for track in (DEFAULT, "robust", "rules", "hold"):
        for channels in ("hidden-14", "hidden", "cheekPuff"):
            ours = found.card.row(track, channels, rig="mouth")
            assert repr(ours) == repr(alone.card.row(track, channels))  # NaN is its own equal


def test_each_part_is_worth_what_it_is_there_for(found: Study) -> None:
    judged = found.parts_removed[0]
    rows = {
        row.track.removeprefix(f"{DEFAULT}: "): row.scores
        for row in judged.table
        if row.channels == "hidden-14"
    }
    whole, guessed = rows[DEFAULT], rows[SENT_AS_GUESSED]
    assert guessed["dynamics"].value < whole["dynamics"].value
    assert guessed["mae"].value == whole["mae"].value
    assert guessed["coverage"].value == whole["coverage"].value
    flat = rows[ONE_WIDTH]
    assert flat["width"].value == pytest.approx(whole["width"].value, abs=1e-6)
    assert whole["risk_50"].value < flat["risk_50"].value
    assert flat["r"].value == whole["r"].value
    assert rows[REST_NOT_KNOWN]["mae"].value > whole["mae"].value  # these faces' rest is not zero


def test_the_ceiling_knows_the_person_and_no_competitor_does(found: Study) -> None:
    ceiling = found.ceilings[0].row("own other take", "coupled-9")
    assert ceiling.people == 1
    assert ceiling.scores["ratio"].value < 1.0
    assert all(row.track != "own other take" for row in found.card.table)


def test_life_blinks_where_nothing_senses_the_lids(found: Study) -> None:
    (rate,) = [row for row in found.behaviour_alive if row.figure == "blink_rate_per_min"]
    assert rate.track == f"{DEFAULT}, alive"
    assert rate.value > 2.0
    (still,) = [
        row
        for row in found.card.behaviour
        if (row.track, row.figure) == (DEFAULT, "blink_rate_per_min")
    ]
    assert still.value == 0.0


def test_a_page_is_drawn_for_each_rig(found: Study, tmp_path: Path) -> None:
    (page,) = draw(found, tmp_path / "pages")
    assert page.name == "rig-mouth.png"
    picture = np.asarray(Image.open(page)).astype(float)
    assert picture.shape[1:] == (1600, 3)
    assert all(half.std() > 5 for half in np.array_split(picture, 2, axis=1))
    assert draw(found, tmp_path / "pages") == [page]  # again, in its place
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        draw(found, tmp_path / "file" / "pages")

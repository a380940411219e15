from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unvisor.datasets.recording import Recording
from unvisor.datasets.simulate import simulate
from unvisor.datasets.streams import About
from unvisor.headset.errors import OutputError
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.judge import folds
from unvisor.reconstruct.judge.ablations import ONE_WIDTH, REST_NOT_KNOWN, SENT_AS_GUESSED
from unvisor.reconstruct.judge.card_plots import draw
from unvisor.reconstruct.judge.report import EXPLAINS, Report
from unvisor.reconstruct.judge.study import simulated_noise, steps, study
from unvisor.reconstruct.models import DEFAULT

from ..faces import capture

TOLD: list[str] = []
LENGTHS_S = {"take-1": 21.5, "again": 21.2}
"""Just long enough for every calibration but that of a minute."""


def worn(rig: str) -> dict[str, Recording]:
    """Two takes of one person, at a frame rate that is quickly judged."""
    return {
        name: simulate(
            capture(seed=1, seconds=length, rate_hz=15.0), RIGS[rig], seed=1, noise="none"
        )
        for name, length in LENGTHS_S.items()
    }


def folded(recordings: dict[str, Recording]) -> folds.Fold:
    """The default and what it is compared with here."""
    whole = folds.as_shipped(recordings, [])
    kept = ("neutral", "rules", "robust", DEFAULT)
    return replace(whole, entries=tuple(each for each in whole.entries if each.name in kept))


@pytest.fixture(scope="module")
def people() -> dict[str, Recording]:
    return worn("mouth+eyes")


@pytest.fixture(scope="module")
def found(people: dict[str, Recording]) -> Report:
    return study(
        [folded(people)], [RIGS["mouth"]], calibration_s=10.0, full=True, progress=TOLD.append
    )


def test_everything_is_there_and_explained(found: Report, people: dict[str, Recording]) -> None:
    content = json.loads(json.dumps(found.as_json(), allow_nan=False))
    described = set(EXPLAINS) - {"leaks"} | {"explains", "reference", "seed"}
    assert set(content) == described
    assert list(dict.fromkeys(row["rig"] for row in content["table"])) == ["mouth"]
    assert len(TOLD) == steps([folded(people)], 1, full=True)
    assert len(found.calibration_lengths) == 1  # no take is long enough for 60 s
    assert [(loss.rig, loss.source) for loss in found.sensor_lost] == [("mouth", "mouth")] * 2
    assert [each.name for each in found.ahead] == list(people)
    assert [(take.name, take.noise) for take in found.takes] == [(n, "none") for n in people]
    assert found.cost[0].file_bytes > 1000
    assert found.cost[0].parameters


def test_a_masked_rig_is_judged_as_if_it_had_been_simulated(found: Report) -> None:
    alone = study([folded(worn("mouth"))], [None], calibration_s=10.0)
    for track in (DEFAULT, "robust", "rules", "hold"):
        for channels in ("hidden-14", "hidden", "cheekPuff"):
            ours = found.card.row(track, channels, rig="mouth")
            assert repr(ours) == repr(alone.card.row(track, channels))  # NaN is its own equal


def test_each_part_is_worth_what_it_is_there_for(found: Report) -> None:
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


def test_the_ceiling_knows_the_person_and_no_competitor_does(found: Report) -> None:
    ceiling = found.ceilings[0].row("own other take", "coupled-9")
    assert ceiling.people == 1
    assert ceiling.scores["ratio"].value < 1.0
    assert all(row.track != "own other take" for row in found.card.table)


def test_life_blinks_where_nothing_senses_the_lids(found: Report) -> None:
    (rate,) = [row for row in found.behaviour_alive if row.figure == "blink_rate_per_min"]
    assert rate.track == f"{DEFAULT}, alive"
    assert rate.value > 2.0
    (still,) = [
        row
        for row in found.card.behaviour
        if (row.track, row.figure) == (DEFAULT, "blink_rate_per_min")
    ]
    assert still.value == 0.0


def test_goals_say_what_was_measured_and_who_can_tell(
    found: Report, people: dict[str, Recording]
) -> None:
    rows = {row.goal: row for row in found.goals if row.rig == "mouth"}
    error, judged = rows["hidden-14 error ÷ rest's"], found.card.row(DEFAULT, "hidden-14")
    assert error.measured == judged.scores["ratio"].value
    assert (error.wanted, error.people) == ("at most 0.87", 1)
    assert error.outcome == ("met" if error.measured <= 0.87 else "missed")
    lost = rows["one sensor lost: error ÷ smaller rig's"]
    assert lost.measured == pytest.approx(np.mean([each.ratio for each in found.sensor_lost]))
    assert rows["90 % interval, hidden-14, pooled"].outcome == "cannot be told here"
    anywhere = {row.goal: row for row in found.goals if not row.rig}
    assert anywhere["frame to face, hot, p50 ms"].measured == found.cost[0].p50_ms
    assert "eyes" in anywhere["brows that an eye camera sees, r"].why


def test_what_needs_all_says_so(people: dict[str, Recording]) -> None:
    first = {"take-1": people["take-1"]}
    brief = study([folded(first)], [RIGS["mouth+eyes"]], calibration_s=10.0)
    needing = {row.goal for row in brief.goals if row.why == "needs --full"}
    assert {"error after 20 s ÷ uncalibrated", "30 ms ahead: error ÷ held, exact streams"} < needing
    assert "frame to face, hot, p50 ms" in needing
    assert "hidden-14 error ÷ rest's" not in needing


@pytest.mark.parametrize(
    ("note", "noise"),
    [
        ('{"noise": "model"}', "model"),
        ("[1]", "not stated"),
        ("{", "not stated"),
        ("{}", "not stated"),
    ],
)
def test_the_noise_is_what_the_simulator_wrote(note: str, noise: str) -> None:
    assert simulated_noise(About(notes={"simulation": note})) == noise
    assert simulated_noise(About()) == "not stated"


def test_a_page_is_drawn_for_each_rig(found: Report, tmp_path: Path) -> None:
    (page,) = draw(found, tmp_path / "pages")
    assert page.name == "rig-mouth.png"
    picture = np.asarray(Image.open(page)).astype(float)
    assert picture.shape[1:] == (1600, 3)
    assert all(half.std() > 5 for half in np.array_split(picture, 2, axis=1))
    assert draw(found, tmp_path / "pages") == [page]  # again, in its place
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        draw(found, tmp_path / "file" / "pages")

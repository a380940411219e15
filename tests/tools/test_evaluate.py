"""`unvisor evaluate` as a person types it; what it finds is tested where it is found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from unvisor.datasets.store import save
from unvisor.tools.main import main

from ..reconstruct.faces import sensed


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("takes")
    paths = [folder / f"take-{seed}.h5" for seed in (1, 2)]
    for seed, path in enumerate(paths, 1):
        save(path, sensed(seed=seed, seconds=11.0))
    return paths


def evaluate(*words: object) -> int:
    return main(["evaluate", *map(str, words)])


def test_every_rig_that_can_be_made_is_judged_and_drawn(
    takes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, pages = tmp_path / "card.json", tmp_path / "pages"
    words = ("--all-rigs", "--calibration-s", 5, "--plots", pages, "--json", out)
    assert evaluate(takes[0], *words) == 0
    shown = capsys.readouterr()
    assert "rig audio: left out: 1 of 1 hold no sound" in " ".join(shown.err.split())
    card = json.loads(out.read_text(encoding="utf-8"))
    assert list(dict.fromkeys(row["rig"] for row in card["table"])) == [
        "mouth",
        "mouth+eyes",
        "none",
    ]
    assert [each.name for each in sorted(pages.iterdir())] == [
        "rig-mouth-eyes.png", "rig-mouth.png", "rig-none.png",
    ]  # fmt: skip


def test_leaks_are_looked_for_under_the_rig_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take, out = tmp_path / "take.h5", tmp_path / "card.json"
    save(take, sensed(seed=1, seconds=4.5))
    assert evaluate(take, "--rig", "mouth", "--calibration-s", 3, "--leaks", "--json", out) == 0
    leaks = json.loads(out.read_text(encoding="utf-8"))["leaks"]
    mine = {leak["name"] for leak in leaks if leak["name"].startswith("robust")}
    assert mine == {f"robust, mouth: {test}" for test in ("poison", "causality", "too good")}
    shown = " ".join(capsys.readouterr().out.split())
    assert "passed: robust, mouth: poison, causality, too good" in shown
    assert "goals (FIDELITY)" in shown
    assert "cannot be told here (needs --full)" in shown


def test_a_fixed_split_and_one_rig(takes: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "card.json"
    words = ("--fit-on", takes[1], "--rig", "mouth", "--calibration-s", 5, "--json", out)
    code = evaluate(takes[0], *words)
    card = json.loads(out.read_text(encoding="utf-8"))
    assert code == bool(card["alarms"])  # two people of one law may be guessed too well
    assert {row["rig"] for row in card["table"]} == {"mouth"}
    assert {row["people"] for row in card["table"]} == {1}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--rig", "mouth+audio"), "holds no sound"),
        (("--rig", "mouth", "--all-rigs"), "give one of the two"),
        (("--leave-one-out", "genius"), "genius: no kind of model"),
        (("--leave-one-out", "robust", "--fit-on", "take"), "name one"),
        (("--plots", "take"), "is a file"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    takes: list[Path], words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(takes[0]) if word == "take" else word for word in words]
    assert evaluate(*takes, *given, "--calibration-s", 5) == 1
    assert why in capsys.readouterr().err


def test_nobody_is_on_both_sides(takes: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(*takes, "--fit-on", takes[0]) == 1
    assert "on both sides" in capsys.readouterr().err


def test_what_parts_of_calibrating_are_worth_is_studied_apart(
    takes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t_1_1.csv"
    rng = np.random.default_rng(0)
    lines = ["user\tsession\td\tipd\toffX\toffY\tavgX\tavgY\tavgX_L\tavgY_L\tavgX_R\tavgY_R"]
    for _ in range(40):
        seen = "\t".join(f"{value:.3f}" for value in rng.normal(0.0, 9.0, 6))
        lines.append(f"1\t1\t6\t63\t0.5\t0.2\t{seen}")
    table.write_text("\n".join(lines), encoding="utf-8")
    assert evaluate("--study", "targets", table) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("1 sessions")
    assert len(shown.splitlines()) == 2 + 3 * 4
    for words, says in (
        ((), "nothing to judge: name recordings"),
        (("--study", "targets"), "name the study's t_*_1.csv"),
        (("--study", "own-face"), "name takes, two of a person"),
        (("--study", "own-face", takes[0]), "one person alone"),
        (("--study", "donning", "--full"), "--study and --full"),
    ):
        assert evaluate(*words) == 1
        assert says in capsys.readouterr().err

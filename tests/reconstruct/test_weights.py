"""What the model card says is what the files say of themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unvisor.reconstruct.models import SHIPPED, metadata, model_path

FOLDER = Path(__file__).resolve().parents[2] / "reconstruct/weights"
CARD = (FOLDER / "README.md").read_text("utf-8")
WORDS = " ".join(CARD.replace("\\\n", " ").split())


def row(model: str) -> str:
    (found,) = (line for line in CARD.splitlines() if line.startswith(f"| `{model}.onnx` |"))
    return found


def test_every_file_is_on_the_card() -> None:
    on_card = set(re.findall(r"^\| `(\w+)\.onnx`", CARD, re.MULTILINE))
    assert on_card == {path.stem for path in FOLDER.glob("*.onnx")} == set(SHIPPED)


@pytest.mark.parametrize("model", SHIPPED)
def test_digest_people_and_licence_are_the_files_own(model: str) -> None:
    about = metadata(model)
    assert about is not None
    assert re.findall(r"`(\w{64})`", row(model)) == [about.digest]
    assert re.findall(r"`([^`]+)`", row(model))[1:-1] == about.people
    assert about.licence in WORDS


@pytest.mark.parametrize("model", SHIPPED)
def test_the_command_on_the_card_made_the_file(model: str) -> None:
    about = metadata(model)
    assert about is not None
    assert about.made_by.replace(f"train {model}", "train anatomy") in WORDS


def test_what_falls_back_is_on_the_card() -> None:
    about = metadata(SHIPPED[0])
    assert about is not None
    assert about.falls_back is not None
    fallen = [f"{c} ({b}, {rig})" for rig, of in about.falls_back.items() for c, b in of.items()]
    assert f"(`falls_back` in the file): {', '.join(fallen) or 'none'}." in WORDS


def test_the_card_is_installed_beside_the_weights() -> None:
    assert (model_path(SHIPPED[0]).parent / "README.md").is_file()

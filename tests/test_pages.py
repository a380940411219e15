"""What the pages say is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unvisor.tools.main import VERBS, parser

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Return a page's blocks of code, without their fences."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("command", ["sh setup.sh demo", "sh setup.sh test"])
def test_the_readme_has_the_commands_that_ci_runs(command: str) -> None:
    assert any(line.startswith(command) for line in blocks(README, "sh")[0].splitlines())
    assert command in (ROOT / ".ci/run").read_text("utf-8")


def test_the_readme_lists_the_verbs() -> None:
    assert re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE) == list(VERBS)


def commands() -> list[str]:
    """Return the command lines of the README that call the program."""
    lines = "\n".join(blocks(README, "sh")).splitlines()
    return [line.split("#")[0].strip() for line in lines if line.startswith("unvisor ")]


@pytest.mark.parametrize("command", commands())
def test_an_example_is_understood(command: str) -> None:
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)][1:]
    assert parser(words[0]).parse_args(words).verb == words[0]


def test_the_example_of_a_sensor_is_the_one_that_is_tested() -> None:
    code, line = blocks(CONTRIBUTING, "python")
    assert (ROOT / "tests/plugs/chin_strap.py").read_text("utf-8").endswith(code)
    assert line.strip() == '"chin-strap": "unvisor.headset.sensors.chin_strap:PLUG",'


def test_the_readme_names_the_folders() -> None:
    tree = blocks(README, "text")[0]
    named = set(re.findall(r"^ *(\w+)/", tree, re.MULTILINE))
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    inside = {path.parent.name for path in ROOT.glob("headset/*/__init__.py")}
    assert named == there | inside


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_a_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    named = re.findall(
        r"`((?:tests|headset|tools|reconstruct|datasets|calibration)/[\w/.]+)`", text
    )
    to_come = {"headset/sensors/chin_strap.py"}  # the example's own
    missing = {re.sub(r"\.now_ns$", ".py", name) for name in named} - to_come
    assert {name for name in missing if not (ROOT / name).exists()} == set()

"""Fixtures every test may use."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

ELSEWHERE = "elsewhere: "
"""How the reason of a skip starts that is right even where everything is installed.

That is a test of another platform, or of hardware. With UNVISOR_CI=1 any other skip is a failure:
a machine that should have OpenGL, torch or the captures, and has not, must not pass for tested.
"""

# Nothing is timed: a busy machine would fail what is right.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _skips_judged(report: Report) -> Report:
    """Turn a skip for something missing into a failure, where UNVISOR_CI=1."""
    if os.environ.get("UNVISOR_CI") != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if not reason.removeprefix("Skipped: ").startswith(ELSEWHERE):
        report.outcome = "failed"
        report.longrepr = f"skipped, but UNVISOR_CI=1 says that nothing is missing here: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test's skip."""
    return _skips_judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge a whole module's skip."""
    return _skips_judged((yield))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real captures beside the checkout; skips where it is absent."""
    place = Path(os.environ.get("UNVISOR_SHARED", ROOT.parent / "shared"))
    if not (place / "data").is_dir():
        pytest.skip(f"no captures at {place}: set UNVISOR_SHARED to run this test")
    return place

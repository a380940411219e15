"""What needs torch is not even imported where it is not installed, and is told as skipped."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

NEEDS_TORCH = {"test_network.py", "test_train_net.py"}


class Untold(pytest.Module):
    """A module of tests that cannot be imported here."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        pytest.skip("torch is not installed: pip install 'unvisor[train]'")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Untold | None:
    if module_path.name in NEEDS_TORCH and find_spec("torch") is None:
        return Untold.from_parent(parent, path=module_path)  # pyright: ignore[reportUnknownMemberType]
    return None

"""A folder of consents of its own for each test, with keys in files: nobody's keyring is touched."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from unvisor.calibration.consent.context import Context, context
from unvisor.calibration.consent.store import Store

NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def without_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "consent")


@pytest.fixture
def evening() -> Context:
    return context("run", audience=["vrchat", "live-link-face"], retention=["recording"])

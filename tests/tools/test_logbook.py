from __future__ import annotations

import threading
from pathlib import Path

import pytest

from unvisor.headset.errors import SensorError
from unvisor.tools import logbook


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def divide() -> None:
    _ = 1 / 0


def test_an_error_is_one_line() -> None:
    with pytest.raises(SensorError), logbook.kept():
        raise SensorError("camera: gone: plug it in")
    lines = logbook.log_path().read_text().splitlines()
    assert [line.partition(" ")[2] for line in lines] == ["ERROR camera: gone: plug it in"]


def test_a_fault_of_ours_has_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), logbook.kept():
        divide()
    text = logbook.log_path().read_text()
    assert "ERROR a fault of this program" in text
    assert "in divide" in text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_ends_a_thread_is_in_the_log_and_shown_as_ever() -> None:
    before = threading.excepthook
    with logbook.kept():
        thread = threading.Thread(target=divide, name="camera mouth")
        thread.start()
        thread.join()
    assert threading.excepthook is before
    text = logbook.log_path().read_text()
    assert "ERROR thread camera mouth ended" in text
    assert "in divide" in text

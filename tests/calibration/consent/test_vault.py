from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from unvisor.calibration.consent.vault import KeyFiles, settled, vault
from unvisor.headset.errors import ConsentError

SECRET = bytes(range(32))


def test_without_a_keyring_secrets_are_in_files(tmp_path: Path) -> None:
    held = settled(tmp_path)
    assert isinstance(held, KeyFiles)
    assert held.find("wearer") is None
    held.keep("wearer", SECRET)
    assert vault(tmp_path).find("wearer") == SECRET
    held.forget("wearer")
    held.forget("wearer")
    assert vault(tmp_path).find("wearer") is None


@pytest.mark.parametrize(
    "nonsense", [b"", b"{}", b"\xff", b'{"kept_in":"x","place":"0"}', b"[" * 4000]
)
def test_a_damaged_note_of_the_place_is_told(tmp_path: Path, nonsense: bytes) -> None:
    settled(tmp_path).keep("wearer", SECRET)
    (tmp_path / "keys.json").write_bytes(nonsense)
    with pytest.raises(ConsentError, match=r"keys\.json: is damaged"):
        vault(tmp_path)


def test_a_keyring_that_is_not_there_is_told_and_not_taken_for_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys.json").write_text('{"kept_in":"keyring","place":"0123456789abcdef"}')
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    if sys.platform != "linux":
        pytest.skip("elsewhere: a keyring that can be absent")
    with pytest.raises(ConsentError, match="is not there now: run this where you are logged in"):
        vault(tmp_path)


ASKING = """
    from unvisor.calibration.consent import system_keyring
    from unvisor.headset.errors import ConsentError

    try:
        print(system_keyring.present(patience_s=0.5))
    except ConsentError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere: D-Bus is Linux's")
def test_a_desktop_bus_that_does_not_answer_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sys.platform == "linux"
    path = f"/tmp/unvisor-bus-{os.getpid()}"  # a socket's name has to be short
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(path)
        bus.listen()
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={path}")
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(ASKING)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    Path(path).unlink()
    assert "does not answer: unlock it on the desktop" in done.stdout, done


PROGRAM = """
    from pathlib import Path
    from unvisor.calibration.consent.vault import settled, vault
    held = settled(Path("."))
    assert held.words == "the system's keyring", held.words
    secret = bytes(range(32))
    held.keep("wearer", secret)
    assert vault(Path(".")).find("wearer") == secret
    assert vault(Path(".")).find("probe") is None
    assert not Path("keys").exists()
    held.forget("wearer")
    held.forget("wearer")
    assert vault(Path(".")).find("wearer") is None
    print("kept")
"""


@pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")),
    reason="elsewhere: a desktop's keyring",
)
def test_with_a_keyring_secrets_are_in_it(tmp_path: Path) -> None:
    """In a desktop session of its own, with a keyring of its own, unlocked as at a login."""
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    unlock = "printf x | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
    session = f'{unlock}; exec "{sys.executable}" program.py'
    homes = {name: str(tmp_path) for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")}
    environment = {**os.environ, **homes}
    environment.pop("PYTHON_KEYRING_BACKEND", None)
    environment.pop("DBUS_SESSION_BUS_ADDRESS", None)
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", session],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "kept\n", done.stderr

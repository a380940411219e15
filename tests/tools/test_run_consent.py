"""`unvisor run` and the consent it rests on: real sockets and files, a withdrawal while it runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from unvisor.calibration import profile
from unvisor.calibration.consent.context import context
from unvisor.calibration.consent.store import Store
from unvisor.calibration.profile import of_nobody
from unvisor.datasets import store
from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.permit import Basis
from unvisor.headset.rig import RIGS
from unvisor.headset.sensors.babble import PLUG as BABBLE
from unvisor.tools import consenting
from unvisor.tools.main import main

FORM = ("--consent-reference", "form 1, 2026-01-01")


@pytest.fixture(autouse=True)
def folder(own_folders: Path) -> Path:
    """Where a test's consents are."""
    return Store().folder


@pytest.fixture
def phone() -> Iterator[socket.socket]:
    """Who is sent the face."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


def to(phone: socket.socket) -> tuple[str, str]:
    return "--live-link-face", f"127.0.0.1:{phone.getsockname()[1]}"


def run(*words: object) -> int:
    words = ("--sensor", "babble::0", "--model", "neutral", "--duration-s", "0.2", *words)
    return main(["run", *map(str, words)])


def received(phone: socket.socket) -> int:
    packets = 0
    while True:
        try:
            phone.recv(4096)
        except BlockingIOError:
            return packets
        packets += 1


def test_the_command_it_names_is_the_one_it_wants(
    phone: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = tmp_path / "x.h5"
    words = (*to(phone), "--record", take)
    assert run(*words) == 1
    said = capsys.readouterr().err
    assert said.startswith("unvisor run: live-link-face, recording: nobody has agreed to it yet")
    assert main([*said.split("`")[1].split()[1:], "--yes"]) == 0
    assert run(*words) == 0
    (record,) = [one.record for one in Store().all() if one.record]
    assert store.load(take).about.basis.kind == "consent"
    assert store.load(take).about.basis.text == record.id
    lines = [line.entry for line in Store().check().lines if line.entry.run]
    assert [line.event for line in lines][:2] == ["start", "made"]
    assert lines[-1].path == str(take)
    assert lines[-1].octets == take.stat().st_size
    assert {line.application for line in lines} == {"run"}
    assert main(["consent", "withdraw", "--yes"]) == 0
    assert not take.exists()


def test_more_than_was_agreed_to_is_refused_and_what_is_kept_is_not_made_up(
    phone: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*to(phone), "--life", "off", "--yes") == 0
    capsys.readouterr()
    assert run(*to(phone), "--life", "off", "--record", tmp_path / "x.h5") == 1
    assert "it does not hold storing a recording: run `unvisor consent" in capsys.readouterr().err
    assert run(*to(phone)) == 1
    assert "it lets nothing be made up: run `unvisor consent" in capsys.readouterr().err
    assert list(tmp_path.glob("x*")) == []


def test_who_neither_sends_nor_stores_is_asked_nothing(
    phone: socket.socket, tmp_path: Path, folder: Path
) -> None:
    assert run() == 0
    assert run(*to(phone), *FORM) == 0
    assert main(["run", "--source", "demo", "--duration-s", "0.2", *to(phone), "--model", "neutral",
                 "--record", str(tmp_path / "x.h5")]) == 0  # fmt: skip
    assert not folder.exists()


def test_a_recording_of_nobody_knows_whom_goes_nowhere_until_a_form_is_named(
    phone: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = tmp_path / "x.h5"
    recording = simulate(performance(), RIGS["mouth+eyes"]).first(0.5)
    unstated = replace(recording.about, basis=Basis(kind="reference", text=""))
    recording.about = unstated
    store.save(take, recording)
    words = ("run", "--source", str(take), "--model", "neutral", *to(phone))
    assert run(*to(phone), "--yes") == 0, "what the wearer agrees to is of their own face"
    received(phone)
    assert main([*words, "--yes"]) == 1
    assert "add --consent-reference" in capsys.readouterr().err
    assert received(phone) == 0
    assert main([*words, *FORM]) == 0
    assert received(phone) > 0


def test_cameras_are_asked_for_by_themselves(
    phone: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*to(phone), "--yes") == 0
    capsys.readouterr()
    assert run(*to(phone), "--sensor", f"mouth-camera:device={tmp_path}") == 1
    assert "it does not hold sensing pictures" in capsys.readouterr().err


def test_an_end_within_a_week_is_told_and_cuts_nothing(
    phone: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = context("run", audience=["live-link-face"], days=8)
    began = consenting.utc() - timedelta(days=5)
    Store().give(asked, now=began, how="test")
    assert run(*to(phone)) == 0
    assert "ends in 2 days: renew it with unvisor consent give" in capsys.readouterr().err


def test_the_wearers_own_profile_is_used_and_one_that_cannot_be_read_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = profile.profile_place()
    place.parent.mkdir(parents=True)
    profile.save(place, of_nobody())
    assert run() == 0
    told = capsys.readouterr()
    assert f"profile {place}" in told.err
    assert f"; profile {place}" in told.out
    place.write_text("{}")
    assert run() == 0
    told = capsys.readouterr()
    assert str(place) in told.err
    assert "; no profile, for " in told.out
    assert main(["run", "--source", "demo", "--duration-s", "0.2", "--model", "neutral"]) == 0
    assert str(place) not in capsys.readouterr().err, "whoever is played, it is not they"


class Going:
    """A run in a process of its own, whose tracker sends."""

    def __init__(self, shown: Path, *words: str) -> None:
        """Start it.

        Args:
            shown: Where its standard output goes.
            words: Of the command line.
        """
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._number, self._shown = 0, shown
        with shown.open("w") as out:
            self.program = subprocess.Popen(
                [
                    sys.executable, "-m", "unvisor.tools.main", "run", "--sensor",
                    f"babble::{self._port}", "--model", "neutral", "--sound", "off", "--status",
                    "--json", *words,
                ],
                stdout=out, stderr=subprocess.PIPE, text=True, env={**os.environ},
            )  # fmt: skip

    def until_row(self, name: str, state: str) -> dict[str, str]:
        """Send until a row of the status has this state; return it."""
        ends_s = time.monotonic() + 60
        while time.monotonic() < ends_s:
            self._number += 1
            packet = BABBLE.golden[:-4] + struct.pack(">f", np.sin(self._number / 10))
            self._socket.sendto(packet, ("127.0.0.1", self._port))
            time.sleep(0.01)
            *_, line, _ = "", *self._shown.read_text().split("\n")  # the last whole one
            row = json.loads(line or "{}").get(name, {})
            if row.get("state") == state:
                return row
        raise AssertionError(self._shown.read_text())

    def stop(self) -> str:
        """Stop it; return all that it told on standard error."""
        self.program.send_signal(signal.SIGINT)
        try:
            _, told = self.program.communicate(timeout=30)
        finally:
            self.program.kill()
            self._socket.close()
        return told


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere: pipes and signals of POSIX")
def test_a_withdrawal_ends_all_and_is_told_once(
    phone: socket.socket, tmp_path: Path, own_folders: Path
) -> None:
    take, kept = tmp_path / "x.h5", tmp_path / "x.zip"
    going = Going(
        tmp_path / "shown", *to(phone), "--record", str(take), "--bundle", str(kept), "--yes"
    )
    try:
        going.until_row("to live-link-face", "live")
        assert received(phone) > 0
        assert main(["consent", "withdraw", "--yes"]) == 0
        row = going.until_row("to live-link-face", "lost")
        assert row["note"].endswith("was withdrawn")
        assert row["remedy"].startswith("to send again, end this and run unvisor consent give")
        received(phone)  # the last faces, and its farewell
        assert going.until_row("to record", "lost")["note"] == "recording stopped"
        assert received(phone) == 0
        assert going.program.poll() is None, "the wearer still has their face before them"
    finally:
        told = going.stop()
    assert told.count("Nothing is sent or stored any more: consent ") == 1
    assert f"{take}: is deleted: its consent was withdrawn" in told
    assert not take.exists()
    assert not kept.exists()
    (log,) = (own_folders.parent / "state").rglob("unvisor.log")
    assert log.read_text().count("nothing goes to live-link-face, bundle, recording: consent") == 1
    assert Store().check().faults == ()
    ends = [line.entry for line in Store().check().lines if line.entry.event == "end"]
    assert ends[-1].sent["live-link-face"].refused > 0

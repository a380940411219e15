"""`unvisor run` and its key `c`: a tracker's packets in, faces out over a socket, a real terminal."""

from __future__ import annotations

import socket
import sys
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

from unvisor.calibration import profile
from unvisor.headset.frame import AT_REST
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.tools.main import main

if sys.platform == "win32":
    pytest.skip("elsewhere: terminals of POSIX", allow_module_level=True)

assert sys.platform != "win32"  # for the type checker, which has none of it there

from .wearer import Wearer  # noqa: E402

JAW_OPEN = 17
"""Of Live Link Face's 61 numbers."""


class Phone:
    """Who is sent the face."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])

    def jaws(self) -> list[float]:
        """Return how far the jaw was open in each face that came since."""
        jaws: list[float] = []
        while True:
            try:
                packet = self._socket.recv(4096)
            except BlockingIOError:
                return jaws
            jaws.append(float(np.frombuffer(packet[-244:], ">f4")[JAW_OPEN]))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def phone(own_folders: Path) -> Generator[Phone]:
    made = Phone()
    yield made
    made.close()


def running(phone: Phone, *words: str) -> Wearer:
    return Wearer(
        "run", "--headless", "--sensor", "babble:port=PORT", "--live-link-face",
        f"127.0.0.1:{phone.port}", "--sound", "off", "--life", "off", *words,
    )  # fmt: skip


def routine(wearer: Wearer) -> None:
    """Do it, from its first word."""
    wearer.until("mouth tracker only: 2 poses, 6 s")
    wearer.press(b" ")
    wearer.until("Open your mouth wide")
    wearer.press(b"\r")


def test_it_asks_once_rests_learns_keeps_and_uses(phone: Phone) -> None:
    with running(phone) as wearer:
        wearer.until("sends the face to live-link-face on this machine")
        wearer.until("Agree? [y/n]")
        assert phone.jaws() == []
        wearer.press(b"y")
        wearer.until("keys: c calibrate, d put on anew, g gaze targets, q quit")
        wearer.wear(1.0)
        before = phone.jaws()
        assert before[-1] == pytest.approx(0.1, abs=1e-3), "the tracker's, as it comes"
        wearer.press(b"c")
        wearer.until("stores a profile of your face")
        assert not profile.profile_place().exists()
        wearer.press(b"y")
        routine(wearer)
        wearer.wear(0.6)  # it is under way, and has eased to rest
        phone.jaws()
        wearer.until("calibrated: rest accepted, mouth accepted")
        shown = max(phone.jaws(), default=0.0)  # at rest there is nothing to send
        assert shown < AT_REST, "nobody sees them open their mouth"
        wearer.wear(1.0)
        assert phone.jaws()[-1] == pytest.approx(0.0, abs=0.02), (
            "their rest is known, without a restart"
        )
        wearer.press(b"q")
        wearer.until(f"; profile {profile.profile_place()}, calibrated while running")
        assert wearer.program.wait(30) == 0
    jaw = UNIFIED_INDEX["JawOpen"]
    assert profile.load(profile.profile_place()).rest[jaw] == pytest.approx(0.1, abs=0.02)

    with running(phone, "--duration-s", "1") as again:  # asked once: neither question comes again
        again.until(f"; profile {profile.profile_place()}")
        assert "Agree" not in again.shown
        assert again.program.wait(30) == 0
    assert main(["consent", "audit"]) == 0
    assert main(["consent", "withdraw", "--yes"]) == 0
    assert not profile.profile_place().exists()


def test_what_was_withdrawn_meanwhile_is_not_kept(phone: Phone) -> None:
    with running(phone, "--yes") as wearer:
        wearer.until("keys: c calibrate")
        wearer.press(b"c")  # to which `--yes` agrees too
        wearer.until("mouth tracker only")
        assert main(["consent", "withdraw", "--yes"]) == 0
        wearer.press(b" ")
        wearer.until("Open your mouth wide")
        wearer.press(b"\r")
        wearer.until("calibrated for this run alone: profile: consent ")
        wearer.press(b"q")
        assert wearer.program.wait(30) == 0
    assert not profile.profile_place().exists()


def test_with_a_no_it_is_for_this_run_alone_and_stopped_it_says_so(phone: Phone) -> None:
    with running(phone, "--consent-reference", "form 2, 2026-05-01") as wearer:
        wearer.until("keys: c calibrate")
        wearer.press(b"c")  # a form covers a profile too
        wearer.until("mouth tracker only")
        wearer.press(b"q")
        wearer.until("not calibrated: no face was seen: press c to try again")
        assert wearer.program.poll() is None, "the run goes on"
        wearer.press(b"q")
        assert wearer.program.wait(30) == 0
    with running(phone) as wearer:
        wearer.until("Agree? [y/n]")
        wearer.press(b"y")
        wearer.until("keys: c calibrate")
        wearer.press(b"c")
        wearer.until("a profile of your face")
        wearer.press(b"n")
        wearer.until("no profile is kept: what is learnt is for this run alone")
        routine(wearer)
        wearer.until("calibrated: rest accepted, mouth accepted")
        wearer.press(b"q")
        wearer.until("; calibrated while running")
        assert wearer.program.wait(30) == 0
    assert not profile.profile_place().exists()

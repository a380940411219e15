"""Prompts reach a wearer by every way that opens, and each way fails alone."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from unvisor.headset.compositor.panels.content import Content, Target
from unvisor.headset.compositor.panels.content import Prompt as PromptPanel
from unvisor.headset.errors import HeadsetError, OutputError
from unvisor.headset.prompts.panels import Panels
from unvisor.headset.prompts.prompt import Prompt, Signal, Way
from unvisor.headset.prompts.speech import Speech
from unvisor.headset.prompts.ways import Ways
from unvisor.headset.prompts.xsoverlay import XSOverlay

SMILE = Prompt(
    turn=1, signal=Signal.READY, words="Smile", hint="as wide as you can", seconds_left=2,
    group="mouth", number=2,
)  # fmt: skip
SPOT = Prompt(
    turn=2, signal=Signal.READY, words="Look at the spot", target_rad=(0.26, -0.2), group="gaze",
    number=3,
)  # fmt: skip


def turned(prompt: Prompt, signal: Signal, words: str = "Hold") -> Prompt:
    return Prompt(turn=prompt.turn + 100, signal=signal, words=words, target_rad=prompt.target_rad)


@contextmanager
def overlay() -> Generator[socket.socket]:
    """Listen where XSOverlay would."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5.0)
        yield listening


def test_xsoverlay_pops_up_what_takes_words_and_no_more() -> None:
    with overlay() as listening, XSOverlay(listening.getsockname()[1]) as way:
        way.tell(SMILE)
        way.tell(turned(SMILE, Signal.HOLD))
        way.tell(SPOT)
        way.tell(turned(SMILE, Signal.AGAIN, "Again: a little more"))
        popups = [json.loads(listening.recv(4096)) for _ in range(2)]
    assert [popup["title"] for popup in popups] == ["Smile", "Again: a little more"]
    assert popups[0]["content"] == "as wide as you can"
    assert {popup["messageType"] for popup in popups} == {1}
    assert popups[1]["timeout"] > popups[0]["timeout"]


def test_where_xsoverlay_does_not_run_it_is_not_used() -> None:
    with overlay() as listening:
        port = listening.getsockname()[1]
    with pytest.raises(OutputError, match=f"nobody listens on UDP 127.0.0.1:{port}: start XSOv"):
        XSOverlay(port).__enter__()


def test_an_xsoverlay_that_ends_is_let_go_and_the_others_go_on() -> None:
    told: list[Sequence[Content]] = []
    with overlay() as listening:
        ways: list[Way] = [
            XSOverlay(listening.getsockname()[1]),
            Panels(told.append, headset=False, mirror=lambda _: None),
        ]
        with Ways(ways) as both:
            assert both.names == ("XSOverlay", "panels")
            assert not both.shows_targets
            listening.close()
            for turn in range(4):  # the system tells of it by the second
                both.tell(Prompt(turn=turn, signal=Signal.READY, words=str(turn)))
            assert both.names == ("panels",)
            assert "nobody listens" in both.failed["XSOverlay"]
    assert len(told) == 5  # and nothing, at its end


def test_a_way_that_cannot_be_closed_loses_nothing_of_the_others() -> None:
    told: list[Sequence[Content]] = []

    def show(contents: Sequence[Content]) -> None:
        if not contents:
            raise HeadsetError("panels: cannot be drawn: restart")

    ways: list[Way] = [
        Panels(told.append, headset=False, mirror=lambda _: None),
        Panels(show, headset=False, mirror=lambda _: None),
    ]
    with Ways(ways) as both:
        both.tell(SMILE)
    assert len(told) == 2, "the prompt, and nothing at the end"
    assert both.failed == {"panels": "panels: cannot be drawn: restart"}


def test_a_countdown_is_told_to_those_who_show_it_alone(tmp_path: Path) -> None:
    told: list[Sequence[Content]] = []
    with overlay() as listening:
        ways: list[Way] = [
            Panels(told.append, headset=True, mirror=lambda _: None),
            XSOverlay(listening.getsockname()[1]),
        ]
        with Ways(ways) as both:
            for left in (2, 2, 1):
                both.tell(Prompt(turn=1, signal=Signal.READY, words="Smile", seconds_left=left))
            listening.recv(4096)
            listening.settimeout(0.1)
            with pytest.raises(TimeoutError):
                listening.recv(4096)
    counted = [
        panel.seconds_left for shown in told for panel in shown if isinstance(panel, PromptPanel)
    ]
    assert counted == [2, 1]


def test_a_target_is_shown_alone_and_the_mirror_hidden_meanwhile() -> None:
    told: list[Sequence[Content]] = []
    mirror: list[bool] = []
    with Panels(told.append, headset=True, mirror=mirror.append) as way:
        assert way.shows_targets
        way.tell(SMILE)
        way.tell(SPOT)
        way.tell(turned(SPOT, Signal.HOLD))
        way.tell(Prompt(turn=9, signal=Signal.DONE, words="Done"))
        way.tell(SPOT)
    assert told == [
        [PromptPanel(words="Smile", hint="as wide as you can", seconds_left=2)],
        [Target(yaw_rad=0.26, pitch_rad=-0.2)],
        [Target(yaw_rad=0.26, pitch_rad=-0.2, held=True)],
        [PromptPanel(words="Done")],
        [Target(yaw_rad=0.26, pitch_rad=-0.2)],
        [],
    ]
    assert mirror == [False, True, False, True]


def until(holds: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + 20.0
    while not holds():
        assert time.monotonic() < ends_s
        time.sleep(0.02)


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a program, installed as espeak-ng, writes what it is to speak."""
    if sys.platform == "win32":
        pytest.skip("elsewhere: programs of POSIX")
    spoken = tmp_path / "spoken"
    program = tmp_path / "espeak-ng"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys, time\n"
        f"with open({str(spoken)!r}, 'a') as file:\n"
        "    words = sys.stdin.read()\n"
        "    print(sys.argv[1:], repr(words), file=file, flush=True)\n"
        "    if 'fail' in words: sys.exit(3)\n"
        "    time.sleep(1000 if 'long' in words else 0)\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    return spoken


def test_speech_says_words_to_its_standard_input_and_the_newest_alone(voice: Path) -> None:
    with Speech() as way:
        assert way.speaks
        way.tell(Prompt(turn=1, signal=Signal.PLAN, words="long; rm -rf $HOME `x` -v"))
        until(lambda: voice.exists() and "long" in voice.read_text())
        way.tell(turned(SMILE, Signal.HOLD))  # the tone is enough
        way.tell(SMILE)
        until(lambda: "Smile" in voice.read_text())
    assert voice.read_text().splitlines() == [
        "['--stdin'] 'long; rm -rf $HOME `x` -v'", "['--stdin'] 'Smile'",
    ]  # fmt: skip


def test_a_voice_that_fails_is_let_go(voice: Path) -> None:
    speech = Speech()
    with Ways([speech]) as ways:
        ways.tell(Prompt(turn=1, signal=Signal.PLAN, words="fail"))
        until(lambda: voice.exists() and "fail" in voice.read_text())

        def failed() -> bool:
            time.sleep(0.5)  # the next prompt silences what still speaks, failing or not
            ways.tell(Prompt(turn=time.monotonic_ns(), signal=Signal.PLAN, words="fail"))
            return "speech" in ways.failed

        until(failed)
    assert "ended with 3" in ways.failed["speech"]
    assert not speech.speaks


def test_a_system_without_a_voice_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputError, match="no program that speaks"):
        Speech().__enter__()

"""Tones through the genuine PortAudio to a sound server, and heard there again."""

from __future__ import annotations

import time

import numpy as np
import pytest

from unvisor.headset.errors import OutputError
from unvisor.headset.prompts.prompt import Prompt, Signal
from unvisor.headset.prompts.sound import Tones
from unvisor.headset.prompts.tones import NOTES, PIPS_HZ
from unvisor.headset.sensors.microphone import Microphone, MicrophoneSettings

from ..sensors import test_microphone
from ..sensors.test_microphone import RATE_HZ, SoundServer, heard, sound

server = test_microphone.server


def loudest_hz(samples: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(samples, n=1 << 17)).argmax()) * RATE_HZ / (1 << 17)


def test_tones_come_out_whole_and_one_after_another(server: SoundServer) -> None:
    ready = Prompt(turn=1, signal=Signal.READY, words="Smile", group="mouth", number=2)
    seen = Prompt(turn=2, signal=Signal.SEEN, words="Seen")
    with Microphone(MicrophoneSettings(device="room")) as microphone:
        blocks = heard(microphone, lambda blocks: len(blocks) > 5)
        with Tones() as way:
            way.tell(ready)
            way.tell(seen)
            blocks += heard(microphone, lambda blocks: len(blocks) > 20)
        blocks += heard(microphone, lambda blocks: len(blocks) > 40)
    whole = sound(blocks)
    loud = np.abs(whole) > 0.01
    starts = np.flatnonzero(loud[1:] & ~loud[:-1])
    starts = starts[np.diff(starts, prepend=-RATE_HZ) > 0.02 * RATE_HZ]
    expected = [*NOTES[Signal.READY], *[(PIPS_HZ["mouth"], 0.06)] * 2, *NOTES[Signal.SEEN]]
    assert len(starts) == len(expected)
    for start, (hz, lasts_s) in zip(starts, expected, strict=True):
        assert loudest_hz(whole[start : start + round(lasts_s * RATE_HZ)]) == pytest.approx(
            hz, rel=0.03
        )


def test_where_there_is_no_output_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALSA_CONFIG_PATH", raising=False)
    said = ""
    try:
        with Tones():
            pytest.skip("elsewhere: this machine has a sound device")
    except OutputError as error:
        said = str(error)
    assert said.startswith("sound: no output device")


def test_a_device_that_goes_is_told_of(server: SoundServer) -> None:
    seen = Prompt(turn=1, signal=Signal.SEEN, words="")

    def tell_for_a_while(way: Tones) -> None:
        ends_s = time.monotonic() + 20
        while time.monotonic() < ends_s:
            way.tell(seen)
            time.sleep(0.1)

    with Tones() as way:
        way.tell(seen)
        server.stop()
        with pytest.raises(OutputError, match="is gone"):
            tell_for_a_while(way)
    server.start()

from __future__ import annotations

import socket
import time

import numpy as np
import pytest

from unvisor.headset.clock import NS_PER_S, now_ns
from unvisor.headset.errors import SensorError
from unvisor.headset.frame import VISEMES, Sample, SpeechSample, WornSample
from unvisor.headset.plug import READER_PLUGS
from unvisor.headset.sensors.vrchat_in import (
    FRESH_S,
    HELD_S,
    LOADS_S,
    PLUG,
    RECENTRE,
    VRChat,
    VRChatReader,
    VRChatSettings,
    parse,
)

from .hostile import osc

S = NS_PER_S
ROOT = "/avatar/parameters/"


def told(**values: float) -> bytes:
    """What VRChat sends, written by python-osc."""
    return osc(*((ROOT + name, value) for name, value in values.items()))


def worn(samples: list[Sample]) -> bool | None:
    return next((one.worn for one in samples if isinstance(one, WornSample)), None)


def speech(samples: list[Sample]) -> SpeechSample:
    (one,) = (one for one in samples if isinstance(one, SpeechSample))
    return one


def test_it_is_found_by_its_name() -> None:
    assert READER_PLUGS.load("vrchat") is PLUG
    assert PLUG.by_default
    assert worn(parse(PLUG.golden, 7)) is True


def test_afk_is_not_worn_and_holds_while_vrchat_is_heard() -> None:
    vrchat = VRChat()
    assert worn(vrchat.parse(told(AFK=True), 0)) is False
    moving = told(VelocityX=0.5)
    for second in range(1, 100):
        assert worn(vrchat.parse(moving, second * S)) is False
    assert worn(vrchat.known(round((99 + HELD_S) * S))) is False
    assert vrchat.known(round((99 + HELD_S) * S) + 1) == []
    assert worn(vrchat.parse(moving, 200 * S)) is False
    assert worn(vrchat.parse(told(AFK=False), 201 * S)) is True


def test_another_avatar_is_another_story() -> None:
    vrchat = VRChat()
    vrchat.parse(told(AFK=True, MuteSelf=True), 0)
    assert vrchat.parse(osc(("/avatar/change", "avtr_9d58037b")), S) == []
    assert vrchat.parse(told(VelocityX=0.5), 2 * S) == []
    assert worn(vrchat.parse(told(AFK=False), 3 * S)) is True


def test_a_voice_is_believed_while_it_changes() -> None:
    vrchat = VRChat()
    said = speech(vrchat.parse(told(Voice=0.25, Viseme=10, MuteSelf=False), 0))
    assert (said.source, said.level, said.muted) == ("vrchat", 0.25, False)
    assert dict(zip(VISEMES, said.visemes, strict=True)) == {
        name: float(name == "aa") for name in VISEMES
    }
    fresh_ns = round(FRESH_S * S)
    assert speech(vrchat.known(fresh_ns)).level == 0.25
    still = speech(vrchat.known(fresh_ns + 1))
    assert np.isnan(still.level)
    assert np.isnan(still.visemes).all()
    assert still.muted is False


def test_a_voice_at_rest_is_a_state() -> None:
    vrchat = VRChat()
    vrchat.parse(told(Voice=0.5, Viseme=10), 0)
    vrchat.parse(told(Voice=0.0, Viseme=0), S // 10)
    quiet = speech(vrchat.known(5 * S))
    assert quiet.level == 0.0
    assert quiet.visemes[VISEMES.index("sil")] == 1.0
    assert quiet.muted is None


def test_a_jaw_flap_tells_a_volume_and_no_viseme() -> None:
    vrchat = VRChat()
    for at_ns, viseme in enumerate((80, 7)):
        said = speech(vrchat.parse(told(Viseme=viseme), at_ns))
        assert said.level == viseme / 100.0
        assert np.isnan(said.visemes).all()
    said = speech(vrchat.parse(told(Voice=0.5, Viseme=7), 3))
    assert said.level == 0.5


def test_only_what_is_vrchats_is_read() -> None:
    vrchat = VRChat()
    vrchat.parse(told(AFK=True), 0)
    assert vrchat.parse(osc(("/vrcft/settings/forceRelevant", True)), S) == []
    assert vrchat.parse(osc(("/avatar/parameters/deep/AFK", False)), S) != []
    assert worn(vrchat.known(S)) is False
    assert vrchat.parse(osc(("/jawOpen", 0.5)), 2 * S) == []


@pytest.mark.parametrize(
    "values", [{"Voice": -0.1}, {"Voice": 7.0}, {"Viseme": 101}, {"Viseme": -1}, {"AFK": 2}]
)
def test_what_cannot_be_is_refused_with_all_its_packet(values: dict[str, float]) -> None:
    vrchat = VRChat()
    with pytest.raises(SensorError, match=next(iter(values))):
        vrchat.parse(osc((ROOT + "MuteSelf", True), *((ROOT + n, v) for n, v in values.items())), 0)
    assert vrchat.known(0) == []


def test_what_holds_is_said_again_in_silence() -> None:
    with (
        VRChatReader(VRChatSettings(port=0)) as reader,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as game,
    ):
        assert reader.read() == []
        game.sendto(told(VelocityX=0.5), ("127.0.0.1", reader.port))
        deadline_ns = now_ns() + 10 * S
        while "avatar has none of AFK" not in reader.health().note and now_ns() < deadline_ns:
            reader.read()
        assert reader.health().state == "waiting"
        game.sendto(told(AFK=True), ("127.0.0.1", reader.port))
        heard: list[Sample] = []
        while len(heard) < 3 and now_ns() < deadline_ns:
            heard += reader.read()
            time.sleep(0.01)
        assert reader.health().state == "live"
    assert [one.worn for one in heard if isinstance(one, WornSample)] == [False, False, False]
    times = [one.time_ns for one in heard]
    assert times == sorted(set(times))
    assert reader.health().dropped == 0


@pytest.mark.parametrize("button", RECENTRE)
def test_a_button_that_goes_on_is_a_press(button: str) -> None:
    vrchat = VRChat()
    presses: list[int] = []
    for value in (False, True, True, False, True):
        vrchat.parse(told(**{button: value}), 0)
        presses.append(vrchat.presses)
    assert presses == [0, 1, 1, 1, 2]


def test_what_a_loading_avatar_has_is_no_press() -> None:
    vrchat = VRChat()
    vrchat.parse(osc(("/avatar/change", "avtr_9d58037b")), S)
    vrchat.parse(told(etvr_recenter=True), S + S // 2)  # it was saved that way
    assert vrchat.presses == 0
    vrchat.parse(told(etvr_recenter=False), 9 * S)
    vrchat.parse(told(etvr_recenter=True), 10 * S)
    assert vrchat.presses == 1
    vrchat.parse(osc(("/avatar/change", "avtr_9d58037b")), 20 * S)
    vrchat.parse(told(etvr_recenter=True), 20 * S + 1)
    assert vrchat.presses == 1
    assert worn(vrchat.parse(told(AFK=True), 21 * S)) is False


def test_a_first_press_long_after_the_avatar_came_is_one() -> None:
    vrchat = VRChat()
    vrchat.parse(osc(("/avatar/change", "avtr_9d58037b")), S)
    vrchat.parse(told(unvisor_recenter=True), round((1 + LOADS_S) * S) + 1)
    assert vrchat.presses == 1
    late = VRChat()  # that was not there when the avatar came
    late.parse(told(VelocityX=0.5), 0)
    late.parse(told(unvisor_recenter=True), round(LOADS_S * S) + 1)
    assert late.presses == 1


def test_a_reader_says_that_it_was_pressed() -> None:
    asked: list[bool] = []
    with VRChatReader(VRChatSettings(port=0)) as reader:
        reader.recentre = lambda: asked.append(True)
        port = reader.port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as vrchat:
            for value in (False, True, True):
                vrchat.sendto(told(babble_recalibrate=value), ("127.0.0.1", port))
            ends_s = time.monotonic() + 5.0
            while not asked and time.monotonic() < ends_s:
                reader.read()
                time.sleep(0.01)
            for _ in range(5):
                reader.read()
                time.sleep(0.01)
    assert asked == [True]

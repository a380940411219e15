from __future__ import annotations

from collections.abc import Mapping

from unvisor.headset.clock import NS_PER_S
from unvisor.headset.compositor.panels.content import (
    Condition,
    MirrorSwitch,
    Prompt,
    SensorRow,
    SensorStatus,
    Target,
)
from unvisor.headset.compositor.panels.showing import AWAY_NS, STATUS_NS, SWITCH_NS, Showing
from unvisor.headset.frame import Health


def sensors(**states: Condition) -> dict[str, Health]:
    return {name: Health(state=state) for name, state in states.items()}


def seconds_of(showing: Showing, states: Mapping[str, Health], begin_ns: int, end_ns: int) -> None:
    """Look each second of a while in which all is drawn."""
    for now_ns in range(begin_ns, end_ns, NS_PER_S):
        showing.contents(states, mirror=True, drawn=True, now_ns=now_ns)


WELL = sensors(phone="live", babble="waiting", vrcft="off")


def status(**states: Condition) -> SensorStatus:
    return SensorStatus(rows=tuple(SensorRow(name=n, state=one) for n, one in states.items()))


def test_sensors_are_shown_at_first_from_the_first_frame_on_and_then_no_more() -> None:
    showing = Showing()
    assert showing.contents(WELL, mirror=True, drawn=False, now_ns=0) == []
    late_ns = 100 * NS_PER_S
    for now_ns in (late_ns, late_ns + STATUS_NS - 1):
        assert showing.contents(WELL, mirror=True, drawn=True, now_ns=now_ns) == [
            status(phone="live")
        ]
    assert showing.contents(WELL, mirror=True, drawn=True, now_ns=late_ns + STATUS_NS) == []


def test_a_sensor_that_was_named_is_told_of_even_while_it_is_silent() -> None:
    shown = Showing({"babble"}).contents(WELL, mirror=True, drawn=True, now_ns=0)
    assert shown == [status(phone="live", babble="waiting")]


def test_they_are_shown_again_when_one_is_lost_and_when_it_is_back() -> None:
    showing = Showing()
    showing.contents(WELL, mirror=True, drawn=True, now_ns=0)
    now_ns = STATUS_NS
    for _ in range(2):
        lost = sensors(phone="lost", babble="waiting")
        assert showing.contents(lost, mirror=True, drawn=True, now_ns=now_ns) == [
            status(phone="lost")
        ]
        # One that stays lost is not told of for ever.
        now_ns += STATUS_NS
        assert showing.contents(lost, mirror=True, drawn=True, now_ns=now_ns) == []
        back = sensors(phone="live", babble="waiting")
        assert showing.contents(back, mirror=True, drawn=True, now_ns=now_ns) == [
            status(phone="live")
        ]
        now_ns += STATUS_NS
        assert showing.contents(back, mirror=True, drawn=True, now_ns=now_ns) == []


def test_one_that_begins_to_speak_interrupts_nobody() -> None:
    showing = Showing()
    seconds_of(showing, WELL, 0, STATUS_NS)
    more = WELL | sensors(babble="live")
    assert showing.contents(more, mirror=True, drawn=True, now_ns=STATUS_NS) == []


def test_a_headset_put_on_again_shows_them_again() -> None:
    showing = Showing()
    for now_ns in (0, 100 * NS_PER_S):
        assert showing.contents(WELL, mirror=True, drawn=True, now_ns=now_ns) != []
        off_ns = now_ns + STATUS_NS
        assert showing.contents(WELL, mirror=True, drawn=False, now_ns=off_ns) == []


def test_a_mirror_that_was_hidden_and_a_stalled_frame_are_no_beginning() -> None:
    showing = Showing()
    showing.contents(WELL, mirror=True, drawn=True, now_ns=0)
    now_ns = STATUS_NS
    for _ in range(20):
        now_ns += AWAY_NS // 2
        showing.contents(WELL, mirror=False, drawn=False, now_ns=now_ns)
    now_ns += AWAY_NS // 2
    shown = showing.contents(WELL, mirror=True, drawn=False, now_ns=now_ns)
    shown += showing.contents(WELL, mirror=True, drawn=True, now_ns=now_ns + AWAY_NS // 2)
    assert SensorStatus not in map(type, shown)


def test_the_switch_is_shown_for_a_while_after_it_was_turned() -> None:
    showing = Showing(how="m turns it on")
    assert showing.contents({}, mirror=True, drawn=True, now_ns=0) == [status()]
    at_ns = STATUS_NS
    for now_ns in (at_ns, at_ns + SWITCH_NS - 1):
        assert showing.contents({}, mirror=False, drawn=True, now_ns=now_ns) == [
            MirrorSwitch(shown=False, how="m turns it on")
        ]
    assert showing.contents({}, mirror=False, drawn=True, now_ns=at_ns + SWITCH_NS) == []


def test_a_prompt_stands_as_long_as_it_is_asked_for() -> None:
    showing = Showing()
    seconds_of(showing, {}, 0, 50 * NS_PER_S)
    showing.prompt = Prompt(words="Smile")
    now_ns = 50 * NS_PER_S
    assert showing.contents({}, mirror=True, drawn=True, now_ns=now_ns) == [Prompt(words="Smile")]
    showing.prompt = None
    assert showing.contents({}, mirror=True, drawn=True, now_ns=now_ns) == []


def test_a_target_is_shown_as_long_as_it_stands_there() -> None:
    showing = Showing()
    showing.target = Target(yaw_rad=0.1, pitch_rad=0.0)
    for now_ns in (1, 60 * NS_PER_S):
        shown = showing.contents({}, mirror=True, drawn=False, now_ns=now_ns)
        assert shown == [showing.target]
    showing.target = None
    assert showing.contents({}, mirror=True, drawn=False, now_ns=61 * NS_PER_S) == []

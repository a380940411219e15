"""Routines from their beginning to their end, by a clock that is handed in."""

from __future__ import annotations

import numpy as np
import pytest

from unvisor.calibration.donning import aimed
from unvisor.calibration.fitting.posed import fit_captures
from unvisor.calibration.routine.machine import Routine, Wish
from unvisor.calibration.routine.plan import AT_MOST_S, plan
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.headset.prompts.prompt import Signal

from .wearer import Wearer, done, turns

PLANNED_S = 4.0


def test_a_whole_routine_is_seen_in_the_time_it_promised() -> None:
    wearer = Wearer(eyes=True, brows=True)
    routine = Routine(wearer.planned())
    took_s = done(wearer, routine)
    captures = routine.captures
    assert captures.missed == {}
    assert len(captures.taken) == 22
    assert took_s - PLANNED_S <= AT_MOST_S + 0.5
    assert turns(wearer)[0] == (Signal.PLAN, wearer.planned().sentence)
    assert turns(wearer)[-1] == (Signal.DONE, "Done: 22 of 22 seen")
    for one in captures.taken:
        rows = len(one.weights)
        assert rows >= 17
        assert one.weights.shape == (rows, 88)
        assert one.openness.shape == (rows, 2)
        assert one.gaze.shape == (rows, 2, 3)
        assert one.seconds == pytest.approx(rows / 20, abs=0.06)
        assert one.quality >= 0.5
    looked = captures.of("gaze_up_right")
    assert looked is not None
    assert looked.target_rad is not None
    np.testing.assert_allclose(np.degrees(looked.target_rad), (15.0, 12.0))
    for mouth in captures.taken:
        assert mouth.target_rad is None or mouth.pose.startswith("gaze")


def test_each_pose_is_said_then_held_then_seen() -> None:
    wearer = Wearer()
    done(wearer, Routine(wearer.planned()))
    assert turns(wearer)[4:7] == [
        (Signal.READY, "Open your mouth wide"), (Signal.HOLD, "Hold"), (Signal.SEEN, "Seen"),
    ]  # fmt: skip
    counted = [p.seconds_left for _, p in wearer.told if p.signal is Signal.READY]
    assert counted[:2] == [2, 1]
    numbers = {p.words: (p.group, p.number) for _, p in wearer.told if p.signal is Signal.READY}
    assert numbers["Relax your face"] == (None, 1)
    assert numbers["Stick out your tongue"] == ("mouth", 5)


@pytest.mark.parametrize(
    "words", ["Open your mouth wide", "Open your eyes wide", "Squint", "Frown"]
)
def test_a_face_that_is_not_made_is_asked_for_again_and_then_left_out(words: str) -> None:
    wearer = Wearer(eyes=True, brows=True, disobeys=(words,))
    routine = Routine(wearer.planned())
    done(wearer, routine)
    (pose,) = routine.captures.missed
    assert routine.captures.of(pose) is None
    assert len(routine.captures.taken) == 21
    again = [said for signal, said in turns(wearer) if signal is Signal.AGAIN]
    refused = [said for signal, said in turns(wearer) if signal is Signal.REFUSED]
    assert again == ["Again: it was not seen: make it larger"]
    assert refused == ["Left out: it was not seen: make it larger"]


@pytest.mark.parametrize(
    ("words", "pose", "why"),
    [
        ("Close your eyes", "lids_closed", "the lids were not seen to close"),
        ("Close your left eye only", "wink_left", "the left lid alone was not seen to close"),
    ],
)
def test_lids_that_do_not_close_are_told_so(words: str, pose: str, why: str) -> None:
    wearer = Wearer(eyes=True, disobeys=(words,))
    routine = Routine(wearer.planned())
    done(wearer, routine)
    assert routine.captures.missed == {pose: why}


def test_who_looks_elsewhere_is_told_so() -> None:
    wearer = Wearer(mouth=False, eyes=True, disobeys=("Look at the spot",))
    routine = Routine(wearer.planned())
    done(wearer, routine)
    # The centre is where they look anyway.
    assert set(routine.captures.missed.values()) == {"you looked elsewhere"}
    assert len(routine.captures.missed) == 8


def test_a_tracker_that_is_far_off_is_judged_by_its_own_centre() -> None:
    wearer = Wearer(eyes=True, gaze_off_rad=(0.15, -0.1))
    routine = Routine(wearer.planned())
    done(wearer, routine)
    assert routine.captures.missed == {}


def test_a_pose_that_is_seen_at_the_second_try_counts() -> None:
    wearer = Wearer(disobeys=("Smile",))
    routine = Routine(wearer.planned())

    def obey_after_the_first_try() -> bool:
        if any(prompt.signal is Signal.AGAIN for _, prompt in wearer.told):
            wearer.disobeys = ()
        return False

    wearer.mute = lambda _: obey_after_the_first_try()
    done(wearer, routine)
    assert routine.captures.missed == {}
    assert [signal for signal, _ in turns(wearer)].count(Signal.AGAIN) == 1


def test_a_headset_that_is_taken_off_pauses_and_what_was_done_counts() -> None:
    wearer = Wearer(off=lambda at_s: 12.0 < at_s < 20.0)
    routine = Routine(wearer.planned())
    took_s = done(wearer, routine)
    assert (Signal.PAUSED, "Paused: the headset is off") in turns(wearer)
    assert routine.captures.missed == {}
    assert took_s > 8.0 + PLANNED_S + wearer.planned().seconds
    assert not any(
        prompt.signal in {Signal.HOLD, Signal.SEEN}
        for told_s, prompt in wearer.told
        if 12.1 < told_s < 20.0
    )


def test_a_pose_seen_before_the_headset_came_off_counts_however_it_goes_on() -> None:
    """Off in the very moment in which a pose is said to be seen; on again, it is not made again."""
    off_s = dict[str, float]()

    def off(at_s: float) -> bool:
        if (
            "at" not in off_s
            and (Signal.SEEN, "Seen") in turns(wearer)[-1:]
            and len(turns(wearer)) > 5
        ):
            off_s["at"] = at_s
            wearer.disobeys = ("Open your mouth wide",)
        return "at" in off_s and at_s < off_s["at"] + 2.0

    wearer = Wearer(off=off)
    routine = Routine(wearer.planned())
    done(wearer, routine)
    taken = [one.pose for one in routine.captures.taken]
    assert "jaw_open" in taken
    assert (Signal.AGAIN, "Again: it was not seen: make it larger") in turns(wearer)
    assert "jaw_open" not in routine.captures.missed


def test_a_headset_that_stays_off_ends_it() -> None:
    wearer = Wearer(off=lambda at_s: at_s > 12.0)
    routine = Routine(wearer.planned())
    done(wearer, routine)
    assert [one.pose for one in routine.captures.taken] == ["neutral", "jaw_open"]
    assert set(routine.captures.missed.values()) == {"the headset was off"}


def test_a_tracker_that_is_lost_pauses_and_says_which() -> None:
    wearer = Wearer(mute=lambda at_s: 9.0 < at_s < 15.0)
    routine = Routine(wearer.planned())
    done(wearer, routine)
    assert (Signal.PAUSED, "Paused: babble is lost") in turns(wearer)
    assert routine.captures.missed == {}


def test_a_tracker_that_stays_away_is_not_waited_for_and_the_others_are_used() -> None:
    wearer = Wearer(eyes=True, mute=lambda at_s: at_s > 9.0)
    routine = Routine(wearer.planned())
    took_s = done(wearer, routine)
    assert took_s < 80.0
    taken = {one.pose for one in routine.captures.taken}
    assert {"neutral", "lids_closed", "wink_right", "gaze_centre", "gaze_down_left"} <= taken
    assert routine.captures.missed["smile"] == "its tracker was lost"
    assert routine.captures.missed["squint"] == "its tracker was lost"


def test_eyes_that_are_lost_at_the_beginning_leave_the_mouth() -> None:
    wearer = Wearer(eyes=True, blind=lambda at_s: at_s > 2.0)
    routine = Routine(wearer.planned())
    done(wearer, routine)
    assert (Signal.PAUSED, "Paused: babble or lids or the eye tracker is lost") in turns(wearer)
    taken = {one.pose for one in routine.captures.taken}
    assert {"neutral", "smile", "tongue"} <= taken
    assert routine.captures.missed["gaze_up"] == "its tracker was lost"


def test_without_any_tracker_it_ends() -> None:
    wearer = Wearer(mute=lambda at_s: at_s > 1.0)
    routine = Routine(wearer.planned())
    done(wearer, routine)
    assert routine.captures.taken == ()
    assert set(routine.captures.missed.values()) == {"no tracker is left"}


def test_stopped_at_any_step_what_was_done_counts() -> None:
    counts: list[int] = []
    for stop_s in np.arange(0.0, 26.0, 1.3):
        wearer = Wearer()
        routine = Routine(wearer.planned())
        stop: dict[float, Wish] = {float(stop_s): "stop"}
        took_s = done(wearer, routine, wishes=stop)
        assert took_s == pytest.approx(min(took_s, stop_s), abs=0.05)
        captures = routine.captures
        assert len(captures.taken) + len(captures.missed) == 6
        counts.append(len(captures.taken))
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == 6


def test_keys_go_on_skip_and_ask_again() -> None:
    wearer = Wearer()
    routine = Routine(wearer.planned())
    wishes: dict[float, Wish] = {
        1.0: "go on",  # the plan was heard
        5.5: "skip",  # the jaw, while it is asked for
        8.6: "again",  # the smile, just seen
    }
    took_s = done(wearer, routine, wishes=wishes)
    said = turns(wearer)
    assert routine.captures.missed == {"jaw_open": "left out by you"}
    assert said.count((Signal.READY, "Smile")) == 2
    assert routine.captures.of("smile") is not None
    assert took_s < 26.0


def test_keys_alone_never_break_it() -> None:
    """Whatever is pressed whenever, it ends, and each pose is taken or missed for a reason."""
    rng = np.random.default_rng(3)
    keys: tuple[Wish, ...] = ("go on", "again", "skip")
    for _ in range(4):
        wearer = Wearer(eyes=True, disobeys=("Smile",))
        routine = Routine(wearer.planned())
        wishes: dict[float, Wish] = {}
        for at_s in rng.uniform(0, 60, 25):
            wishes[float(at_s)] = keys[int(rng.integers(3))]
        done(wearer, routine, wishes=wishes)
        captures = routine.captures
        asked = [pose.name for pose in wearer.planned().poses]
        taken = [one.pose for one in captures.taken]
        assert sorted([*taken, *captures.missed]) == sorted(asked)
        assert [name for name in asked if name in taken] == taken


def test_what_was_captured_gives_a_profile() -> None:
    wearer = Wearer(eyes=True)
    routine = Routine(wearer.planned())
    done(wearer, routine)
    fitted = fit_captures(routine.captures.taken, missed=routine.captures.missed)
    profile = fitted.profile
    accepted = {one.step for one in fitted.outcomes if one.accepted}
    assert {"rest", "mouth", "cheeks", "lids", "gaze"} <= accepted, fitted.summary
    assert profile.rest[UNIFIED_INDEX["JawOpen"]] == pytest.approx(0.1, abs=0.03)
    assert profile.reach[UNIFIED_INDEX["JawOpen"]] == pytest.approx(0.8, abs=0.05)
    assert np.isnan(profile.rest[UNIFIED_INDEX["BrowInnerUpLeft"]])


def test_looking_at_targets_alone_puts_a_donning_right() -> None:
    first = Routine(Wearer(eyes=True).planned())
    done(Wearer(eyes=True), first)
    profile = fit_captures(first.captures.taken).profile
    shifted = Wearer(eyes=True, gaze_off_rad=(0.06, 0.02))
    again = Routine(plan(shifted.seen, targets=True, gaze_alone=True))
    assert done(shifted, again) < 25.0
    donning, outcome = aimed(profile, again.captures.taken)
    assert outcome.accepted
    assert outcome.after < 0.8 < 2.0 < outcome.before  # degrees
    assert donning is not profile.donning

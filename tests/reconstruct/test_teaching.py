from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unvisor.calibration.fit import fit
from unvisor.calibration.profile import Profile
from unvisor.datasets.recording import Recording
from unvisor.datasets.streams import EyesStream, FaceStream
from unvisor.headset.errors import RecordingError
from unvisor.headset.expressions import (
    gaze_from_arkit,
    openness_from_arkit,
    unified_from_arkit,
)
from unvisor.headset.names import ARKIT_INDEX
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.models import reconstructor
from unvisor.reconstruct.offline import track
from unvisor.reconstruct.teaching import teach

from .faces import capture, sensed

RULES = "rules"


@pytest.fixture(scope="module")
def known() -> Profile:
    return fit(sensed(seconds=20.0).frames())


def shy(*, seed: int, seconds: float = 60.0) -> Recording:
    """A capture of someone whose cheek rises half as far with a smile as the rules have it."""
    take = capture(seed=seed, seconds=seconds)
    assert take.truth is not None
    arkit = take.truth.arkit.copy()
    for side in ("Left", "Right"):
        smile = arkit[:, ARKIT_INDEX[f"mouthSmile{side}"]]
        arkit[:, ARKIT_INDEX[f"cheekSquint{side}"]] = 0.5 * smile
    return Recording(about=take.about, truth=replace(take.truth, arkit=arkit))


CHEEKS = [ARKIT_INDEX["cheekSquintLeft"], ARKIT_INDEX["cheekSquintRight"]]


def test_the_wearers_own_habit_is_learnt_and_another_take_is_the_better_for_it(
    known: Profile,
) -> None:
    taught = teach(known, {"mine": shy(seed=3)}, model=RULES, rig=RIGS["mouth+eyes"])
    assert taught.profile.habit_gain[CHEEKS] == pytest.approx([0.5, 0.5], abs=0.06)
    assert taught.seconds == pytest.approx(60.0, abs=1.0)
    other = shy(seed=4, seconds=30.0)
    worn = sensed(seed=4, seconds=30.0)
    assert other.truth is not None
    fitted = fit(worn.frames())
    own = replace(fitted, habit_gain=taught.profile.habit_gain)
    errors: list[float] = []
    for profile in (fitted, own):
        shown = track(worn.frames(), reconstructor(RULES, profile)).arkit[:, CHEEKS]
        truth = other.truth.arkit[: len(shown), CHEEKS]
        errors.append(float(np.abs(truth - np.median(truth, axis=0) - shown).mean()))
    assert errors[1] < 0.6 * errors[0]


def test_a_face_that_follows_nothing_seen_teaches_nothing(known: Profile) -> None:
    """Truths of another take: when a smile comes tells nothing of these cheeks."""
    mine, other = shy(seed=3), shy(seed=5)
    assert mine.truth is not None
    assert other.truth is not None
    arkit = mine.truth.arkit.copy()
    arkit[:, CHEEKS] = 0.0
    rng = np.random.default_rng(0)
    arkit[:, CHEEKS] = np.repeat(rng.random((60, 1)), 30, axis=0)
    strange = Recording(about=mine.about, truth=replace(mine.truth, arkit=arkit))
    taught = teach(known, {"strange": strange}, model="neutral", rig=RIGS["mouth+eyes"])
    assert (taught.profile.habit_gain == 1.0).all()
    assert not any(one.accepted for one in taught.outcomes)
    assert any(note.startswith("own face: cheeks: no gain") for note in taught.profile.notes)


def test_taught_again_what_was_refused_is_said_once(known: Profile) -> None:
    once = teach(known, {"a": shy(seed=3)}, model="neutral", rig=RIGS["mouth"]).profile
    twice = teach(once, {"a": shy(seed=3)}, model="neutral", rig=RIGS["mouth"]).profile
    assert once.notes == twice.notes


def test_a_recording_of_a_phone_is_a_capture_too(known: Profile) -> None:
    take = shy(seed=3)
    assert take.truth is not None
    at_ns, arkit = take.truth.time_ns, take.truth.arkit
    weights = unified_from_arkit(arkit)
    phone = Recording(
        about=take.about,
        streams={
            "face": FaceStream(
                time_ns=at_ns,
                received_ns=at_ns,
                weights=weights,
                confidence=np.ones_like(weights),
            ),
            "eyes": EyesStream(
                time_ns=at_ns,
                received_ns=at_ns,
                gaze=gaze_from_arkit(arkit),
                openness=openness_from_arkit(arkit),
                pupil_mm=np.full((len(at_ns), 2), np.nan),
                confidence=np.ones((len(at_ns), 2)),
            ),
        },
    )
    rig = RIGS["mouth+eyes"]
    taught = teach(known, {"phone": phone}, model=RULES, rig=rig)
    truth = teach(known, {"truth": take}, model=RULES, rig=rig)
    assert taught.profile.habit_gain[CHEEKS] == pytest.approx(truth.profile.habit_gain[CHEEKS])


def test_what_shows_no_whole_face_is_refused(known: Profile) -> None:
    worn = sensed("mouth+eyes", seconds=5.0).without_truth()
    with pytest.raises(RecordingError, match="worn: shows no whole face"):
        teach(known, {"worn": worn}, model=RULES, rig=RIGS["mouth"])

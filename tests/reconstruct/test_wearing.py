from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from unvisor.calibration.donning import AFTER_S, SETTLES_S
from unvisor.calibration.fit import fit
from unvisor.calibration.profile import Profile
from unvisor.datasets.recording import Recording
from unvisor.headset.clock import NS_PER_S, seconds
from unvisor.headset.errors import CalibrationError
from unvisor.headset.frame import Face, HeadSample, Origin, SensorFrame, WornSample
from unvisor.headset.names import UNIFIED_INDEX
from unvisor.reconstruct.guess import Constant
from unvisor.reconstruct.judge.donned import donned_again, table
from unvisor.reconstruct.life.life import Life
from unvisor.reconstruct.models import reconstructor
from unvisor.reconstruct.reconstructor import FaceReconstructor
from unvisor.reconstruct.wearing import TAKEN_UP_S, Wearing

from .faces import capture, sensed

ON_S = 8.0
DONE_S = ON_S + SETTLES_S + AFTER_S[-1] + TAKEN_UP_S + 0.5
SMILE = UNIFIED_INDEX["MouthCornerPullLeft"]


@pytest.fixture(scope="module")
def take() -> Recording:
    return sensed(seconds=36.0)


@pytest.fixture(scope="module")
def known(take: Recording) -> Profile:
    return fit(take.frames())


def worn_again(take: Recording, *, rest: float = 0.0, lids: float = 1.0) -> Iterator[SensorFrame]:
    """Yield a take in which the headset comes off at 5 s, and sits otherwise when it is on again."""
    for frame in take.frames():
        at_s = seconds(frame.time_ns)
        at_ns = frame.time_ns
        told = WornSample(time_ns=at_ns, received_ns=at_ns, worn=not 5.0 <= at_s < ON_S)
        if at_s >= ON_S and frame.eyes is not None:
            moved = tuple(replace(one, weights=one.weights + rest) for one in frame.faces)
            eyes = replace(frame.eyes, openness=frame.eyes.openness * lids)
            yield replace(frame, worn=told, faces=moved, eyes=eyes)
        else:
            yield replace(frame, worn=told)


def run(wearing: Wearing, frames: Iterator[SensorFrame]) -> list[Face]:
    return [wearing.reconstruct(frame) for frame in frames]


def rested(known: Profile, *, apart: bool = False, keeps: list[Profile] | None = None) -> Wearing:
    """A wearer whose face is to be measured alone."""
    kept = [] if keeps is None else keeps
    inner = FaceReconstructor(Constant(), known)
    return Wearing(inner, known, keeps=kept.append, apart=apart, utc=lambda: "now")


def test_while_it_is_off_the_face_rests_and_nothing_steps(take: Recording, known: Profile) -> None:
    loud = (
        replace(one, faces=tuple(replace(f, weights=f.weights + 0.5) for f in one.faces))
        if one.worn is not None and not one.worn.worn
        else one
        for one in worn_again(take)
    )
    faces = run(rested(known), loud)
    off = [face for face in faces if 5.5 <= seconds(face.time_ns) < ON_S]
    assert off
    for face in off:
        assert np.nanmax(np.abs(face.weights)) == 0.0
        assert (face.openness == 1.0).all()
        assert not (face.origin == Origin.MEASURED).any()


def test_a_rest_that_sits_elsewhere_is_found_again_without_a_step(
    take: Recording, known: Profile
) -> None:
    kept: list[Profile] = []
    wearing = rested(known, keeps=kept)
    quiet = still(worn_again(take, rest=0.08, lids=0.9), known)
    faces = run(wearing, quiet)
    first = next(face for face in faces if seconds(face.time_ns) > ON_S + 1.0)
    last = faces[-1]
    assert first.weights[SMILE] == pytest.approx(0.08, abs=0.01)
    assert abs(last.weights[SMILE]) < 0.02
    assert first.openness == pytest.approx(0.9, abs=0.03)
    assert last.openness == pytest.approx(1.0, abs=0.03)
    after = [face for face in faces if seconds(face.time_ns) > ON_S]
    steps = np.abs(np.diff([face.weights for face in after], axis=0))
    assert np.nanmax(steps) < 0.05
    assert len(kept) == len(AFTER_S)
    assert [len(profile.donnings) for profile in kept] == [1, 1]
    assert wearing.profile is kept[-1]
    assert kept[-1].donning.utc == "now"
    assert "rest 0.0" in wearing.summary


def still(frames: Iterator[SensorFrame], known: Profile) -> Iterator[SensorFrame]:
    """Yield frames of a wearer who only rests, whatever was added to their rest."""
    for frame in frames:
        added = 0.0
        if seconds(frame.time_ns) >= ON_S and frame.faces:
            added = 0.08
        moved = tuple(replace(one, weights=known.rest + added) for one in frame.faces)
        eyes = frame.eyes
        if eyes is not None:
            scale = 0.9 if added else 1.0
            eyes = replace(eyes, openness=known.openness_rest * scale)
        yield replace(frame, faces=moved, eyes=eyes)


def test_no_frame_waits_for_a_fit(take: Recording, known: Profile) -> None:
    here, apart = rested(known), rested(known, apart=True)
    frames = list(still(worn_again(take), known))
    run(here, iter(frames))
    run(apart, iter(frames))
    apart.close()
    assert apart.profile is not None
    assert len(apart.profile.donnings) == 1


def test_it_can_be_asked_for(take: Recording, known: Profile) -> None:
    wearing = rested(known)
    frames = list(still(iter(take.frames()), known))
    run(wearing, iter(frames[:60]))
    assert not wearing.learning
    wearing.recentre()
    run(wearing, iter(frames[60:]))
    assert wearing.outcomes


def test_a_profile_that_cannot_be_kept_is_used_all_the_same(
    take: Recording, known: Profile
) -> None:
    def full(_: Profile) -> None:
        raise CalibrationError("p.json: cannot be written: allow it")

    wearing = Wearing(FaceReconstructor(Constant(), known), known, keeps=full, apart=False)
    run(wearing, still(worn_again(take), known))
    assert wearing.trouble == "p.json: cannot be written: allow it"
    assert wearing.profile is not known


@pytest.mark.parametrize("rig", ["mouth", "mouth+eyes", "eyes"])
@pytest.mark.parametrize("little", [False, True])
def test_of_an_unknown_wearer_only_what_is_measured_moves(rig: str, little: bool) -> None:
    """Never raw model output: what is hidden is at rest, donned again or not."""
    take = sensed(rig, seconds=12.0)
    profile = fit(take.first(0.5).frames()) if little else None
    wearing = Wearing(reconstructor("anatomy", profile), profile, apart=False, begins=True)
    faces = run(wearing, worn_again(take))
    assert profile is not None or wearing.profile is None
    for face in faces:
        measured = face.origin == Origin.MEASURED
        hidden = np.isfinite(face.weights) & ~measured
        if seconds(face.time_ns) >= 5.0:
            continue
        assert np.abs(face.weights[hidden]).max(initial=0.0) == 0.0
        lids = face.openness_origin == Origin.MEASURED
        assert (face.openness[~lids] == 1.0).all()
    assert any((face.origin == Origin.MEASURED).any() for face in faces) is ("mouth" in rig)


def test_without_a_profile_what_is_measured_passes_as_it_is() -> None:
    take = sensed("mouth", seconds=3.0)
    wearing = Wearing(reconstructor("anatomy", None), None)
    for frame in take.frames():
        face, (said,) = wearing.reconstruct(frame), frame.faces
        assert np.array_equal(
            face.weights[np.isfinite(said.weights)], said.weights[np.isfinite(said.weights)]
        )


def test_without_a_tracker_a_face_lives_as_it_does() -> None:
    wearing = Wearing(reconstructor("anatomy", None, Life(1)), None)
    plain = reconstructor("anatomy", None, Life(1))
    blinks = 0
    for step in range(30 * 15):
        at_ns = step * NS_PER_S // 30
        head = HeadSample(
            time_ns=at_ns,
            received_ns=at_ns,
            orientation_xyzw=np.array([0.0, 0.0, 0.0, 1.0]),
            position_m=np.zeros(3),
        )
        frame = SensorFrame(time_ns=at_ns, head=head)
        ours, theirs = wearing.reconstruct(frame), plain.reconstruct(frame)
        assert np.array_equal(ours.openness, theirs.openness)
        blinks += seconds(frame.time_ns) > 7.0 and bool((ours.openness < 0.5).any())
    assert blinks


def test_slow_adaptation_is_kept_where_it_foretold_the_rest(known: Profile) -> None:
    kept: list[Profile] = []
    inner = FaceReconstructor(Constant(), known)
    wearing = Wearing(inner, known, adapt=True, keeps=kept.append, apart=False)
    plain = FaceReconstructor(Constant(), known)
    (sample,) = next(iter(sensed("mouth", seconds=1.0).frames())).faces
    face = unadapted = None
    for step in range(30 * 200):
        at_ns = step * NS_PER_S // 30
        creeps = 0.05 * min(1.0, step / 3000)
        said = replace(sample, time_ns=at_ns, received_ns=at_ns, weights=known.rest + creeps)
        frame = SensorFrame(time_ns=at_ns, faces=(said,))
        face = wearing.reconstruct(frame)
        if step == 30 * 200 - 1:
            unadapted = plain.reconstruct(frame)
    wearing.close()
    assert face is not None
    assert unadapted is not None
    assert unadapted.weights[SMILE] == pytest.approx(0.05)
    assert abs(face.weights[SMILE]) < 0.025
    (profile,) = kept
    assert profile.donning.rest_offset[SMILE] > 0.025


def test_where_the_eyes_look_comes_back_with_targets_and_nothing_steps() -> None:
    found = [donned_again(capture(seconds=60.0), "neutral", seed=seed) for seed in (1,)]
    for one in found:
        assert one.step < 0.15
        assert one.step_deg < 0.2
        assert one.after_s < SETTLES_S + AFTER_S[-1] + TAKEN_UP_S + 1.0
    error = {way: np.mean([one.error_deg[way] for one in found]) for way in found[0].error_deg}
    assert error["nine targets"] < 1.1 * error["oracle"]
    assert error["nine targets"] < error["none"]
    assert "1 wearers" in table(found)

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.avatar import Target
from unvisor.headset.compositor.avatars.clips import AngleMap, Clips, Group, Look, Override
from unvisor.headset.compositor.avatars.drive import Draft, arkit_targets, clips_of, combined
from unvisor.headset.expressions import angles_from_gaze, gaze_from_angles
from unvisor.headset.names import (
    ARKIT,
    ARKIT_INDEX,
    CHANNEL_INDEX,
    CHANNELS,
    UNIFIED,
    UNIFIED_INDEX,
)


def face(**weights: float) -> NDArray[np.float64]:
    arkit = np.zeros(len(ARKIT))
    for name, weight in weights.items():
        arkit[ARKIT_INDEX[name]] = weight
    return arkit


def moving(*vertices: int, by: float = 1.0) -> Target:
    index = np.array(vertices, np.uint32)
    return Target(index=index, delta=np.full((index.size, 3), by, np.float32))


def clips(*drafts: Draft, keep_bare: bool = True) -> Clips:
    return clips_of(drafts, vertices=10, keep_bare=keep_bare)


def bare(name: str, *vertices: int) -> Draft:
    return Draft(name=name, authored=False, target=moving(*vertices or (0,)))


def preset(name: str, group: Group = Group.NONE, **more: object) -> Draft:
    draft = Draft(name=name, authored=True, target=moving(0), limit=1.0, group=group)
    return replace(draft, **more)


def played(made: Clips, arkit: NDArray[np.float64], **shown: float) -> dict[str, float]:
    weights = made.weights(arkit, shown=shown)
    return {name: round(float(w), 6) for name, w in zip(made.names, weights, strict=True) if w}


def test_a_shape_of_arkits_follows_it_and_nothing_beside_it_does() -> None:
    made = clips(bare("viseme_aa", 1), bare("jawOpen", 2), bare("mouthSmile_L", 3), bare("Joy", 4))
    assert played(made, face(jawOpen=0.5, mouthSmileLeft=1.08)) == {
        "jawOpen": 0.5,
        "mouthSmile_L": 1.08,
    }


def test_visemes_stand_in_for_a_mouth_that_is_not_there() -> None:
    made = clips(bare("viseme_aa"), bare("viseme_PP"), bare("blink"))
    assert played(made, face(jawOpen=0.5, eyeBlinkLeft=1.0)) == {"viseme_aa": 0.5, "blink": 0.5}


def test_a_blink_of_each_eye_goes_before_one_of_both() -> None:
    made = clips(preset("blink"), preset("blinkLeft"), preset("blinkRight", target=moving(1)))
    assert played(made, face(eyeBlinkLeft=1.0)) == {"blinkLeft": 1.0}


def test_an_expression_goes_before_the_bare_target_that_it_plays() -> None:
    made = clips(
        bare("jawOpen", 1), preset("JawOpen", target=moving(1)), bare("jawLeft", 2), bare("Fat")
    )
    assert played(made, face(jawOpen=0.5, jawLeft=0.25)) == {"JawOpen": 0.5, "jawLeft": 0.25}
    assert clips(bare("Fat"), preset("Fat"), keep_bare=False).names == ("Fat",)


def test_one_movement_spelt_twice_is_played_once_unless_it_moves_other_vertices() -> None:
    made = clips(bare("jawOpen", 1, 2), bare("JawOpen", 2, 3), bare("jaw_open", 4))
    assert played(made, face(jawOpen=1.0)) == {"jawOpen": 1.0, "jaw_open": 1.0}


def test_unified_shapes_follow_the_finer_face_and_arkit_where_there_is_none() -> None:
    made = clips(bare("LipSuckUpperLeft", 1), bare("LipSuckUpperRight", 2), bare("TongueUp", 3))
    fine = np.full(len(UNIFIED), np.nan)
    fine[UNIFIED_INDEX["LipSuckUpperLeft"]] = 0.75
    fine[UNIFIED_INDEX["TongueUp"]] = 0.5
    weights = made.weights(face(), fine)
    np.testing.assert_allclose(weights, [0.75, 0.0, 0.5])
    assert played(made, face(mouthRollUpper=0.5)) == {
        "LipSuckUpperLeft": 0.5,
        "LipSuckUpperRight": 0.5,
    }


def test_arkit_goes_before_unified_where_a_file_has_both() -> None:
    made = clips(bare("mouthRollUpper", 1), bare("LipSuckUpperLeft", 2))
    assert played(made, face(mouthRollUpper=0.5)) == {"mouthRollUpper": 0.5}


def test_a_shape_that_moves_nothing_leaves_its_channel_to_others() -> None:
    empty = Draft(name="jawOpen", authored=False)
    assert played(clips(empty, bare("viseme_aa")), face(jawOpen=0.5)) == {"viseme_aa": 0.5}


def test_what_is_not_known_is_rest() -> None:
    made = clips(bare("jawOpen"))
    assert played(made, np.full(len(ARKIT), np.nan)) == {}
    assert not made.weights(face(jawOpen=-0.5)).any()


# Source: VRMC_vrm-1.0, expressions: procedural override; interaction between override and isBinary.

BLENDS = (Override.BLEND, Override.NONE, Override.NONE)
BLOCKS = (Override.BLOCK, Override.NONE, Override.BLOCK)


def test_binary_clips_are_all_or_nothing() -> None:
    made = clips(preset("blinkLeft", binary=True))
    assert played(made, face(eyeBlinkLeft=0.5)) == {}
    assert played(made, face(eyeBlinkLeft=0.51)) == {"blinkLeft": 1.0}


@pytest.mark.parametrize(("smile", "blink"), [(0.0, 0.8), (0.25, 0.6), (1.0, 0.0)])
def test_a_clip_that_blends_lessens_a_group_by_its_own_weight(smile: float, blink: float) -> None:
    made = clips(preset("happy", overrides=BLENDS), preset("blinkLeft", Group.BLINK))
    weights = made.weights(face(eyeBlinkLeft=0.8), shown={"happy": smile})
    np.testing.assert_allclose(weights, [smile, blink], atol=1e-6)


def test_a_clip_that_blocks_stops_its_groups_and_leaves_others() -> None:
    made = clips(
        preset("happy", overrides=BLOCKS),
        preset("blinkLeft", Group.BLINK),
        preset("aa", Group.MOUTH),
        preset("lookUp", Group.LOOK),
    )
    arkit = face(eyeBlinkLeft=1.0, jawOpen=1.0, eyeLookUpLeft=1.0, eyeLookUpRight=1.0)
    before, after = played(made, arkit), played(made, arkit, happy=0.01)
    assert before.keys() == {"blinkLeft", "aa", "lookUp"}
    assert after == {"happy": 0.01, "lookUp": before["lookUp"]}


def test_several_that_blend_add_up_and_stop_at_all() -> None:
    made = clips(
        preset("angry", overrides=BLENDS),
        preset("sad", overrides=BLENDS),
        preset("blinkLeft", Group.BLINK),
    )
    assert played(made, face(eyeBlinkLeft=1.0), angry=0.25, sad=0.25)["blinkLeft"] == 0.5
    assert "blinkLeft" not in played(made, face(eyeBlinkLeft=1.0), angry=0.75, sad=0.75)


def test_a_binary_clip_overrides_by_what_it_shows() -> None:
    made = clips(preset("happy", binary=True, overrides=BLENDS), preset("blinkLeft", Group.BLINK))
    assert played(made, face(eyeBlinkLeft=1.0), happy=0.4) == {"blinkLeft": 1.0}
    assert played(made, face(eyeBlinkLeft=1.0), happy=0.6) == {"happy": 1.0}


def test_a_binary_clip_that_is_lessened_is_gone() -> None:
    made = clips(preset("happy", overrides=BLENDS), preset("blinkLeft", Group.BLINK, binary=True))
    assert played(made, face(eyeBlinkLeft=1.0), happy=0.1) == {"happy": 0.1}


def test_a_clip_does_not_override_its_own_kind() -> None:
    made = clips(preset("blinkLeft", Group.BLINK, overrides=BLENDS))
    assert played(made, face(eyeBlinkLeft=1.0)) == {"blinkLeft": 1.0}


def test_targets_are_the_clips_a_channel_plays() -> None:
    made = clips(
        bare("mouthSmile", 1, 2),
        bare("jawOpen", 3),
        bare("LipFunnelUpper", 5),
        bare("LipFunnelLower", 5),
    )
    targets = arkit_targets(made)
    assert targets.keys() == {"mouthSmileLeft", "mouthSmileRight", "jawOpen", "mouthFunnel"}
    np.testing.assert_array_equal(targets["mouthSmileLeft"].index, [1, 2])
    np.testing.assert_array_equal(targets["mouthSmileLeft"].delta, [[0.5] * 3] * 2)
    np.testing.assert_array_equal(targets["mouthFunnel"].index, [5])
    np.testing.assert_array_equal(
        targets["mouthFunnel"].delta, [[2.0] * 3]
    )  # each is its own movement


def test_weighted_targets_add_up_vertex_by_vertex() -> None:
    found = combined([(moving(4, 1), 0.5), (moving(1, 2, by=2.0), 1.0), (moving(9), 0.0)])
    np.testing.assert_array_equal(found.index, [1, 2, 4])
    np.testing.assert_array_equal(found.delta[:, 0], [2.5, 2.0, 0.5])


def test_both_vocabularies_are_channels() -> None:
    assert len(CHANNELS) == len(CHANNEL_INDEX) == 140


LOOK = Look(
    inner=AngleMap(most_rad=math.radians(90), turn_rad=math.radians(8)),
    outer=AngleMap(most_rad=math.radians(90), turn_rad=math.radians(12)),
    down=AngleMap(most_rad=math.radians(45), turn_rad=math.radians(10)),
    up=AngleMap(most_rad=0.0, turn_rad=math.radians(10)),
)


def test_eyes_turn_as_far_as_the_map_says_each_its_own_way() -> None:
    right = np.radians([45.0, 45.0])  # both look to the wearer's right: the left eye inwards
    down = np.radians([-90.0, -22.5])
    yaw, pitch = angles_from_gaze(LOOK.turned(gaze_from_angles(right, down)))
    np.testing.assert_allclose(np.degrees(pitch), [-10.0, -5.0], atol=1e-6)
    assert math.degrees(yaw[1]) == pytest.approx(6.0)
    level, _ = angles_from_gaze(LOOK.turned(gaze_from_angles(right, np.zeros(2))))
    np.testing.assert_allclose(np.degrees(level), [4.0, 6.0])


def test_a_map_of_no_width_turns_nothing_and_a_lost_gaze_stays_lost() -> None:
    up = gaze_from_angles(np.zeros(2), np.radians([30.0, 30.0]))
    np.testing.assert_allclose(LOOK.turned(up), [[0, 0, -1]] * 2, atol=1e-9)
    assert np.isnan(LOOK.turned(np.full((2, 3), np.nan))).all()

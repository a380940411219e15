from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.errors import HeadsetError, RecordingError
from unvisor.headset.frame import Origin
from unvisor.headset.names import ARKIT_INDEX
from unvisor.headset.rig import RIGS
from unvisor.reconstruct.show.showcase import FPS, Clip, clip, draw

from ..faces import sensed


@pytest.fixture(scope="module")
def shown() -> Clip:
    recording = simulate(performance(), RIGS["mouth+eyes"])
    return clip(recording, "robust", calibration_s=8.0, seconds_most=0.5)


def test_a_clip_holds_three_faces_a_frame_and_says_whose(shown: Clip) -> None:
    assert len(shown.shots) == pytest.approx(0.5 * FPS, abs=1.5)
    assert "nobody's face" in shown.caption
    shot = shown.shots[-1]
    assert shot.origin[ARKIT_INDEX["jawOpen"]] == Origin.MEASURED
    assert shot.origin[ARKIT_INDEX["browInnerUp"]] == Origin.INFERRED
    assert shot.sensed[ARKIT_INDEX["browInnerUp"]] == 0.0  # never the truth
    assert set(shown.scores) == set(RIGS["mouth+eyes"].hidden)


@pytest.mark.gl
def test_the_film_and_the_picture_are_whole_and_show_something(shown: Clip, tmp_path: Path) -> None:
    told: list[str] = []
    try:
        drawn = draw(shown, tmp_path / "new", "demo", told.append)
    except HeadsetError as error:
        pytest.skip(str(error))
    assert drawn["frames"] == len(told) == len(shown.shots)
    picture = np.asarray(Image.open(tmp_path / "new" / "demo.png"))
    assert picture.shape == (720, 1280, 3)
    thirds = [picture[60:480, x : x + 400].astype(float) for x in (20, 440, 860)]
    assert all(third.std() > 20 for third in thirds)
    assert np.abs(thirds[0] - thirds[2]).mean() > 5  # a headset covers one of them
    with av.open(str(tmp_path / "new" / "demo.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == len(shown.shots)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["demo.mp4", "demo.png"]


def test_a_recording_that_cannot_be_shown_says_why() -> None:
    with pytest.raises(RecordingError, match="no truth"):
        clip(sensed().without_truth(), "robust", calibration_s=8.0, seconds_most=1.0)
    with pytest.raises(RecordingError, match="calibrate shorter"):
        clip(sensed(), "robust", calibration_s=60.0, seconds_most=1.0)

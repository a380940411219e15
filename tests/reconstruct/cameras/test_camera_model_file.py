from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.reconstruct.cameras.brought_models import EYE, MOUTH
from unvisor.headset.errors import ModelError
from unvisor.reconstruct.cameras import camera_model_file
from unvisor.reconstruct.cameras.camera_model_file import WEIGHTS, beside, load


def described(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_the_module_says_can_be_written_is_read(tmp_path: Path) -> None:
    said = camera_model_file.__doc__ or ""
    example = "\n".join(line[4:] for line in said.splitlines() if line.startswith("    "))
    found = load(described(tmp_path, example))
    assert found.outputs == tomllib.loads(example)["outputs"]
    assert found.input_shape == (1, 1, 224, 224)
    assert found.names[1] == "MouthClosed"
    least = load(described(tmp_path, MOUTH))
    assert (least.scale, least.mean, least.crop) == (1 / 255, 0.0, (0.0, 0.0, 1.0, 1.0))
    assert load(described(tmp_path, 'layout="NHWC"\nchannels=3\n' + MOUTH)).input_shape == (
        1,
        4,
        8,
        3,
    )


def test_it_stands_beside_the_model() -> None:
    assert beside(Path("somewhere/my.mouth.onnx")) == Path("somewhere/my.mouth.toml")


def test_gaze_and_lids_come_from_eyes_alone() -> None:
    assert "jawOpen" in WEIGHTS
    assert "JawOpen" in WEIGHTS
    assert not any(name.startswith(("eyeLook", "eyeBlink")) for name in WEIGHTS)


WRONG = {
    "not TOML": ("sees = mouth", "not TOML"),
    "an unknown key": ("smooth = 3\n" + MOUTH, "smooth"),
    "no size": (MOUTH.replace("width = 8", ""), "width"),
    "a huge size": (MOUTH.replace("width = 8", "width = 100000"), "width"),
    "another organ": (MOUTH.replace('"mouth"', '"nose"', 1), "nose"),
    "a word for a number": (MOUTH.replace("width = 8", 'width = "8"'), "width"),
    "no rate": ("rate_hz = 0.0\n" + MOUTH, "rate_hz"),
    "a crop beyond": ("crop = [0.5, 0.0, 0.6, 1.0]\n" + MOUTH, "reaches beyond"),
    "an empty crop": ("crop = [0.5, 0.0, 0.0, 1.0]\n" + MOUTH, "reaches beyond"),
    "no number": ("crop = [nan, 0.0, 1.0, 1.0]\n" + MOUTH, "crop"),
    "a misspelt shape": (MOUTH.replace("JawOpen", "JawOpn"), "did you mean JawOpen"),
    "an eye's word": (MOUTH.replace("JawOpen", "yaw_rad"), "no mouth gives it"),
    "gaze as weights": (MOUTH.replace("JawOpen", "eyeLookUpLeft"), "no mouth gives it"),
    "a mouth's word": (EYE.replace("closure", "jawOpen"), "no eye gives it"),
    "twice": (MOUTH.replace("mouthFunnel", "JawOpen"), "JawOpen is given twice"),
    "nothing": (MOUTH.replace('"JawOpen", "mouthFunnel"', '"-", "-"'), "nothing that is used"),
    "two yaws": (EYE.replace("closure", "yaw_rad"), "one yaw with one pitch"),
    "yaw alone": (EYE.replace("pitch_rad", "-"), "one yaw with one pitch"),
    "two lids": (EYE.replace('"closure"', '"closure", "openness"'), "one lid"),
    "far too long": (MOUTH + "# " + "x" * (1 << 16), "too large"),
    "an endless name": (MOUTH.replace("JawOpen", "x" * 30_000), "no mouth gives it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, case: str) -> None:
    text, words = WRONG[case]
    path = described(tmp_path, text)
    with pytest.raises(ModelError, match=words) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_bytes_that_are_no_text_and_no_file_at_all_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    with pytest.raises(ModelError, match="cannot be read"):
        load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="not TOML"):
        load(path)

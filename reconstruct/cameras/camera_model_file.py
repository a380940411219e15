"""What a model that the wearer brings says of itself: a small TOML file beside it.

Beside `mouth.onnx` stands `mouth.toml`:

    sees = "mouth"                      # or "eye": the same model then looks at each eye's camera
    width = 224                         # what the graph takes, pixels
    height = 224
    crop = [0.1, 0.0, 0.8, 1.0]         # of the camera's image: left, top, width, height as fractions
    channels = 1                        # 3 repeats the grey
    layout = "NCHW"                     # or "NHWC"
    mean = 0.0                          # the graph is given (pixel - mean) x scale, pixels 0 to 255
    scale = 0.00392156862745098
    rate_hz = 60.0                      # runs no oftener than this, for each camera

    [outputs]                           # for each tensor that is used, what its numbers are, in order
    output = ["jawOpen", "MouthClosed", "-", "mouthFunnel"]    # "-" is left out

Numbers of a mouth model are weights, 0 to 1: Unified Expressions (`JawOpen`) or ARKit's (`jawOpen`).
Those of an eye model are `yaw_rad` or `yaw_deg` (positive to the wearer's right), `pitch_rad` or
`pitch_deg` (positive up), `openness` (0 shut to 1 open) or `closure` (the reverse). With
`mirror_right = true` the right eye is shown to it mirrored, and its yaw is turned round: for a model
that was made for left eyes. Only sees, width, height and outputs must be there. Nothing is smoothed.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from ...headset.errors import ModelError
from ...headset.expressions import ARKIT_TO_UNIFIED
from ...headset.names import UNIFIED_INDEX

Sees = Literal["mouth", "eye"]
Side = Annotated[int, msgspec.Meta(ge=1, le=1024)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]

LEFT_OUT: Final = "-"
WEIGHTS: Final = frozenset((*UNIFIED_INDEX, *ARKIT_TO_UNIFIED))
"""What a mouth model may give."""

YAWS: Final = ("yaw_rad", "yaw_deg")
PITCHES: Final = ("pitch_rad", "pitch_deg")
LIDS: Final = ("openness", "closure")
"""What an eye model may give: one of each at most."""

_GIVEN: Final[dict[Sees, str]] = {
    "mouth": "name Unified Expressions or ARKit's, gaze and lids apart, which are an eye's",
    "eye": f"name some of {', '.join((*YAWS, *PITCHES, *LIDS))}",
}
_LONGEST: Final = 60  # of a name that is worth showing whole
_LARGEST_BYTES: Final = 1 << 16


class CameraModelFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file's content; the module says what each key means."""

    sees: Sees
    width: Side
    height: Side
    outputs: dict[str, list[str]]
    crop: tuple[Fraction, Fraction, Fraction, Fraction] = (0.0, 0.0, 1.0, 1.0)
    channels: Literal[1, 3] = 1
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    mean: float = 0.0
    scale: float = 1.0 / 255.0
    rate_hz: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 1000.0
    mirror_right: bool = False

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Shape of what the graph is given."""
        size = self.height, self.width
        return (1, self.channels, *size) if self.layout == "NCHW" else (1, *size, self.channels)

    @property
    def names(self) -> list[str]:
        """What each number is, all tensors one after the other."""
        return [name for names in self.outputs.values() for name in names]


def beside(model: Path) -> Path:
    """Return where a model's file stands."""
    return model.with_suffix(".toml")


def load(path: Path) -> CameraModelFile:
    """Read a model's file.

    Raises:
        ModelError: None there, not TOML, or a key, value or name that is not known.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ModelError(f"{path}: too large for a model's description: name the right file")
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), CameraModelFile)
    except OSError as cause:
        raise ModelError(
            f"{path}: cannot be read ({cause.strerror}): describe the model there, "
            "as camera_model_file.py says"
        ) from cause
    except msgspec.ValidationError as cause:
        raise ModelError(f"{path}: {cause}: correct it") from cause
    except ValueError as cause:  # TOML and UTF-8 alike
        raise ModelError(f"{path}: not TOML ({cause}): correct that line") from cause
    _check(path, found)
    return found


def _check(path: Path, found: CameraModelFile) -> None:
    left, top, width, height = found.crop
    if not (width > 0 and height > 0 and left + width <= 1.0001 and top + height <= 1.0001):
        raise ModelError(
            f"{path}: crop {list(found.crop)} reaches beyond the image: "
            "write left, top, width, height as fractions of it"
        )
    known = WEIGHTS if found.sees == "mouth" else frozenset((*YAWS, *PITCHES, *LIDS))
    names = [name for name in found.names if name != LEFT_OUT]
    for name in names:
        if name not in known:
            near = get_close_matches(name[:_LONGEST], known, n=1)
            remedy = f"did you mean {near[0]}?" if near else _GIVEN[found.sees]
            raise ModelError(f"{path}: {name[:_LONGEST]}: no {found.sees} gives it: {remedy}")
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ModelError(f"{path}: {doubled[0]} is given twice: leave one out with -")
    yaws, pitches, lids = (sum(name in kind for name in names) for kind in (YAWS, PITCHES, LIDS))
    if not names:
        raise ModelError(f"{path}: outputs name nothing that is used: name what the model gives")
    if yaws > 1 or lids > 1 or yaws != pitches:
        raise ModelError(f"{path}: an eye has one yaw with one pitch, and one lid: correct outputs")

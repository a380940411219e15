"""Models by name: the shipped ones, the ones without weights, and any file that obeys the contract."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..calibration.correction import Correction
from ..calibration.profile import Profile
from ..headset.errors import ModelError
from ..headset.frame import EVENTS
from ..headset.names import ARKIT, ARKIT_INDEX
from .contract import Metadata
from .features import Observation
from .guess import MEDIAN, SENT, Constant, Guess, Predictor, Rules
from .life.life import Life
from .reconstructor import FaceReconstructor, calibrated
from .runtime import Model

Floats = NDArray[np.float64]

SHIPPED: Final = ("anatomy", "robust", "ridge")
"""Models whose weights come with the program; the first is the default."""

DEFAULT: Final = SHIPPED[0]

_MEAN_OF: Final = "mean:"
_PACKAGE: Final = __name__.rpartition(".")[0]


class OnnxPredictor:
    """A model file as a predictor, for one wearer."""

    def __init__(self, model: Model, profile: Profile | None) -> None:
        self._model = model
        self.runs_on = model.runs_on
        # As the graph makes them, `Model.made`, and then what is sent: one call copies all it made.
        self._made = np.zeros((5, len(ARKIT)))
        self._guess = Guess(faces=self._made[1:], events=self._made[0, : len(EVENTS)])
        order = [ARKIT_INDEX[name] for name in model.metadata.features]
        self._order = None if order == list(range(len(ARKIT))) else np.array(order)
        gains = model.metadata.send_gain
        ones = [1.0] * len(ARKIT)
        self._gains = [
            np.array(gains.get(rig, ones)) for rig in ("none", "eyes", "mouth", "mouth+eyes")
        ]
        if profile is not None:
            anchors = Correction(profile).anchors()
            known = np.isfinite(anchors)
            model.inputs["anchors"][0] = np.where(known, anchors, 0.0)
            model.inputs["anchor_mask"][0] = known

    def predict(self, seen: Observation, horizon_s: float) -> Guess:
        """Run the graph once."""
        model, made, guess = self._model, self._made, self._guess
        model.seen[:] = seen.rows if self._order is None else seen.rows[:, self._order]
        model.inputs["horizon_s"][0, 0] = horizon_s
        model.run()
        made[:4] = model.made
        gains = self._gains[2 * seen.mouth + seen.eyes]
        np.multiply(guess.faces[MEDIAN], gains, out=guess.faces[SENT])
        return guess

    def reset(self) -> None:
        """Forget the past."""
        self._model.reset()


def model_path(name: str) -> Path:
    """Return the file of a shipped model.

    Raises:
        ModelError: Its weights are not in this installation.
    """
    with as_file(files(_PACKAGE) / "weights" / f"{name}.onnx") as path:
        if not path.is_file():
            raise ModelError(f"{name}: its weights are missing here: install unvisor again")
        return path


def metadata(model: str) -> Metadata | None:
    """Return what a model says of itself; None for one without weights (`neutral`, `rules`)."""
    if model in ("neutral", "rules"):
        return None
    return Model(_file(_weights(model))).metadata


def predictor(model: str, profile: Profile | None, *, gpu: bool = False) -> Predictor:
    """Return the predictor of that name or file.

    Args:
        model: `neutral`, `mean`, `rules`, one of `SHIPPED`, the path of an ONNX file, or
            `mean:FILE.onnx` for the mean face of that file's training people.
        profile: The wearer's.
        gpu: Let CUDA run a file where it can; for models too large for a core.

    Raises:
        ModelError: No such model, or a file that does not obey the contract.
    """
    if model == "neutral":
        return Constant()
    if model == "rules":
        return Rules()
    if model == "mean" or model.startswith(_MEAN_OF):
        return Constant(np.array(Model(_file(_weights(model))).metadata.mean))
    return OnnxPredictor(Model(_file(model), gpu=gpu), profile)


def reconstructor(
    model: str, profile: Profile | None, life: Life | None = None, *, gpu: bool = False
) -> FaceReconstructor:
    """Return a reconstructor with the model of that name or file, for one wearer, alive or not.

    A model that will not be asked, for its wearer is not known, is loaded only to be checked: never on
    a GPU.
    """
    gpu = gpu and calibrated(profile)
    return FaceReconstructor(predictor(model, profile, gpu=gpu), profile, life)


def _weights(model: str) -> str:
    """Return the model whose file holds what `model` needs."""
    return DEFAULT if model == "mean" else model.removeprefix(_MEAN_OF)


def _file(model: str) -> Path:
    if model in SHIPPED:
        return model_path(model)
    if Path(model).exists() and not model.endswith(".onnx"):
        raise ModelError(f"{model}: not an .onnx file: name a model that train wrote")
    if not model.endswith(".onnx"):
        known = ", ".join(("neutral", "mean", "rules", *SHIPPED))
        raise ModelError(f"{model}: no such model: use {known} or a FILE.onnx")
    return Path(model)

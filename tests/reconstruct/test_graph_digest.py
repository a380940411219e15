from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from unvisor.headset.errors import ModelError
from unvisor.reconstruct.fit.closed_form import fit_closed_form
from unvisor.reconstruct.fit.event_odds import fit_event_odds
from unvisor.reconstruct.fit.export import export
from unvisor.reconstruct.fit.sheets import sheet
from unvisor.reconstruct.graph_digest import graph_digest
from unvisor.reconstruct.runtime import Model

from .faces import sensed


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sheets = [sheet(sensed(seed=seed, seconds=20.0), calibration_s=10.0) for seed in (1, 2)]
    path = tmp_path_factory.mktemp("model") / "m.onnx"
    fitted = fit_closed_form("ridge", sheets)
    export(path, fitted, fit_event_odds(sheets), takes=(), licence="a test's own")
    return path


def test_an_exported_file_holds_the_digest_of_its_graph(exported: Path) -> None:
    assert Model(exported).metadata.digest == graph_digest(exported.read_bytes())


def test_it_is_of_the_graph_alone(exported: Path) -> None:
    proto = onnx.ModelProto.FromString(exported.read_bytes())
    before = graph_digest(exported.read_bytes())
    proto.producer_name = "somebody else"
    assert graph_digest(proto.SerializeToString()) == before
    proto.graph.name = "another"
    assert graph_digest(proto.SerializeToString()) != before


def test_a_file_whose_weights_changed_is_refused(exported: Path, tmp_path: Path) -> None:
    proto = onnx.ModelProto.FromString(exported.read_bytes())
    for tensor in proto.graph.initializer:
        if tensor.name == "map_of":
            changed = numpy_helper.to_array(tensor).copy()
            changed[-1, 0, 0] += np.float32(1e-3)
            tensor.CopyFrom(numpy_helper.from_array(changed, "map_of"))
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match="damaged"):
        Model(damaged)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80", b"\x3a\x7f", b"\x3a", b"\xff" * 11, b"\x3b\x00", b"\x08\x07"],
    ids=["nothing", "half a tag", "cut short", "no size", "no end", "odd wire type", "no graph"],
)
def test_what_is_no_model_has_none(content: bytes) -> None:
    assert graph_digest(content) is None

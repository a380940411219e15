"""That the live benchmarks measure what they say; how fast, no test asks."""

from __future__ import annotations

import json
import multiprocessing
import threading
from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.errors import SensorError
from unvisor.headset.frame import EyeSample, FaceSample
from unvisor.headset.sensors import babble, eye_track_vr
from unvisor.headset.sensors.osc_face import OscFace
from unvisor.headset.sensors.udp import Packet, UdpReader, UdpSettings
from unvisor.reconstruct.bench import live_benchmark, live_senders
from unvisor.tools.main import main


@pytest.mark.parametrize("paced", live_benchmark.PACED)
def test_a_live_run_is_measured(paced: live_benchmark.Paced) -> None:
    threads = threading.active_count()
    live = live_benchmark.live(paced, 0.5)
    assert threading.active_count() == threads
    stages = {row.stage: row for row in live.stages}
    assert len(stages) == 5
    assert live.rate_hz > 0.0
    assert live.cpu_share > 0.0
    assert 0.0 <= live.unseen_share < 1.0
    for row in stages.values():
        assert 0.0 < row.p50_ms <= row.p99_ms <= row.worst_ms
        assert row.count > 5
    assert stages["received to sensor frame"].p50_ms < stages["received to face"].p50_ms


def test_what_trackers_send_is_read_and_numbered() -> None:
    readers = [
        UdpReader(UdpSettings(), OscFace(dialect), remedy="")
        for dialect in (eye_track_vr.DIALECT, babble.DIALECT)
    ]
    with readers[0], readers[1]:
        trackers = (
            live_senders.eyes(readers[0].port, 200.0),
            live_senders.mouth(readers[1].port, 100.0),
        )
        lids: list[float] = []
        tongues: list[float] = []
        with live_senders.trackers(*trackers) as sending:
            while len(lids) < 20 or len(tongues) < 20:
                for sample in (*readers[0].read(), *readers[1].read()):
                    if isinstance(sample, EyeSample):
                        lids.append(float(sample.openness[0]))
                    elif isinstance(sample, FaceSample):
                        tongues.append(float(sample.weights[live_benchmark.TONGUE]))
            eyes_sent_ns, mouth_sent_ns = sending.stop()
    for values, sent_ns in ((lids, eyes_sent_ns), (tongues, mouth_sent_ns)):
        numbers = np.array(values)[np.isfinite(values)] * live_senders.NUMBERS
        assert (numbers == np.round(numbers)).all()
        assert (np.diff(numbers) >= 0).all()
        assert numbers[-1] < len(sent_ns)
        assert (np.diff(sent_ns) > 0).all()


def test_a_flood_is_drained_within_bounds() -> None:
    kept: list[Packet] = []
    reader = UdpReader(UdpSettings(), OscFace(babble.DIALECT), remedy="")
    reader.tap = kept.append
    pause = threading.Event()
    with reader, live_senders.flood(reader.port, live_benchmark.FLOOD_HZ) as flooding:
        samples = 0
        while len(kept) < 5000:
            assert reader.waiting <= 256
            assert not pause.wait(0.005)
            samples += len(reader.read())
        ((count,),) = flooding.stop()
        threads = threading.active_count()
    assert count > 5000
    assert 0 < samples < 5000 / 4  # a face is told once in 2 ms, not once a packet
    assert threading.active_count() == threads - 1


def killed() -> None:
    with live_senders.trackers(live_senders.eyes(9, 1.0)):
        (child,) = multiprocessing.active_children()
        child.kill()
        child.join()


def test_a_sender_that_dies_is_an_error() -> None:
    with pytest.raises(SensorError, match="died"):
        killed()


def test_the_command_writes_what_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    assert main(["bench", "--flood-s", "0.5", "--json", str(out)]) == 0
    figures = json.loads(out.read_text("utf-8"))
    flood = figures["flood"]
    assert figures["live"] == figures["costs_ms"] == []
    assert flood["sent_hz"] > flood["kept_hz"] > 0.0
    assert flood["quiet"]["count"] > 5
    assert "packets a second sent" in capsys.readouterr().out

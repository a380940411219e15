from __future__ import annotations

import socket
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from unvisor.calibration.consent.audit import Audit, Ground, file_digest
from unvisor.calibration.consent.chain_lines import Line
from unvisor.calibration.consent.context import Context
from unvisor.calibration.consent.gate import Gated
from unvisor.calibration.consent.kept import delete_made, made_under, sent_under
from unvisor.calibration.consent.permit import SignedPermit
from unvisor.calibration.consent.record import Record
from unvisor.calibration.consent.store import Store
from unvisor.datasets.performance import performance
from unvisor.datasets.simulate import simulate
from unvisor.headset.errors import ConsentError
from unvisor.headset.frame import Origin, SensorFrame
from unvisor.headset.outputs import vrchat
from unvisor.headset.plug import GOLDEN_FACE
from unvisor.headset.rig import RIGS
from unvisor.headset.sensors.playback import Playback
from unvisor.reconstruct import models, pipeline

from .conftest import NOW


def ground(record: Record) -> Ground:
    return Ground(
        application="run", basis="consent", consent=record.id, digest=record.digest, model="m" * 64
    )


def lines(store: Store) -> tuple[Line, ...]:
    found = store.check()
    assert not found.faults
    return found.lines


def test_a_run_is_told_whole_and_without_a_face(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    permit = SignedPermit(store, record, evening, now=NOW)
    recording = simulate(performance(), RIGS["mouth+eyes"]).first(1.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        port = int(receiver.getsockname()[1])
        sink = vrchat.PLUG.make(vrchat.PLUG.settings(host="127.0.0.1", port=port))
        gate = Gated("vrchat", sink, permit)
        audit = Audit(store.chain(NOW), ground(record), utc=lambda: NOW, outputs={"vrchat": gate})
        counts = pipeline.run(
            Playback("x", lambda: recording.frames(30.0), loop=False),
            models.reconstructor("anatomy", None),
            [gate, audit],
        )
    start, end = [line.entry for line in lines(store) if line.entry.run]
    assert (start.event, end.event) == ("start", "end")
    assert end.consent == record.id
    assert end.digest == record.digest
    # At first there may be nothing to tell VRChat of; what it is not sent does not count.
    assert counts.frames - 1 <= end.sent["vrchat"].faces <= counts.frames
    assert end.sent["vrchat"].octets > 0
    assert sum(end.shares.values()) == pytest.approx(1.0, abs=1e-3)
    assert end.shares["measured"] > 0.1
    text = b"".join(path.read_bytes() for path in store.audit_folder.glob("*.jsonl")).decode()
    assert sent_under(record.id, lines(store)) == {"vrchat": end.sent["vrchat"].faces}
    assert not {name for name in ("JawOpen", "gaze", "openness", "weights") if name in text}


def test_lines_are_written_meanwhile(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    audit = Audit(store.chain(NOW), ground(record), utc=lambda: NOW, outputs={}, every_s=0.05)
    with audit:
        deadline_s = time.monotonic() + 30
        while store.check().count < 6 and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert audit.health().state == "waiting"
    events = [line.entry.event for line in lines(store)]
    assert set(events[2:]) == {"start", "going", "end"}
    assert store.check().count >= 7


def test_a_tampered_log_lets_no_run_begin(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    chain = store.chain(NOW)
    place = next(store.audit_folder.glob("*.jsonl"))
    place.write_bytes(place.read_bytes()[:-9])
    audit = Audit(chain, ground(record), utc=lambda: NOW, outputs={})
    with pytest.raises(ConsentError, match=r"was cut: see `unvisor consent audit`"), audit:
        pass


def test_a_log_that_fails_meanwhile_is_told_and_stops_nothing(
    store: Store, evening: Context
) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    audit = Audit(store.chain(NOW), ground(record), utc=lambda: NOW, outputs={}, every_s=0.02)
    head = store.audit_folder / "head.json"
    audit.__enter__()
    head.unlink()
    deadline_s = time.monotonic() + 30
    while audit.health().state != "lost" and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert "sets the log aside" in audit.health().remedy
    with pytest.raises(ConsentError, match=r"head\.json: is missing"):
        audit.__exit__(None, None, None)


def test_shares_are_of_all_channels_that_have_a_value(store: Store, evening: Context) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    audit = Audit(store.chain(NOW), ground(record), utc=lambda: NOW, outputs={})
    assert audit.shares == {}
    origin = np.full(88, Origin.ABSENT, np.uint8)
    origin[:4] = Origin.MEASURED, Origin.INFERRED, Origin.SYNTHESISED, Origin.HELD
    face = replace(GOLDEN_FACE, origin=origin, eye_origin=np.full(2, Origin.MEASURED, np.uint8))
    audit.put(SensorFrame(time_ns=0), face)
    assert audit.shares == {
        "measured": 0.5, "inferred": 0.1667, "synthesised": 0.1667, "held": 0.1667,
    }  # fmt: skip


def test_a_withdrawal_deletes_what_was_made_and_lists_the_rest(
    store: Store, evening: Context, tmp_path: Path
) -> None:
    record = store.give(evening, now=NOW, how="--yes")
    kept, changed, crashed = (tmp_path / f"{name}.h5" for name in ("kept", "changed", "crashed"))
    other = tmp_path / "other.h5"
    made = dict.fromkeys((kept, changed, crashed, other), "recording")
    chain = store.chain(NOW)
    audit = Audit(chain, ground(record), utc=lambda: NOW, outputs={}, made=made)
    with audit:
        for path in (kept, changed, other):
            path.write_bytes(b"a face")
        crashed.with_suffix(".journal").write_bytes(b"half a face")
        crashed.with_stem("crashed-recovered-1").write_bytes(b"half a face")
    for path in (kept, changed, crashed, other):
        audit.keep_file(path, "recording")
    changed.write_bytes(b"something of the wearer's own")
    again = store.give(evening, now=NOW + timedelta(days=1), how="--yes")
    later = Audit(chain, ground(again), utc=lambda: NOW, outputs={})
    later.keep_file(other, "recording")  # made again, under another consent
    store.withdraw(record, now=NOW, how="test")
    assert set(made_under(record.id, lines(store))) == {kept, changed, crashed}
    after = delete_made(record.id, lines(store))
    assert after.deleted == (kept,)
    assert not kept.exists()
    assert other.exists()
    assert changed.read_bytes() == b"something of the wearer's own"
    told = "\n".join(after.left)
    for words in (
        "changed.h5: was changed",
        "crashed.journal: of a recording that goes on or was cut off",
        "crashed-recovered-1.h5: of a recording",
        "copies",
    ):
        assert words in told


def test_a_digest_is_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"abc")
    assert file_digest(tmp_path / "m").startswith("ba7816bf")
    assert file_digest(tmp_path / "none") == ""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py as untyped
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unvisor.datasets.layout import LAYOUT, Part
from unvisor.datasets.recording import EventStream, Recording
from unvisor.datasets.store import load, load_faces, save, save_faces
from unvisor.datasets.streams import (
    About,
    AudioStream,
    EyesStream,
    FaceStream,
    FaceTrack,
    HeadStream,
    SpeechStream,
    Stream,
    Truth,
    WornStream,
)
from unvisor.headset.errors import RecordingError
from unvisor.headset.names import ARKIT, UNIFIED
from unvisor.headset.permit import Basis

h5py: Any = untyped
Damage = Callable[[Any], None]

T = 40
RNG = np.random.default_rng(1)
TIMES = np.arange(T, dtype=np.int64) * 16_666_667 + 3
ABOUT = About(
    person="P-01",
    basis=Basis(kind="licence", text="CC BY 4.0"),
    rig="mouth+eyes",
    source="take é.csv",
    tracker="ARKit",
    notes={"seed": "3", "noise": "none"},
)


def some(*shape: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    values = RNG.normal(0.4, 0.5, (T, *shape))
    values[RNG.random(values.shape) < 0.2] = np.nan
    return values


def track() -> FaceTrack:
    return FaceTrack(
        time_ns=TIMES,
        arkit=some(52),
        arkit_median=some(52),
        arkit_low=some(52),
        arkit_high=some(52),
        unified=some(88),
        origin=RNG.choice([0, 1, 2, 3, 255], (T, 88)).astype(np.uint8),
        events=some(6),
    )


def example() -> Recording:
    """A recording of everything there is, its streams not in the order of the alphabet."""
    late = TIMES + 20_000_000
    streams: dict[str, Stream] = {
        "mouth": FaceStream(time_ns=TIMES, received_ns=late, weights=some(88), confidence=some(88)),
        "guess": FaceStream(
            time_ns=TIMES,
            received_ns=late,
            weights=some(88),
            confidence=some(88),
            origin=RNG.choice([0, 1, 255], (T, 88)).astype(np.uint8),
        ),
        "eyes": EyesStream(
            time_ns=TIMES,
            received_ns=late,
            gaze=some(2, 3),
            openness=some(2),
            pupil_mm=some(2),
            confidence=some(2),
        ),
        "head": HeadStream(
            time_ns=TIMES, received_ns=late, orientation_xyzw=some(4), position_m=some(3)
        ),
        "audio": AudioStream(
            time_ns=TIMES,
            received_ns=late,
            samples=RNG.normal(0, 0.1, (T, 160)).astype(np.float32),
            sample_rate_hz=16_000,
        ),
        "worn": WornStream(
            time_ns=TIMES, received_ns=late, worn=RNG.integers(0, 2, T).astype(np.uint8)
        ),
        "guess_speech": SpeechStream(
            time_ns=TIMES,
            received_ns=late,
            level=some(),
            visemes=some(15),
            muted=RNG.choice([0.0, 1.0, np.nan], T),
        ),
    }
    return Recording(
        about=ABOUT,
        streams=streams,
        truth=Truth(time_ns=TIMES, arkit=some(52), eyes_rad=some(2, 3), head_rad=some(3)),
        face=track(),
        events={"cues": EventStream(time_ns=TIMES[:2], text=("smile", "lève les sourcils"))},
        span_ns=(0, int(TIMES[-1]) + 5),
    )


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Recording]:
    path = tmp_path_factory.mktemp("store") / "whole.h5"
    recording = example()
    save(path, recording)
    return path, recording


def assert_same(got: Part | None, given: Part | None) -> None:
    assert got is not None
    assert given is not None
    assert type(got) is type(given)
    for name in ("time_ns", *LAYOUT[type(given)]):
        one, other = getattr(got, name), getattr(given, name)
        if other is None:
            assert one is None
            continue
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_what_is_loaded_is_what_was_saved_to_the_bit(stored: tuple[Path, Recording]) -> None:
    path, given = stored
    got = load(path)
    assert got.about == given.about
    assert got.span_ns == given.span_ns
    assert list(got.streams) == list(given.streams)
    for name, stream in given.streams.items():
        assert_same(got.streams[name], stream)
        np.testing.assert_array_equal(got.streams[name].received_ns, stream.received_ns)
    assert_same(got.truth, given.truth)
    assert_same(got.face, given.face)
    assert got.events["cues"].text == given.events["cues"].text
    np.testing.assert_array_equal(got.events["cues"].time_ns, TIMES[:2])


def test_a_file_asks_for_no_newer_program_than_its_streams_do(tmp_path: Path) -> None:
    path, given = tmp_path / "x.h5", example()
    plain = {n: s for n, s in given.streams.items() if not isinstance(s, WornStream | SpeechStream)}
    save(path, Recording(about=ABOUT, streams=plain))
    with h5py.File(path) as file:
        assert file.attrs["schema_version"] == 1
        assert "origin" not in file["sensors/mouth"]  # all measured, as files always had it
    assert_same(load(path).streams["guess"], given.streams["guess"])
    assert_same(load(path).streams["mouth"], given.streams["mouth"])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays(np.float64, (3, 52), elements=st.floats(allow_infinity=False)))
def test_any_truth_survives(tmp_path: Path, arkit: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    truth = Truth(time_ns=TIMES[:3], arkit=arkit)
    save(tmp_path / "x.h5", Recording(about=About(), truth=truth))
    assert_same(load(tmp_path / "x.h5").truth, truth)


def test_exact_singles_are_stored_in_half_the_space(tmp_path: Path) -> None:
    single = some(52).astype(np.float32).astype(np.float64)
    save(tmp_path / "x.h5", Recording(about=About(), truth=Truth(time_ns=TIMES, arkit=single)))
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["truth/arkit"].dtype == np.float32


def test_the_layout_that_other_programs_read(stored: tuple[Path, Recording]) -> None:
    path, given = stored
    truth = given.truth
    assert truth is not None
    with h5py.File(path) as file:
        assert file.attrs["schema"] == "unvisor-recording"
        assert file.attrs["schema_version"] == 2
        assert file.attrs["licence"] == "CC BY 4.0"
        assert list(file["truth/arkit"].attrs["names"]) == list(ARKIT)
        assert list(file["sensors/mouth/weights"].attrs["names"]) == list(UNIFIED)
        assert list(file["face/unified"].attrs["names"]) == list(UNIFIED)
        assert file["sensors/eyes"].attrs["kind"] == "eyes"
        assert file["sensors/eyes/gaze"].shape == (T, 2, 3)
        assert file["truth/time_ns"].dtype == np.int64
        assert file["sensors/eyes/pupil_mm"].attrs["units"] == "mm"
        assert file["face/origin"].dtype == np.uint8
        np.testing.assert_array_equal(file["truth/arkit"][...], truth.arkit)
        found = list[str]()
        file.visit(found.append)
        arrays_in = [file[name] for name in found]
        stored_arrays = [
            n for n in arrays_in if isinstance(n, h5py.Dataset) and n.dtype.kind != "O"
        ]
        assert len(stored_arrays) > 20
        assert {n.compression for n in stored_arrays} == {"gzip"}
        assert all(n.fletcher32 for n in stored_arrays)


def test_truth_may_be_deleted_or_overwritten(
    tmp_path: Path, stored: tuple[Path, Recording]
) -> None:
    path = tmp_path / "x.h5"
    shutil.copy(stored[0], path)
    before = load(path)
    with h5py.File(path, "r+") as file:
        file["truth/arkit"][...] = np.nan
    truth = load(path).truth
    assert truth is not None
    assert np.isnan(truth.arkit).all()
    with h5py.File(path, "r+") as file:
        del file["truth"]
    after = load(path)
    assert after.truth is None
    assert after.span_ns == before.span_ns
    np.testing.assert_array_equal(after.frame_times(), stored[1].frame_times())


def test_channels_are_matched_by_name(tmp_path: Path, stored: tuple[Path, Recording]) -> None:
    path = tmp_path / "x.h5"
    shutil.copy(stored[0], path)
    with h5py.File(path, "r+") as file:
        node = file["truth/arkit"]
        node[...] = node[...][:, ::-1]
        node.attrs["names"] = np.array(ARKIT[::-1], dtype="S")
    assert_same(load(path).truth, stored[1].truth)


def test_faces_alone(tmp_path: Path, stored: tuple[Path, Recording]) -> None:
    faces = track()
    save_faces(tmp_path / "z.h5", ABOUT, faces)
    assert_same(load_faces(tmp_path / "z.h5"), faces)
    assert load(tmp_path / "z.h5").about == ABOUT
    save(tmp_path / "y.h5", Recording(about=ABOUT))
    assert load(tmp_path / "y.h5").span_ns == (0, 0)
    with pytest.raises(RecordingError, match="unvisor reconstruct"):
        load_faces(tmp_path / "y.h5")


def test_a_refused_recording_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    save(path, Recording(about=ABOUT))
    old = path.read_bytes()
    bad = Truth(time_ns=TIMES[::-1].copy(), arkit=some(52))
    with pytest.raises(RecordingError, match="go forward"):
        save(path, Recording(about=ABOUT, truth=bad, span_ns=(0, 1)))
    infinite = Truth(time_ns=TIMES, arkit=np.full((T, 52), np.inf))
    with pytest.raises(RecordingError, match="infinite"):
        save(path, Recording(about=ABOUT, truth=infinite))
    narrow = Truth(time_ns=TIMES, arkit=some(51))
    with pytest.raises(RecordingError, match="should be"):
        save(path, Recording(about=ABOUT, truth=narrow))
    with pytest.raises(RecordingError, match="cannot name a source"):
        save(path, Recording(about=ABOUT, streams={"../mouth": example().streams["mouth"]}))
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["x.h5"]
    with pytest.raises(RecordingError, match="no folder"):
        save(tmp_path / "nowhere" / "x.h5", Recording(about=ABOUT))


@pytest.mark.parametrize("written", ["", "not stated", "CC0"])
def test_a_licence_is_what_was_stated_and_nothing_else(tmp_path: Path, written: str) -> None:
    path = tmp_path / "x.h5"
    save(path, Recording(about=About(basis=Basis(kind="licence", text=written))))
    assert load(path).about.basis.text == ("CC0" if written == "CC0" else "")
    with h5py.File(path, "r+") as file:
        del file.attrs["basis_text"], file.attrs["basis_kind"]  # as another program writes it
        file.attrs["licence"] = written
    assert load(path).about.basis == Basis(kind="licence", text="CC0" if written == "CC0" else "")
    assert About().basis.text == ""


def test_a_file_replaced_under_an_open_recording_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    save(path, example())
    opened = load(path)
    save(path, example())
    with pytest.raises(RecordingError, match="open it again"):
        opened.streams["mouth"]


def replaced(name: str, values: Any) -> Damage:
    def damage(file: Any) -> None:
        del file[name]
        file[name] = values

    return damage


def renamed(name: str, names: list[str]) -> Damage:
    def damage(file: Any) -> None:
        file[name].attrs["names"] = names

    return damage


def told(name: str, value: Any, where: str = "/") -> Damage:
    def damage(file: Any) -> None:
        file[where].attrs[name] = value

    return damage


def linked(name: str, link: Any) -> Damage:
    def damage(file: Any) -> None:
        del file[name]
        file[name] = link

    return damage


def declared(file: Any) -> None:
    """Declare 50 GB that are nowhere in the file."""
    del file["sensors/mouth"]
    group = file.create_group("sensors/mouth")
    group.attrs["kind"] = "face"
    for name, row, dtype in (
        ("time_ns", (), "i8"),
        ("received_ns", (), "i8"),
        ("weights", (88,), "f8"),
        ("confidence", (88,), "f8"),
    ):
        group.create_dataset(name, (60_000_000, *row), dtype, chunks=(1000, *row))


def cyclic(file: Any) -> None:
    file["sensors/mouth/again"] = file["sensors"]
    del file["sensors/eyes"]
    file["sensors/eyes"] = file["sensors"]


def elsewhere(file: Any) -> None:
    layout = h5py.VirtualLayout((T, 52), "f8")
    layout[...] = h5py.VirtualSource("other.h5", "x", (T, 52))
    del file["truth/arkit"]
    file.create_virtual_dataset("truth/arkit", layout)


def outside(file: Any) -> None:
    del file["truth/arkit"]
    file.create_dataset("truth/arkit", (T, 52), "f8", external=[("secret", 0, T * 52 * 8)])


HOSTILE: dict[str, tuple[Damage, str]] = {
    "newer": (told("schema_version", 3), "update unvisor"),
    "none yet": (told("schema_version", 0), "update unvisor"),
    "no version": (told("schema_version", "1"), "whole number"),
    "other schema": (told("schema", "eeg"), "no recording of ours"),
    "schema of bytes": (told("schema", np.zeros(1000)), "too large"),
    "basis": (told("basis_kind", "rumour"), "basis_kind"),
    "notes": (told("notes", "[1"), "notes"),
    "notes of numbers": (told("notes", '{"a": 1}'), "notes"),
    "kind": (told("kind", "smell", "sensors/mouth"), "kind"),
    "sound": (told("sample_rate_hz", 0, "sensors/audio"), "sample_rate_hz"),
    "span": (told("end_ns", -5), "after|negative|ends before"),
    "huge": (declared, "declares more"),
    "cycle": (cyclic, "kind"),
    "soft link": (linked("truth/arkit", h5py.SoftLink("/face/arkit")), "link"),
    "external link": (linked("truth", h5py.ExternalLink("other.h5", "/truth")), "link"),
    "virtual": (elsewhere, "another file"),
    "external": (outside, "another file"),
    "group for array": (linked("truth/arkit", h5py.SoftLink("/")), "link"),
    "objects": (replaced("truth/arkit", np.array(["a"] * T, dtype=object)), "shape|holds"),
    "text": (replaced("truth/time_ns", np.array([b"a"] * T)), "holds"),
    "compound": (
        replaced("truth/time_ns", np.zeros(T, dtype=[("a", "i8"), ("b", "f8")])),
        "holds",
    ),
    "complex": (replaced("truth/arkit", np.zeros((T, 52), complex)), "holds"),
    "integers": (replaced("truth/arkit", np.zeros((T, 52), int)), "holds"),
    "narrow": (replaced("truth/arkit", np.zeros((T, 51))), "shape"),
    "short": (replaced("truth/arkit", np.zeros((T - 1, 52))), "rows"),
    "scalar": (replaced("truth/arkit", 1.0), "shape"),
    "empty": (replaced("truth/arkit", h5py.Empty("f8")), "shape"),
    "float times": (replaced("truth/time_ns", np.full(T, np.nan)), "holds"),
    "backward": (replaced("truth/time_ns", TIMES[::-1].copy()), "go forward"),
    "repeated": (replaced("truth/time_ns", np.zeros(T, np.int64)), "go forward"),
    "negative": (replaced("sensors/mouth/time_ns", TIMES - 10), "go forward"),
    "unsigned": (replaced("sensors/mouth/time_ns", np.full(T, 1 << 63, np.uint64)), "holds"),
    "received backward": (replaced("sensors/mouth/received_ns", TIMES[::-1].copy()), "forward"),
    "centuries": (replaced("truth/time_ns", np.arange(T) * (1 << 56)), "one session"),
    "misnamed": (renamed("truth/arkit", ["eyeBlonk", *ARKIT[1:]]), "eyeBlonk"),
    "twice": (renamed("truth/arkit", [ARKIT[1], *ARKIT[1:]]), "vocabulary"),
    "too few names": (renamed("truth/arkit", [*ARKIT[1:]]), ARKIT[0]),
    "too many names": (renamed("truth/arkit", ["x"] * 1000), "too large"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_no_recording_holds_is_refused_by_name(
    case: str, tmp_path: Path, stored: tuple[Path, Recording]
) -> None:
    damage, words = HOSTILE[case]
    path = tmp_path / "x.h5"
    shutil.copy(stored[0], path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(RecordingError, match=words) as refusal:
        load(path)
    assert str(path) in str(refusal.value)
    assert ": " in str(refusal.value)


def test_an_infinite_value_is_refused_when_it_is_read(
    tmp_path: Path, stored: tuple[Path, Recording]
) -> None:
    path = tmp_path / "x.h5"
    shutil.copy(stored[0], path)
    with h5py.File(path, "r+") as file:
        file["truth/arkit"][3, 4] = np.inf
    with pytest.raises(RecordingError, match="truth/arkit"):
        _ = load(path).truth


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"timecode,count\n", "unvisor import"),
        (b"\x89HDF\r\n\x1a\n" + bytes(500), "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=words):
        load(path)


def test_missing_files_folders_and_foreign_hdf5_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such file"):
        load(tmp_path / "x.h5")
    with pytest.raises(RecordingError, match="not a file"):
        load(tmp_path)
    with h5py.File(tmp_path / "eeg.h5", "w") as file:
        file["eeg"] = np.zeros(3)
    with pytest.raises(RecordingError, match="unvisor import"):
        load(tmp_path / "eeg.h5")


def everything(path: Path) -> None:
    """Read all there is in a file."""
    recording = load(path)
    _ = [*recording.streams.values(), recording.truth, recording.face]


def test_a_file_cut_anywhere_is_refused(tmp_path: Path, stored: tuple[Path, Recording]) -> None:
    whole = stored[0].read_bytes()
    path = tmp_path / "x.h5"
    for length in np.linspace(1, len(whole) - 1, 60).astype(int).tolist():
        path.write_bytes(whole[:length])
        with pytest.raises(RecordingError):
            everything(path)


def test_a_flipped_bit_is_refused_or_harmless(
    tmp_path: Path, stored: tuple[Path, Recording]
) -> None:
    whole = stored[0].read_bytes()
    path = tmp_path / "x.h5"
    rng = np.random.default_rng(7)
    caught = 0
    for at in rng.integers(0, len(whole), 40).tolist():
        flipped = bytearray(whole)
        flipped[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        try:
            everything(path)
        except RecordingError:
            caught += 1
    assert caught > 20  # most of the file is check-summed arrays

from __future__ import annotations

import io
import os
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av as untyped
import h5py
import numpy as np
import pytest
from PIL import Image

from unvisor.headset.errors import ModelError, OutputError, UnvisorError
from unvisor.headset.files import replacing

av: Any = untyped
posix = pytest.mark.skipif(os.name != "posix", reason="elsewhere: modes are POSIX's")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def put(path: Path, text: str, error: type[UnvisorError] = OutputError) -> None:
    with replacing(path, error) as draft:
        draft.write_text(text)


def test_until_the_end_the_old_file_stands_and_then_the_new(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with replacing(path, OutputError) as draft:
        assert (draft.parent, draft.suffix) == (tmp_path, ".json")
        draft.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_it_is_its_owners_alone_from_the_first_byte(tmp_path: Path) -> None:
    path, before = tmp_path / "x.json", os.umask(0)
    try:
        with replacing(path, OutputError) as draft:
            assert (draft.stat().st_size, mode(draft)) == (0, 0o600)
            draft.write_text("a face")
            assert mode(draft) == 0o600
    finally:
        os.umask(before)
    assert mode(path) == 0o600


def write_and_fail(path: Path, error: BaseException) -> None:
    with replacing(path, ModelError) as draft:
        draft.write_text("half")
        raise error


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt(), MemoryError()])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "x.json"
    put(path, "old")
    with pytest.raises(type(error)):
        write_and_fail(path, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_system_refuses_is_told_as_the_callers_error(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(ModelError, match=r"x\.json: cannot be written \(No space.*: check") as said:
        write_and_fail(path, OSError(28, "No space left on device"))
    assert isinstance(said.value.__cause__, OSError)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_and_a_folder_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(ModelError, match=r"no folder .*nowhere: create it"):
        put(tmp_path / "nowhere" / "x.json", "", ModelError)
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="taken: is a folder: name a file"):
        put(tmp_path / "taken", "")
    assert [place.name for place in tmp_path.iterdir()] == ["taken"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere: /proc is Linux's")
def test_a_folder_that_nobody_may_write_to() -> None:
    with pytest.raises(OutputError, match=r"/proc/self/x\.json: cannot be written"):
        put(Path("/proc/self/x.json"), "")


def test_the_longest_name_there_is(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 124 + ".json")  # 253 bytes
    put(path, "new")
    assert path.read_text() == "new"


def recording(draft: Path) -> None:
    with h5py.File(draft, "w") as file:
        file["x"] = np.arange(3)


def film(draft: Path) -> None:
    with av.open(str(draft), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", 25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def bundle(draft: Path) -> None:
    with zipfile.ZipFile(draft, "w") as archive:
        archive.writestr("x", "y")


def picture(draft: Path) -> None:
    Image.new("RGB", (4, 4)).save(draft)


def h5_opens(content: bytes) -> bool:
    with h5py.File(io.BytesIO(content)) as file:
        return list(file) == ["x"]


def film_opens(content: bytes) -> bool:
    with av.open(io.BytesIO(content)) as container:
        return len(list(container.decode(video=0))) == 1


def bundle_opens(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist() == ["x"]


def picture_opens(content: bytes) -> bool:
    return Image.open(io.BytesIO(content)).size == (4, 4)


@pytest.mark.parametrize(
    ("suffix", "write", "opens"),
    [
        (".h5", recording, h5_opens),
        (".mp4", film, film_opens),
        (".zip", bundle, bundle_opens),
        (".png", picture, picture_opens),
    ],
)
def test_every_library_writes_into_the_draft_and_leaves_its_mode(
    tmp_path: Path, suffix: str, write: Callable[[Path], None], opens: Callable[[bytes], bool]
) -> None:
    path = tmp_path / f"x{suffix}"
    with replacing(path, OutputError) as draft:
        made = draft.stat().st_ino
        write(draft)
    assert opens(path.read_bytes())
    if os.name == "posix":
        assert (path.stat().st_ino, mode(path)) == (made, 0o600)

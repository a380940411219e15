from __future__ import annotations

import base64
import struct
from pathlib import Path

import pytest

from unvisor.headset.compositor.avatars.gltf_container import Container
from unvisor.headset.errors import HeadsetError

from .gltf_made import Made, glb

SMALL = {"asset": {"version": "2.0"}, "buffers": [{"byteLength": 4}]}


def written(folder: Path, content: bytes, name: str = "a.glb") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_glb_gives_its_chunk_without_its_padding(tmp_path: Path) -> None:
    tree = SMALL | {"buffers": [{"byteLength": 5}]}
    container = Container(written(tmp_path, glb(tree, b"12345")))
    assert bytes(container.buffer(0)) == b"12345"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_gltf_takes_buffers_from_data_and_from_files_beside_it(
    tmp_path: Path, mark: bytes
) -> None:
    (tmp_path / "deep er").mkdir()
    written(tmp_path / "deep er", b"file", "b.bin")
    inline = base64.b64encode(b"data").decode()
    text = (
        b'{"asset":{"version":"2.0"},"buffers":[{"byteLength":4,"uri":"deep%20er/b.bin"},'
        b'{"byteLength":4,"uri":"data:application/octet-stream;base64,' + inline.encode() + b'"}]}'
    )
    container = Container(written(tmp_path, mark + text, "a.gltf"))
    assert bytes(container.buffer(0)) == b"file"
    assert bytes(container.buffer(1)) == b"data"


@pytest.mark.parametrize(
    "uri",
    ["../secret", "a/../../secret", "/etc/passwd", "..%2fsecret", "%2e%2e/secret", "C:/x", "..\\x",
     "file:///etc/passwd", "http://example.com/x", "link", "", "a%00b", "data:,plain",
     "data:;base64,***"],
)  # fmt: skip
def test_no_uri_leads_elsewhere(tmp_path: Path, uri: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    written(tmp_path, b"secret", "secret")
    try:
        (inner / "link").symlink_to(tmp_path / "secret")
    except OSError:
        assert uri != "link" or not (inner / "link").exists()  # no rights to make one on Windows
    container = Container(written(inner, glb(SMALL | {"buffers": [{"byteLength": 1, "uri": uri}]})))
    with pytest.raises(HeadsetError):
        container.buffer(0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a glTF file"),
        (b"PK\x03\x04 a zip", "not a glTF file"),
        (b"glTF", "too few"),
        (glb(SMALL, version=1), "glTF 1, not 2"),
        (glb({"asset": {"version": "1.0"}}), "glTF 1.0, not 2"),
        (glb(SMALL)[:-4], "of 84 bytes has 80"),
        (struct.pack("<4sII", b"glTF", 2, 24) + struct.pack("<I4s", 9999, b"JSON") + b"{}  ", "JSON"),
        (glb(b"[1, 2]"), "not a glTF file"),
        (glb(b'{"asset": {"version": "2.0"}, "nodes": ' + b"[" * 9999), "its JSON"),
        (glb(b'{"asset": {"version": "2.0"}, "x": "' + b"\xff" * 9 + b'", "nodes": 3}'), "its JSON"),
        (glb({"asset": {"version": "2.0"}, "nodes": [{"translation": [0, 0, "nan"]}]}), "translation"),
        (glb({"asset": {"version": "2.0"}, "accessors": [
            {"componentType": 5126, "type": "VEC3", "count": 10**9}]}), r"accessors\[0\]|count"),
        (glb(SMALL | {"extensionsRequired": ["KHR_draco_mesh_compression"]}), "Draco.*gltf-transform"),
        (glb(SMALL | {"extensionsRequired": ["KHR_texture_basisu"]}), "KTX2.*gltf-transform"),
        (glb(SMALL | {"extensionsRequired": ["X_unheard_of"]}), "requires X_unheard_of"),
    ],
)  # fmt: skip
def test_what_is_no_gltf_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(HeadsetError, match=says):
        Container(written(tmp_path, content))


def test_more_objects_than_any_avatar_are_not_decoded(tmp_path: Path) -> None:
    with pytest.raises(HeadsetError, match="more than any avatar has"):
        Container(
            written(tmp_path, glb(b'{"asset":{"version":"2.0"},"x":[' + b"{}," * 260_000 + b"0]}"))
        )


def test_a_whole_number_may_be_written_with_a_point(tmp_path: Path) -> None:
    text = b'{"asset":{"version":"2.0"},"buffers":[{"byteLength":4.0}]}'
    assert bytes(Container(written(tmp_path, glb(text, b"1234"))).buffer(0)) == b"1234"


def test_a_buffer_shorter_than_said_and_one_not_there_are_refused(tmp_path: Path) -> None:
    made = Made()
    made.view(b"12345678")
    made.tree["buffers"][0]["byteLength"] = 800
    container = Container(made.save(tmp_path))
    for number in (0, 1):
        with pytest.raises(HeadsetError, match="buffers"):
            container.buffer(number)


def test_a_file_not_there_and_a_folder_say_so(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "none.glb", "no such file"), (tmp_path, "a folder, not a file")):
        with pytest.raises(HeadsetError, match=f"{says}: name an avatar's"):
            Container(path)


def test_what_is_missing_beside_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.bin").mkdir()
    buffers = [{"byteLength": 1, "uri": f"{name}.bin"} for name in ("none", "folder", "n" * 300)]
    container = Container(written(tmp_path, glb(SMALL | {"buffers": buffers})))
    for number, says in enumerate(
        (
            r"^none\.bin: no such file: .*put it beside",
            r"^folder\.bin: a folder",
            r"^n+: cannot be read",
        )
    ):
        with pytest.raises(HeadsetError, match=says):
            container.buffer(number)

"""Files made to harm: refused, or harmless, and never at the cost of the machine's memory."""

from __future__ import annotations

import os
import random
import struct
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from unvisor.headset.compositor.avatars.file import load
from unvisor.headset.errors import HeadsetError

from .gltf_made import TRIANGLE, Made, glb
from .test_gltf_material import encoded
from .test_gltf_meshopt import TRIANGLES, VERTICES, octets

MANY = int(os.environ.get("UNVISOR_FUZZ", "300"))
MOST_BYTES = 200 << 20


def whole() -> Made:
    """A small file that has everything: skin, sparse target, texture, compressed views, VRM."""
    made = Made()
    joints = made.accessor([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]], "u1")
    weights = made.accessor([[1, 0, 0, 0], [1, 0, 0, 0], [0.5, 0.5, 0, 0]])
    uv = made.accessor([[0, 0], [65535, 0], [0, 65535]], "u2", normalized=True)
    targets = [made.sparse(3, [1], [[0, 0, 0.5]]), made.accessor(np.eye(3) * 0.1)]
    made.tree["images"] = [{"bufferView": made.view(encoded())}]
    made.tree["textures"] = [{"source": 0}]
    made.tree["materials"] = [
        {"name": "Skin", "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}
    ]
    made.mesh(
        attributes={"JOINTS_0": joints, "WEIGHTS_0": weights, "TEXCOORD_0": uv},
        targets=targets,
        names=["jawOpen", "eyeBlink_L"],
        material=0,
    )
    binds = made.accessor([np.eye(4).ravel()] * 2)
    made.tree["skins"] = [{"joints": [1, 2], "inverseBindMatrices": binds}]
    made.tree["nodes"] = [
        {"mesh": 0, "skin": 0},
        {"name": "Head", "children": [2], "translation": [0, 1, 0]},
        {"name": "LeftEye", "rotation": [0, 0, 0, 1]},
        {"mesh": 1},
    ]
    made.tree["scenes"] = [{"nodes": [0, 1, 3]}]
    packed_vertices, packed_corners = octets(VERTICES), octets(TRIANGLES)
    for packed, mode, count, stride in (
        (packed_vertices, "ATTRIBUTES", 300, 8),
        (packed_corners, "TRIANGLES", 159, 4),
    ):
        view = made.tree["bufferViews"][made.view(bytes(packed))]
        how = {"buffer": 0, "mode": mode, "count": count, "byteStride": stride}
        how |= {"byteOffset": view["byteOffset"], "byteLength": view["byteLength"]}
        view["extensions"] = {"EXT_meshopt_compression": how}
        view["byteLength"] = count * stride
    views = len(made.tree["bufferViews"])
    made.tree["accessors"] += [
        {"bufferView": views - 2, "componentType": 5123, "count": 300, "type": "VEC3"},
        {"bufferView": views - 1, "componentType": 5125, "count": 150, "type": "SCALAR"},
    ]
    accessors = len(made.tree["accessors"])
    made.tree["meshes"].append(
        {"primitives": [{"attributes": {"POSITION": accessors - 2}, "indices": accessors - 1}]}
    )
    bind = [{"node": 0, "index": 1, "weight": 1.0}]
    made.tree["extensions"] = {
        "VRMC_vrm": {
            "humanoid": {"humanBones": {"head": {"node": 1}, "leftEye": {"node": 2}}},
            "expressions": {"preset": {"blinkLeft": {"morphTargetBinds": bind, "isBinary": True}}},
            "lookAt": {"type": "bone"},
        }
    }
    return made


def test_the_whole_file_loads(tmp_path: Path) -> None:
    avatar = load(whole().save(tmp_path))
    assert avatar.targets.keys() == {"jawOpen", "eyeBlinkLeft"}
    assert len(avatar.triangles) == 51


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return it with some bytes changed, cut out or doubled, and a GLB's lengths made to fit or not."""
    out = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(len(out))
        match chance.randrange(4):
            case 0:
                out[at] = chance.randrange(256)
            case 1:
                del out[at : at + chance.randrange(1, 40)]
            case 2:
                out[at:at] = out[at : at + chance.randrange(1, 40)]
            case _:
                out[at : at + 4] = struct.pack("<I", chance.choice((0, 1, 2**31, 2**32 - 1)))
    return bytes(out)


def renumbered(made: Made, chance: random.Random) -> bytes:
    """Return it with numbers of its JSON changed to what is not expected there."""
    odd: tuple[object, ...] = (
        -1,
        0,
        1,
        3,
        77,
        2**20,
        10**9,
        2**63,
        1e300,
        -1e-300,
        0.5,
        None,
        [],
        {},
        "x",
        True,
    )
    places = list(numbers(made.tree, ()))
    for place in chance.sample(places, chance.choice((1, 1, 2, 3))):
        made.change(place, chance.choice(odd))
    return made.bytes()


def numbers(tree: object, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(tree, int | float):
        yield place
    elif isinstance(tree, dict):
        for name, inner in cast("dict[str, object]", tree).items():
            yield from numbers(inner, (*place, name))
    elif isinstance(tree, list):
        for number, inner in enumerate(cast("list[object]", tree)):
            yield from numbers(inner, (*place, number))


@pytest.mark.parametrize("kind", ["bytes", "numbers"])
def test_fuzz_mutated_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    chance = random.Random(5)
    content = whole().bytes()
    path = tmp_path / "hostile.glb"
    read = 0
    for _ in range(MANY):
        hostile = mutated(content, chance) if kind == "bytes" else renumbered(whole(), chance)
        path.write_bytes(hostile)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            refusal = refused(path)
        read += refusal is None
        assert refusal is None or refusal.startswith("hostile.glb: ")
        assert refusal is None or len(refusal) < 500
    assert 0 < read < MANY


def refused(path: Path) -> str | None:
    """Return why a file is not loaded; None where it is."""
    try:
        avatar = load(path)
    except HeadsetError as error:
        return str(error)
    assert np.isfinite(avatar.positions).all()
    assert avatar.triangles.max() < len(avatar.positions)
    return None


HUGE = 10**9


def crafted() -> dict[str, bytes]:
    """Files that ask for far more than they bring."""
    found: dict[str, bytes] = {}

    def craft(name: str, **changes: object) -> None:
        made = whole()
        made.tree |= changes
        found[name] = made.bytes()

    def put(name: str, place: tuple[str | int, ...], value: object) -> None:
        made = whole()
        made.change(place, value)
        found[name] = made.bytes()

    put("count of an accessor", ("accessors", 0, "count"), HUGE)
    put("length of a view", ("bufferViews", 0, "byteLength"), HUGE)
    put("offset of a view", ("bufferViews", 0, "byteOffset"), 2**32)
    put("length of a buffer", ("buffers", 0, "byteLength"), HUGE)
    put(
        "count packed",
        ("bufferViews", -2, "extensions", "EXT_meshopt_compression", "count"),
        3_000_000,
    )
    put(
        "stride packed",
        ("bufferViews", -2, "extensions", "EXT_meshopt_compression", "byteStride"),
        256,
    )
    empty = {"componentType": 5126, "count": 3_000_000, "type": "VEC3"}
    craft(
        "zeros from nothing",
        accessors=[empty],
        meshes=[{"primitives": [{"attributes": {"POSITION": 0}}]}] * 2,
    )
    corners = {"componentType": 5125, "count": 3_000_000, "type": "SCALAR"}
    small = {"componentType": 5126, "count": 3, "type": "VEC3"}
    for mode in (4, 5, 6):
        primitive = {"attributes": {"POSITION": 0}, "indices": 1, "mode": mode}
        craft(
            f"corners from nothing, mode {mode}",
            accessors=[small, corners],
            meshes=[{"primitives": [primitive] * 50}] * 2,
        )
    vertices = {"componentType": 5126, "count": 400_000, "type": "VEC3"}
    many = {"primitives": [{"attributes": {"POSITION": 0}}] * 900}
    craft("vertices from nothing, many times", accessors=[vertices], meshes=[many] * 2)
    made = Made()
    dense = made.accessor(np.ones((20_000, 3)))
    made.mesh(np.zeros((20_000, 3)), np.arange(19_998), targets=[dense] * 3000)
    found["one target three thousand times"] = made.bytes()
    made = Made()
    ones = np.ones((20_000, 3))
    targets = [made.accessor(ones)]
    for _ in range(2999):
        made.tree["accessors"].append(dict(made.tree["accessors"][targets[0]]))
        targets.append(len(made.tree["accessors"]) - 1)
    made.mesh(np.zeros((20_000, 3)), np.arange(19_998), targets=targets)
    found["three thousand targets in one view"] = made.bytes()
    made = whole()
    made.tree["extensions"]["VRMC_vrm"]["expressions"]["custom"] = {
        f"clip {number}": {"morphTargetBinds": [{"node": 0, "index": 1}] * 100}
        for number in range(2000)
    }
    found["two hundred thousand binds"] = made.bytes()
    made = whole()
    made.tree["nodes"] = [{"mesh": 0} for _ in range(8_000)]
    made.tree["scenes"] = [{"nodes": list(range(8_000))}]
    del made.tree["extensions"]
    found["a mesh at eight thousand nodes"] = made.bytes()
    made = Made()
    made.mesh()
    made.tree["nodes"] = [{"mesh": 0, "children": [n + 1]} for n in range(8_000)] + [{}]
    found["a chain of nodes"] = made.bytes()
    made = whole()
    made.tree["nodes"] += [{}] * 20_000
    found["too many nodes"] = made.bytes()
    made = whole()
    made.tree["skins"] = [{"joints": [1] * 900_000}]
    found["a million joints"] = made.bytes()
    made = whole()
    made.tree["accessors"][made.tree["skins"][0]["inverseBindMatrices"]] = {
        "componentType": 5126, "count": 3_000_000, "type": "MAT4",
    }  # fmt: skip
    found["three million matrices"] = made.bytes()
    made = Made()
    names = [f"jawOpen.{number:03d}" for number in range(3000)]
    made.mesh(targets=[made.accessor(np.ones((3, 3)))] * 3000, names=names)
    found["three thousand shapes"] = made.bytes()
    found["nested JSON"] = glb(b'{"asset":{"version":"2.0"},"extras":' + b"[" * 2_000_000)
    found["many numbers"] = glb(
        b'{"asset":{"version":"2.0"},"scenes":[{"nodes":[' + b"0," * 3_000_000 + b"0]}]}"
    )
    found["many objects"] = glb(
        b'{"asset":{"version":"2.0"},"nodes":[' + b"{}," * 3_000_000 + b"{}]}"
    )
    found["a long name"] = glb(
        {"asset": {"version": "2.0"}, "extensionsRequired": ["x" * 1_000_000]}
    )
    rows = np.array(TRIANGLE, np.float32)
    rows[1, 1] = np.nan
    made = Made()
    made.mesh(rows)
    found["NaN"] = made.bytes()
    return found


CRAFTED = crafted()


@pytest.mark.parametrize("name", CRAFTED)
def test_what_asks_for_more_than_it_brings_is_refused_cheaply(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.glb"
    path.write_bytes(CRAFTED[name])
    tracemalloc.start()
    try:
        with pytest.raises(HeadsetError):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()

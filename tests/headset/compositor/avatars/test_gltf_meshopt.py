"""The streams here were written by meshoptimizer's own encoder (0.2.30, the C library's 1.0)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.avatar import Avatar
from unvisor.headset.compositor.avatars.file import load
from unvisor.headset.compositor.avatars.gltf_meshopt import unpacked
from unvisor.headset.compositor.avatars.gltf_schema import Meshopt
from unvisor.headset.errors import HeadsetError

VERTICES = (
    "pjA~>RVu2gs;a80s;a80s;a80s;a80s;a80s;a80s;a80s;a80s;a80s;a80s;a80s;a80s;a80s;a80s;a80ssI200Q"
    "&#`{{R9aL_}t2h>EJr%<k|1{}2!m5E2p+6ciK`78Vv57#J8D8X6oN92_1V9v~nfAR;0nBqSsxCMG5*C@3f@Dk>~2EG#Z"
    "AE-)}KFfuYSG&D3cHa0dmI5;>uIyyW&JUl)=K0rV~Kte)7L_|bHMn*<RNJvOZN=i&jOiWHrPEb%#P*PG-R8&+{R#sM6S"
    "XfwET3TFOTwGpWUSMEgU}9ooWMpJyW@ct+XlQ6^YHDn3Y;10BZg6mLaB^~TbaZrdc6N4nczAevdU||(e0+X>et>|0fP#"
    "X8goK2IhK7cSh=_=aii(VkjEs(sj*yU$kdjbURaF200ssI20Du4h2mk;e00IC2fB=91fC2yr03ZSYAOZk@2m%0rAP5Ko"
    "0DypifPjF2fPjF40tl+As;UTzh-hR)A^-yuRaJL+cXyXpQ&SND0z^h;h>D1ah=^uHLI431HC1<am6vySRZ|lH0wQE)h="
    "{0&h=^unLLdMWGgWtYd0BUNRaFxZ03t?6Xo!kvsEBA}L?8eWGgVi2cXyX}byHCh00bmvXo!fWiin10L?QqIGc{LNmv=-"
    "&5m5jD01yBGAOHXa001BW0000000aO42mk;9000O80000000BV|1VJzW001x#0000lFaYoX0532A4*&o!FaQAX0532A0"
    "1p5!FhLLmK`;OS00j>K000IB0Pp|+1_b~Q000IB008g+1_b~B4*&)Q6{@PLs;a80s;a8000Dpi002Ldl9ZH`l$Ms3n3$"
    "NDnwpxNoSdAVo}QqfprE3nqNJpxq^72(sHmu@s;a600000L2p}MUf(Rghf(Rf0DtUKxRWmUF0whLgXo`r4sD@@_Bme;b"
    "00aO40ssI200000000000000000000000000000000000008I%"
)
"""300 elements of four 16-bit numbers: i, i * i // 7, a sine, and now and then 1000."""

TRIANGLES = (
    ";r<>F4iF9y4iFCh9vKc84i^p<4*wn&4i*j;4i*mo9u^K34i*j;4*wn&4i*j;4i*mo|NjpRp8{VA3||QhUkMEVMkuWTAF"
    "cr<_42bA^|TlOc86AHc&UbEiD;MsX#fB"
)
"""A grid of 50 triangles, then three that jump about."""

INDICES = "(EtPl3<jYe1q1{I?CCI%9{>OV00"

FILTERED: list[
    tuple[Literal["OCTAHEDRAL", "QUATERNION", "EXPONENTIAL"], str, int, str, list[list[float]]]
] = [
    (
        "OCTAHEDRAL",
        "i1",
        4,
        "paDMs008}Wi~&CY0091qPXGZb000000000000000000000000000000000000001g0DlD",
        [[127, 0, 0, 5], [0, 127, 0, 6], [-90, -90, 10, 7], [12, -125, 21, 8]],
    ),
    (
        "OCTAHEDRAL",
        "<i2",
        8,
        "paDMs001&5R{=c$000#V0Y3l$05Bg90Y3l$00$Ng0003$000041P=fJ0000000000000000000000000000302LJ&72L%8",
        [[32767, 0, 0, 5], [-23157, -23157, 1088, 7], [4585, 32430, -984, 9], [0, 0, 32767, 1]],
    ),
    (
        "QUATERNION",
        "<i2",
        8,
        "paDMs001vK2LV3-000IB4*@>_000<YNC7_p0009H2?0L<001Z;M*$B2000XN0XhHx00jU5000000000000000000000000000000000000RIO",
        [
            [0, 0, 0, 32767],
            [30224, 11319, -5659, 226],
            [-16978, 22297, 57, 16978],
            [0, 0, 23170, -23170],
        ],
    ),
    (
        "EXPONENTIAL",
        "<f4",
        8,
        "paDMs007kv1OXTT0003P00001FaQ7m2>~Af000C80T=)P00B4v001EYJOBUy4HN(X0000000000000000000000000003kF00jU55d8",
        [[3200.0, 131072.0], [-7.0, -0.0009765625], [0.0, 1.0], [2.0, 3.0]],
    ),
]
"""What is stored, and what the C library makes of it."""


def octets(text: str) -> memoryview:
    return memoryview(base64.b85decode(text))


def how(
    packed: memoryview,
    count: int,
    stride: int,
    mode: Literal["ATTRIBUTES", "TRIANGLES", "INDICES"] = "ATTRIBUTES",
    undo: Literal["NONE", "OCTAHEDRAL", "QUATERNION", "EXPONENTIAL"] = "NONE",
) -> Meshopt:
    return Meshopt(
        buffer=0, byte_length=len(packed), byte_stride=stride, count=count, mode=mode, filter=undo
    )


def formula() -> NDArray[np.uint16]:
    i = np.arange(300)
    rows = [i, i * i // 7, 40 * np.sin(i / 9.0), np.where(i % 50 == 0, 1000, 0)]
    return (np.stack(rows, axis=-1).astype(np.int64) & 0xFFFF).astype("<u2")


def test_vertices_come_back_to_the_bit_over_two_blocks() -> None:
    packed = octets(VERTICES)
    found = unpacked(packed, how(packed, 300, 8)).view("<u2").reshape(300, 4)
    np.testing.assert_array_equal(found, formula())


@pytest.mark.parametrize("stride", [2, 4])
def test_triangles_come_back_but_for_the_corner_they_start_at(stride: int) -> None:
    row, column = np.divmod(np.arange(25), 5)
    a = row * 6 + column
    grid = np.stack([a, a + 1, a + 6, a + 6, a + 1, a + 7], axis=-1).reshape(-1, 3)
    expected = np.concatenate([grid, [[70, 90, 3], [90, 3, 71], [200_000, 5, 70]]])
    packed = octets(TRIANGLES)
    found = unpacked(packed, how(packed, expected.size, stride, "TRIANGLES")).view(f"<u{stride}")
    kept = 2 ** (8 * stride)
    rolled = [
        {tuple(np.roll(triangle, k)) for k in range(3)} for triangle in (expected % kept).tolist()
    ]
    assert all(tuple(t) in r for t, r in zip(found.reshape(-1, 3).tolist(), rolled, strict=True))


def test_indices_come_back() -> None:
    packed = octets(INDICES)
    found = unpacked(packed, how(packed, 12, 4, "INDICES")).view("<u4")
    np.testing.assert_array_equal(found, [0, 1, 2, 5, 3, 1000, 1001, 4, 5, 1002, 200_000, 6])


@pytest.mark.parametrize(("undo", "kind", "stride", "stored", "expected"), FILTERED)
def test_filters_are_undone(
    undo: Literal["OCTAHEDRAL", "QUATERNION", "EXPONENTIAL"],
    kind: str,
    stride: int,
    stored: str,
    expected: list[list[float]],
) -> None:
    packed = octets(stored)
    found = unpacked(packed, how(packed, 4, stride, undo=undo)).view(kind).reshape(4, -1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=0 if kind == "<f4" else 1)


@pytest.mark.parametrize("cut", [1, 40, 300, 740, 776])
def test_a_stream_that_ends_early_is_refused(cut: int) -> None:
    packed = octets(VERTICES)[:-cut]
    with pytest.raises(HeadsetError, match="compressed attributes"):
        unpacked(packed, how(packed, 3000 if cut == 1 else 300, 8))


@pytest.mark.parametrize(
    ("text", "count", "stride", "mode", "undo"),
    [
        (VERTICES, 300, 6, "ATTRIBUTES", "NONE"),
        (VERTICES, 300, 8, "ATTRIBUTES", "OCTAHEDRAL"),
        (VERTICES, 10**8, 256, "ATTRIBUTES", "NONE"),
        (TRIANGLES, 158, 4, "TRIANGLES", "NONE"),
        (TRIANGLES, 156, 4, "TRIANGLES", "NONE"),
        (TRIANGLES, 600, 4, "TRIANGLES", "NONE"),
        (TRIANGLES, 159, 8, "TRIANGLES", "NONE"),
        (TRIANGLES, 159, 4, "TRIANGLES", "OCTAHEDRAL"),
        (INDICES, 13, 4, "INDICES", "NONE"),
        (TRIANGLES, 12, 4, "INDICES", "NONE"),
    ],
)
def test_what_the_extension_does_not_allow_is_refused(
    text: str,
    count: int,
    stride: int,
    mode: Literal["ATTRIBUTES", "TRIANGLES", "INDICES"],
    undo: Literal["NONE", "OCTAHEDRAL"],
) -> None:
    packed = octets(text)
    if undo == "OCTAHEDRAL" and mode == "ATTRIBUTES":
        stride, count = 12, 200
    with pytest.raises(HeadsetError):
        unpacked(packed, how(packed, count, stride, mode, undo))


@pytest.mark.shared
def test_a_head_packed_and_quantised_is_the_quantised_one(shared: Path) -> None:
    folder = shared / "assets" / "heads" / "readyplayerme"
    packed, plain = (load(folder / f"brunette-t_{kind}.glb") for kind in ("meshopt", "quantize"))
    assert packed.targets.keys() == plain.targets.keys()
    assert len(packed.triangles) == len(plain.triangles)
    np.testing.assert_array_equal(in_order(packed), in_order(plain))


def in_order(avatar: Avatar) -> NDArray[np.float32]:
    """Return what all vertices are and do, in an order of their own: packing changes theirs."""
    moves = [np.zeros_like(avatar.positions) for _ in avatar.targets]
    for move, name in zip(moves, sorted(avatar.targets), strict=True):
        move[avatar.targets[name].index] = avatar.targets[name].delta
    rows = np.column_stack([avatar.positions, *moves]).round(7) + np.float32(0)  # no minus zero
    return np.unique(rows, axis=0)

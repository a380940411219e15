"""Pictures as cameras send them, and a patient look at a camera until something is so."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av as untyped
import numpy as np
from PIL import Image

from unvisor.headset.clock import now_ns
from unvisor.headset.frame import Bytes, Health, ImageSample, Reader

av: Any = untyped

GIVE_UP_NS = 20_000_000_000


def flat(level: int, width: int = 48, height: int = 32) -> Bytes:
    """Return a picture of one brightness: it survives a JPEG to a level or so."""
    return np.full((height, width), level, np.uint8)


def jpeg(image: Bytes, **options: Any) -> bytes:
    """Return an image as a JPEG."""
    out = BytesIO()
    Image.fromarray(image).save(out, "JPEG", **options)
    return out.getvalue()


def noise(seed: int, width: int = 240, height: int = 240) -> Bytes:
    """Return what a camera in the dark sees."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def film(path: Path, images: Sequence[Bytes], rate_hz: int, codec: str = "mjpeg") -> None:
    """Write a film of images of one size."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate_hz)
        stream.width, stream.height = images[0].shape[1], images[0].shape[0]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = Fraction(1, rate_hz)
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray")))
        container.mux(stream.encode())


def brightness(images: Sequence[ImageSample]) -> list[int]:
    """Return the mean brightness of each, rounded to 10."""
    return [round(float(one.image.mean()) / 10) * 10 for one in images]


def read_until(
    reader: Reader, enough: Callable[[list[ImageSample], Health], bool]
) -> list[ImageSample]:
    """Read until something is so of all that came and of the camera's health."""
    images: list[ImageSample] = []
    until_ns = now_ns() + GIVE_UP_NS
    while not enough(images, reader.health()):
        images += _images(reader)
        assert now_ns() < until_ns, (len(images), reader.health())
        time.sleep(0.002)
    return images + _images(reader)


def _images(reader: Reader) -> list[ImageSample]:
    return [one for one in reader.read() if isinstance(one, ImageSample)]

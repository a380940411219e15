"""The program that writes what is filmed, beside the headset process, whose loop it must not hold up.

`python -m unvisor.headset.compositor.filming_child PATH WIDTH HEIGHT FPS` reads pictures from its
standard input until that ends, then finishes the file: so a film is whole though the headset process
was killed. A path that ends in `.png` is written anew with each picture. What goes wrong is one line on
standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from ..ending import by_parent_alone
from ..errors import OutputError
from ..files import replacing

Image = NDArray[np.uint8]

HEAD: Final = Struct("<q")
"""Before a picture's pixels: when it was seen, nanoseconds on any clock."""

STILL: Final = ".png"

_NICE: Final = 10
"""A frame that is late is seen in the headset; a frame that the film lacks, by no one."""


def main(place: str, width: str, height: str, fps: str) -> int:
    """Write what comes; return the exit status."""
    by_parent_alone()
    if sys.platform != "win32":  # there it is started so
        os.nice(_NICE)
    path, size = Path(place), (int(width), int(height))
    pictures = received(sys.stdin.buffer, size)
    try:
        if path.suffix.lower() == STILL:
            for _, image in pictures:
                write_still(path, image)
        else:
            write_film(path, size, int(fps), pictures)
    except OutputError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def filmable(path: Path) -> None:
    """Refuse what cannot be filmed to; for whoever asks, before anything is started.

    Raises:
        OutputError: It is neither `.mp4` nor `.png`, is a folder, or its folder is not there.
    """
    if path.suffix.lower() not in {".mp4", STILL}:
        raise OutputError(f"{path}: neither .mp4 nor {STILL}: name one of these")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder: name a file")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path}: no folder {path.parent}: create it first")


def received(stream: BinaryIO, size: tuple[int, int]) -> Iterator[tuple[int, Image]]:
    """Yield when each picture was seen, and it (H, W, 4), top row first; half a one is no one."""
    width, height = size
    whole = HEAD.size + width * height * 4
    while len(record := stream.read(whole)) == whole:
        pixels = np.frombuffer(record, np.uint8, offset=HEAD.size).reshape(height, width, 4)
        yield HEAD.unpack_from(record)[0], pixels[::-1]


def write_film(
    path: Path, size: tuple[int, int], fps: int, pictures: Iterator[tuple[int, Image]]
) -> None:
    """Write pictures as a film, each shown as long as it was; none, no film.

    Raises:
        OutputError: It cannot be written.
    """
    from .film import Film  # the pipe is open and filling while this is imported

    first = next(pictures, None)
    if first is None:
        return
    with Film(path, size, fps, timed=True) as film:
        film.add(first[1], at_ns=first[0])
        for at_ns, image in pictures:
            film.add(image, at_ns=at_ns)


def write_still(path: Path, image: Image) -> None:
    """Write a picture as a PNG file.

    Raises:
        OutputError: It cannot be written.
    """
    from PIL import Image as Pillow

    with replacing(path, OutputError) as draft:
        Pillow.fromarray(np.ascontiguousarray(image[..., :3])).save(draft, format="PNG")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

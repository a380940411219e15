"""What a journal is made of, all of it little-endian.

    header   "UNVISORJ", version u32, length u32, crc32 u32, then `About` as JSON
    record   length u32 and crc32 u32, both of what follows: kind u8, payload
    payload  time_ns i64, received_ns i64, sample_rate_hz u32, width u8, name length u8, name, values

Values are floats of 4 or 8 bytes (`width`): a sample's are the columns of `layout.py` in their order,
a face's are `FACE_FLOATS`. Origins follow as bytes: always those of a face, those of a face tracker's
sample where it did not measure all it tells. An event's value is text in UTF-8.

Version 2 has worn and speech, and origins of face trackers; version 1 is read too.
"""

from __future__ import annotations

import math
import struct
from typing import Final

from ..headset.frame import (
    EVENTS,
    AudioBlock,
    EyeSample,
    FaceSample,
    HeadSample,
    SpeechSample,
    WornSample,
)
from ..headset.names import UNIFIED
from .layout import LAYOUT
from .streams import (
    AudioStream,
    EyesStream,
    FaceStream,
    HeadStream,
    SpeechStream,
    Stream,
    WornStream,
)

MAGIC: Final = b"UNVISORJ"
VERSION: Final = 2
"""The newest, which is written; all before it are read."""
HEADER: Final = struct.Struct("<8sIII")
RECORD: Final = struct.Struct("<II")
HEAD: Final = struct.Struct("<BqqIBB")
"""Of what a record holds: kind, then the payload's fixed part."""

MAX_ABOUT: Final = 1 << 20
MAX_RECORD: Final = 1 << 16
"""Bytes; of the records that we write only an event's text could be longer."""
MAX_BLOCK: Final = 1024
"""Samples of sound in one record. As a stream pads its blocks to the longest, longer ones are cut."""

CODES: Final[dict[int, type[Stream]]] = {
    (TRACKED := 1): FaceStream,
    2: EyesStream,
    3: HeadStream,
    (AUDIO := 4): AudioStream,
    7: WornStream,
    8: SpeechStream,
}
"""Kinds of records that hold a sample, and the stream it belongs to."""
FACE: Final = 5
EVENT: Final = 6

ORIGINS: Final = len(UNIFIED)
"""Bytes of the origins behind a record's numbers."""

FACE_FLOATS: Final[dict[str, tuple[int, ...]]] = {
    "weights": (len(UNIFIED),),
    "median": (len(UNIFIED),),
    "low": (len(UNIFIED),),
    "high": (len(UNIFIED),),
    "gaze": (2, 3),
    "openness": (2,),
    "openness_median": (2,),
    "openness_low": (2,),
    "openness_high": (2,),
    "events": (len(EVENTS),),
}
"""What is kept of a `headset.frame.Face`, in this order."""

COLUMNS: Final[dict[int, dict[str, tuple[int, ...]]]] = {
    code: {name: c.row or () for name, c in LAYOUT[part].items() if not c.optional}
    for code, part in CODES.items()
    if code != AUDIO
}
"""What a record of a sample holds in numbers, and the shape of each; sound is of any length."""

FLOATS: Final[dict[int, int]] = {
    code: sum(math.prod(row) for row in rows.values())
    for code, rows in (COLUMNS | {FACE: FACE_FLOATS}).items()
}
"""How many numbers a record of each kind holds; one of sound holds 1 to `MAX_BLOCK`."""

Sensed = FaceSample | EyeSample | HeadSample | AudioBlock | WornSample | SpeechSample

CODE_OF: Final[dict[type[Sensed], int]] = {
    FaceSample: TRACKED,
    EyeSample: 2,
    HeadSample: 3,
    AudioBlock: AUDIO,
    WornSample: 7,
    SpeechSample: 8,
}
"""The kind of record that holds a sample."""

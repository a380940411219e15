"""Raw packets in a bundle, so that a fault with hardware nobody here owns can be played again.

In the zip, `packets.json` says which sensors there were, and `packets/NAME.bin` holds what one of them
received: the records of `packet_ring`, times counted from the first packet of all. Raw packets are of a
face, so the basis it may be used on goes with them. Of the sensors' settings those go in that
say how to read; free text may be an address or a place, and stays out.

The zip may come from anyone: nothing is believed of it that was not counted.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import msgspec.inspect

from ..clock import NS_PER_S, seconds
from ..errors import RecordingError
from ..permit import Basis
from ..plug import READER_PLUGS, Settings
from .packet_ring import MOST_BYTES, MOST_SENDERS, RECORD, PacketRing, walk

MANIFEST: Final = "packets.json"
VERSION: Final = 1

LONGEST_S: Final = 600.0
"""Ten times what is kept; a longer log would only be waited for."""
LARGEST_ZIP_BYTES: Final = 256 << 20
LARGEST_INDEX_BYTES: Final = 1 << 20
"""Of a zip's list of what is in it, some 10,000 names: read whole before anything else."""
_LARGEST_MANIFEST_BYTES: Final = 1 << 20
_ZIP_END: Final = struct.Struct("<4s4H2LH")  # of a zip without a comment, its last bytes
_ZIP64_END: Final = b"PK\x06\x07"
_SPOILT: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError, OverflowError, struct.error, UnicodeError,
)  # fmt: skip
"""What zipfile raises over a zip that is damaged, encrypted, or packed in a way not known."""

Plain = bool | int | float | str


class _Sensor(msgspec.Struct, frozen=True, kw_only=True):
    settings: dict[str, Plain]


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    format: Literal["unvisor-packets"] = "unvisor-packets"
    version: int = VERSION
    basis: Basis
    sensors: Annotated[dict[str, _Sensor], msgspec.Meta(max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """What one sensor received.

    Attributes:
        settings: How its packets are read.
        records: As `packet_ring.walk` reads them; times from the log's start, never decreasing.
    """

    settings: Settings
    records: bytes

    def packets(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield (time_ns, sender, payload), oldest first."""
        return walk(self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketLog:
    """What all sensors received, by name in order of preference, and why it may be used."""

    basis: Basis
    sensors: Mapping[str, Logged]


def files(rings: Mapping[str, tuple[Settings, PacketRing]], basis: Basis) -> dict[str, bytes]:
    """Return what goes into a bundle: file names with their contents.

    A ring keeps what is recent for its own sensor; of one that fell silent long before the others,
    what would make the log longer than `LONGEST_S` stays out.

    Args:
        rings: Of each sensor that was tapped, its settings and its packets.
        basis: On what the face may be used.
    """
    kept = {name: list(ring.packets()) for name, (_, ring) in rings.items()}
    newest_ns = max((packets[-1][0] for packets in kept.values() if packets), default=0)
    oldest_ns = newest_ns - round(LONGEST_S * NS_PER_S)
    kept = {name: [one for one in packets if one[0] >= oldest_ns] for name, packets in kept.items()}
    start_ns = min((packets[0][0] for packets in kept.values() if packets), default=0)
    manifest = _Manifest(
        basis=basis,
        sensors={name: _Sensor(settings=_plain(given)) for name, (given, _) in rings.items()},
    )
    found = {MANIFEST: msgspec.json.format(msgspec.json.encode(manifest))}
    for name, packets in kept.items():
        found[_place(name)] = b"".join(
            RECORD.pack(time_ns - start_ns, sender, len(payload)) + payload
            for time_ns, sender, payload in packets
        )
    return found


def load(path: Path) -> PacketLog:
    """Read the packets of a bundle.

    Raises:
        RecordingError: It is no zip, holds no packets, or more than a log can hold.
        UnvisorError: A sensor that is not known here.
    """
    try:
        _bounded(path)
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(path, archive)
            sensors = {
                name: Logged(
                    settings=_settings(path, name, sensor.settings),
                    records=_checked(path, name, _read(path, archive, _place(name), MOST_BYTES)),
                )
                for name, sensor in manifest.sensors.items()
            }
    except _SPOILT as cause:
        raise RecordingError(
            f"{path}: is no bundle, or a damaged one ({cause}): take another copy of it"
        ) from cause
    return PacketLog(basis=manifest.basis, sensors=sensors)


def _place(name: str) -> str:
    return f"packets/{name}.bin"


def _plain(settings: Settings) -> dict[str, Plain]:
    """Return the settings that are numbers, switches, or one of a few words."""
    shape = msgspec.inspect.type_info(type(settings))
    assert isinstance(shape, msgspec.inspect.StructType)
    spoken = (
        msgspec.inspect.BoolType,
        msgspec.inspect.IntType,
        msgspec.inspect.FloatType,
        msgspec.inspect.LiteralType,
    )
    return {
        one.name: getattr(settings, one.name)
        for one in shape.fields
        if isinstance(one.type, spoken)
    }


def _settings(path: Path, name: str, plain: Mapping[str, Plain]) -> Settings:
    plug = READER_PLUGS.load(name)
    try:
        found: Any = msgspec.convert(plain, plug.settings)
    except msgspec.ValidationError as cause:
        raise RecordingError(f"{path}: {name}: {cause}: update unvisor") from cause
    return found


def _bounded(path: Path) -> None:
    """Refuse a zip whose very list of contents would fill the memory."""
    if not path.is_file():
        what = "is not a file" if path.exists() else "no such file"
        raise RecordingError(f"{path}: {what}: name a bundle (.zip)")
    size = path.stat().st_size
    if size > LARGEST_ZIP_BYTES:
        raise RecordingError(f"{path}: {size >> 20} MiB: too large for a bundle")
    with path.open("rb") as file:
        file.seek(max(0, size - _ZIP_END.size - 20))
        tail = file.read()
    end = tail[-_ZIP_END.size :]
    if len(end) < _ZIP_END.size or not end.startswith(b"PK\x05\x06"):
        raise RecordingError(f"{path}: is no zip, or is cut short: name a bundle (.zip)")
    index_bytes = _ZIP_END.unpack(end)[5]
    if index_bytes > LARGEST_INDEX_BYTES or tail.startswith(_ZIP64_END):
        raise RecordingError(f"{path}: holds more files than a bundle does: name another")


def _read(path: Path, archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return one file of the zip, whatever length it says it has."""
    if name not in archive.namelist():
        return b""
    entry = archive.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RecordingError(f"{path}: {name} is packed in a way not known: take another copy")
    with archive.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise RecordingError(f"{path}: {name} holds more than a bundle does: name another")
    return content


def _manifest(path: Path, archive: zipfile.ZipFile) -> _Manifest:
    content = _read(path, archive, MANIFEST, _LARGEST_MANIFEST_BYTES)
    if not content:
        raise RecordingError(
            f"{path}: holds no packets to play: `unvisor run --bundle FILE.zip` keeps them"
        )
    try:
        manifest = msgspec.json.decode(content, type=_Manifest)
    except (msgspec.DecodeError, RecursionError) as cause:
        raise RecordingError(f"{path}: {MANIFEST}: {cause}: take another copy of it") from cause
    if manifest.version != VERSION:
        raise RecordingError(
            f"{path}: has packets of version {manifest.version}, this unvisor reads {VERSION}: "
            "update unvisor"
        )
    return manifest


def _checked(path: Path, name: str, records: bytes) -> bytes:
    """Return records whose every length and time was looked at."""
    at, before_ns = 0, 0
    while at < len(records):
        if at + RECORD.size > len(records):
            break
        time_ns, sender, length = RECORD.unpack_from(records, at)
        at += RECORD.size + length
        if not before_ns <= time_ns <= LONGEST_S * NS_PER_S or sender >= MOST_SENDERS:
            raise RecordingError(
                f"{path}: {name}: a packet at {seconds(time_ns):.3g} s, which none can have: "
                "take another copy of it"
            )
        before_ns = time_ns
    if at != len(records):
        raise RecordingError(f"{path}: {name}: its last packet is cut short: take another copy")
    return records

"""The settings file, and the same settings as words on the command line.

    [readers.live-link-face]
    host = "0.0.0.0"

    [outputs.vrchat]
    port = 9000

    [headset]
    avatar = "me.vrm"

Each plug's table has the fields of its settings type. A key nobody knows is refused, with the
nearest one that is known: a typing error must not look like a setting.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import msgspec
import platformdirs

from .errors import UnvisorError
from .plug import READER_PLUGS, SINK_PLUGS, Catalogue, ReaderPlug, Settings, SinkPlug, suggestion

_LARGEST_BYTES: Final = 1 << 20
_SECTIONS: Final = ("readers", "outputs", "headset")


_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def settings_path() -> Path:
    """Return where the settings file belongs on this system; it need not exist."""
    return platformdirs.user_config_path("unvisor", appauthor=False) / "settings.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which plugs are to be used, with their settings, by name in the order they were named.

    Attributes:
        readers: To be read.
        outputs: To be written.
        unwanted: Readers with `enabled = false`, which are not to be opened unasked either.
        avatar: Whose face is drawn, where that is not the default head's.
    """

    readers: Mapping[str, Settings] = field(default_factory=dict[str, Settings])
    outputs: Mapping[str, Settings] = field(default_factory=dict[str, Settings])
    unwanted: frozenset[str] = frozenset()
    avatar: Path | None = None


class _Headset(msgspec.Struct, frozen=True, kw_only=True):
    """The table `[headset]`."""

    avatar: str = ""


def load(path: Path) -> Chosen:
    """Read a settings file; none at that place is an empty one.

    Raises:
        UnvisorError: Unreadable, not TOML, or a table, key or value that is not known.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise UnvisorError(f"{path}: too large for a settings file: move it away")
        tables: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Chosen()
    except OSError as cause:
        raise UnvisorError(f"{path}: cannot be read ({cause.strerror}): allow it") from cause
    except ValueError as cause:  # TOML and UTF-8 alike
        raise UnvisorError(f"{path}: not TOML ({cause}): correct that line") from cause
    for section in tables:
        if section not in _SECTIONS:
            raise UnvisorError(
                f"{path}: [{section}] is not known: {suggestion(section, _SECTIONS)}"
            )
    readers = _section(path, "readers", tables, READER_PLUGS)
    outputs = _section(path, "outputs", tables, SINK_PLUGS)
    return Chosen(
        readers=_enabled(readers),
        outputs=_enabled(outputs),
        unwanted=frozenset(readers.keys() - _enabled(readers).keys()),
        avatar=_avatar(path, tables.get("headset", {})),
    )


def _avatar(path: Path, table: object) -> Path | None:
    """Return the avatar that the table `[headset]` names, from where the settings are."""
    where = f"{path}: [headset]"
    fields = _table(where, table)
    headset = _converted(where, _Headset, None, fields)
    return path.parent / Path(headset.avatar).expanduser() if headset.avatar else None


def from_words(
    plug: ReaderPlug[Any] | SinkPlug[Any], words: str, base: Settings | None
) -> Settings:
    """Return settings from a command line's words, on top of others.

    Args:
        plug: Whose settings.
        words: `key=value,key=value`; the first may be an address instead: `HOST:PORT`, `HOST` or
            `:PORT` (`[::1]:9000` for IPv6), or for what has a device, that. Empty changes nothing.
        base: What the settings file says, or None for the plug's own defaults.

    Raises:
        UnvisorError: A key or a value that is not known.
    """
    fields: dict[str, object] = {}
    for index, word in enumerate(filter(None, words.split(","))):
        key, equals, value = word.partition("=")
        if equals and (index or "/" not in key):  # the address of a stream may have one too
            fields[key.strip()] = value.strip()
        elif index == 0:
            has_device = "device" in plug.settings.__struct_fields__
            fields |= {"device": word.strip()} if has_device else _address(word.strip())
        else:
            raise UnvisorError(f"{plug.name}: {word}: write key=value")
    fields["enabled"] = fields.get("enabled", True)  # who names it wants it
    return _converted(plug.name, plug.settings, base, fields)


def _address(word: str) -> dict[str, object]:
    host, colon, port = word.rpartition(":")
    if not colon or word.endswith("]"):
        return {"host": word.strip("[]")}
    named: dict[str, object] = {"port": port}
    if host:
        named["host"] = host.strip("[]")
    return named


def _section(
    path: Path,
    section: str,
    tables: Mapping[str, object],
    catalogue: Catalogue[ReaderPlug[Any]] | Catalogue[SinkPlug[Any]],
) -> dict[str, Settings]:
    chosen: dict[str, Settings] = {}
    for name, table in _table(f"{path}: {section}", tables.get(section, {})).items():
        where = f"{path}: [{section}.{name}]"
        try:
            plug = catalogue.load(name)
        except UnvisorError as error:
            raise UnvisorError(f"{path}: [{section}] {error}") from error
        chosen[name] = _converted(where, plug.settings, None, _table(where, table))
    return chosen


def _enabled(chosen: Mapping[str, Settings]) -> dict[str, Settings]:
    return {name: settings for name, settings in chosen.items() if settings.enabled}


def _table(where: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UnvisorError(f"{where}: is not a table: write it as [section.name] and keys below")
    return cast("Mapping[str, object]", value)


def _converted(
    where: str, kind: type[_Struct], base: _Struct | None, fields: Mapping[str, object]
) -> _Struct:
    known = kind.__struct_fields__
    for key in fields:
        if key not in known:
            raise UnvisorError(f"{where}: {key} is not known: {suggestion(key, known)}")
    whole: dict[str, object] = {} if base is None else msgspec.to_builtins(base)
    whole |= fields
    try:
        # Not strict: a command line has numbers as text.
        return msgspec.convert(whole, kind, strict=False)
    except msgspec.ValidationError as cause:
        raise UnvisorError(f"{where}: {cause}: correct it") from cause

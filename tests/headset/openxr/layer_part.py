# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""What every extension of the test layer is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ctypes import Structure, c_int32, c_uint64, c_void_p, cast
from typing import TYPE_CHECKING, Any

import xr

if TYPE_CHECKING:
    from .layer_ground import Ground
    from .layer_reported import Reported

Function = Callable[..., int]


class Refused(Exception):  # noqa: N818  (it is an answer, not a fault)
    """A call that the standard forbids: what is returned for it, and why."""

    def __init__(self, result: xr.Result, why: str) -> None:
        super().__init__(why)
        self.result = result


class Part:
    """One extension."""

    extension = ""
    version = 1
    entries: tuple[str, ...] = ()
    """Its own functions; those of other extensions it only watches are not among them."""

    built_in = False
    """Whether the runtime below has it too, and is asked for it."""

    ground: Ground
    """Of the newest instance."""

    def __init__(self, reported: Reported) -> None:
        self.reported = reported

    def functions(self) -> dict[str, Function]:
        """Return what it answers, by the name the standard gives it."""
        return {}

    def system_property(self, kind: int, address: int) -> None:
        """Fill in a structure chained to xrGetSystemProperties, if it is this part's."""

    def session_begun(self, session: int) -> None:
        """Note that a session has begun."""

    def session_gone(self, session: int) -> None:
        """Forget a session and what belongs to it: its handles' numbers will be used again."""

    def instance_made(self, ground: Ground) -> None:
        """Start anew, forgetting everything of the instance before."""
        self.ground = ground

    def remove(self, handle: Any) -> int:
        """Destroy one of its trackers."""
        return self.ground.remove(self.extension, handle)


def require(held: bool, why: str, result: xr.Result = xr.Result.ERROR_VALIDATION_FAILURE) -> None:
    """Refuse a call unless it keeps to the standard."""
    if not held:
        raise Refused(result, why)


def require_type(structure: Any, kind: xr.StructureType) -> None:
    """Refuse a structure whose type is not filled in."""
    require(structure._type == kind.value, f"a structure is typed {structure._type}, not {kind}")


def value(handle: Any) -> int:
    """Return the number of a handle, or the address of a function."""
    return cast(handle, c_void_p).value or 0


def store(out: Any, handle: int) -> None:
    """Write a handle where a pointer to one points."""
    c_uint64.from_address(value(out)).value = handle


class _Header(Structure):
    _fields_ = (("type", c_int32), ("next", c_void_p))


def chain(structure: Any) -> Iterator[tuple[int, int]]:
    """Yield the type and address of each structure chained behind one that is pointed to."""
    address = _Header.from_address(value(structure)).next
    while address:
        header = _Header.from_address(address)
        yield header.type, address
        address = header.next

"""Who has a UDP port. Only Linux can be asked without privileges; elsewhere nobody is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_TABLES: Final = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
_UNIX: Final = Path("/proc/net/unix")


def udp_owner(port: int) -> str | None:
    """Return who has a UDP port on this machine, as `name (pid 12)`, or None.

    A program of another user shows as `another program`: its files cannot be read. Where the
    system has no /proc, always None.

    Source:
        proc(5): column 2 of /proc/net/udp is ADDRESS:PORT in hexadecimal, column 10 the inode.
    """
    inodes = {fields[9] for fields in _rows() if int(fields[1].rpartition(":")[2], 16) == port}
    if not inodes:
        return None
    links = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        # Programs end while we look, and those of others refuse.
        with suppress(OSError):
            if any(str(file.readlink()) in links for file in folder.iterdir()):
                name = (folder.parent / "comm").read_text(encoding="utf-8").strip()
                return f"{name} (pid {folder.parent.name})"
    return "another program"


def listening(port: int) -> bool | None:
    """Return whether anything on this machine has a UDP port; None where that cannot be asked."""
    if not any(table.exists() for table in _TABLES):
        return None
    return any(int(fields[1].rpartition(":")[2], 16) == port for fields in _rows())


def connections(socket: Path) -> int:
    """Return how many programs are connected to a socket in the file system; 0 where nobody can tell.

    Source:
        proc(5), /proc/net/unix: state 03 is connected; the accepted end bears the socket's path.
    """
    try:
        rows = [line.split() for line in _UNIX.read_text(errors="replace").splitlines()[1:]]
    except OSError:
        return 0
    return sum(len(row) > 7 and row[5] == "03" and row[7] == str(socket) for row in rows)


def _rows() -> Iterator[list[str]]:
    for table in _TABLES:
        with suppress(OSError):
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                yield line.split()

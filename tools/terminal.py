"""What commands show while they work, and how they name the files they were given."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..headset import settings
from ..headset.errors import UnvisorError

CONSOLE = Console(stderr=True)
"""Progress goes to standard error, so that standard output holds the results alone."""


@contextmanager
def working(words: str) -> Generator[None]:
    """Show that something without known length is under way."""
    with CONSOLE.status(words):
        yield


@contextmanager
def counting(words: str, total: int) -> Generator[Callable[[str], None]]:
    """Show a bar; yields what to call after each step, with a word on it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
    )
    hidden = not CONSOLE.is_terminal  # or a blank line would go before the results
    with Progress(*columns, console=CONSOLE, transient=True, disable=hidden) as progress:
        task = progress.add_task(words, total=total, note="")
        yield lambda note: progress.update(task, advance=1, note=note)


WEEK_S: Final = 7 * 86_400.0
"""A week: longer than any run or recording."""


def within(word: str, value: float | None, most: float, *, or_zero: bool = False) -> None:
    """Refuse a number that means nothing: not above 0, not finite, or over `most`.

    Args:
        word: The option, for the message.
        value: As given; None where it was not.
        most: The largest that makes sense.
        or_zero: Whether 0 does.

    Raises:
        UnvisorError: It is out of its range.
    """
    if value is None or 0.0 < value <= most or (or_zero and value == 0.0):
        return
    least = "at least 0" if or_zero else "above 0"
    raise UnvisorError(f"{word} {value:g}: must be {least} and at most {most:g}")


def ready(
    out: Path | None, error: type[UnvisorError], *, inputs: Sequence[Path] = (), word: str = "--out"
) -> None:
    """Refuse a place for a result before any work is done for it.

    Args:
        out: Where the result is to go, None where it was not asked for.
        error: What to raise.
        inputs: Files that are read, which the result must not replace.
        word: The option, for the message.

    Raises:
        UnvisorError: As `error`: a folder, in no folder, or one of the inputs.
    """
    if out is None:
        return
    if out.is_dir():
        raise error(f"{out}: is a folder: name a file for {word}")
    if not out.parent.is_dir():
        raise error(f"{out}: no folder {out.parent}: create it or choose another {word}")
    if out.exists() and any(path.exists() and path.samefile(out) for path in inputs):
        raise error(f"{out}: is also read, and would be lost: choose another {word}")


def settings_file(given: Path | None) -> Path:
    """Return where the settings are: the file that was named, which must be there, or their own place.

    Raises:
        UnvisorError: No such file.
    """
    if given is None:
        return settings.settings_path()
    if not given.is_file():
        raise UnvisorError(f"--settings {given}: no such file: name another, or leave it out")
    return given


def named(paths: Sequence[Path]) -> dict[str, Path]:
    """Return files by the shortest name that tells them apart: their stem, or the whole path."""
    stems = [path.stem for path in paths]
    return {path.stem if stems.count(path.stem) == 1 else str(path): path for path in paths}

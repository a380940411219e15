"""What a report card comes to, for a terminal: which goals are met, and whether anything leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite

from rich.console import Console

from ..reconstruct.judge.card_rows import GoalRow
from ..reconstruct.judge.leaks import Leak


def show_goals(console: Console, goals: Sequence[GoalRow]) -> None:
    """Print which goals are met; after them, those that this run cannot tell, by what they lack."""
    for track, rig in dict.fromkeys((row.track, row.rig) for row in goals):
        rows = [row for row in goals if (row.track, row.rig) == (track, rig)]
        console.print(f"\n[i]goals (FIDELITY): {track}, {f'rig {rig}' if rig else 'any rig'}[/i]")
        console.print(f"{'':<7} {'':<42} {'found':>7}  {'wanted':<14}people", style="dim")
        for row in (each for each in rows if each.outcome != "cannot be told here"):
            found = f"{row.measured:>7.3g}  {row.wanted:<14}{row.people or ''}"
            colour = None if row.outcome == "met" else "red"
            console.print(f"{row.outcome:<7} {row.goal:<42} {found}", style=colour, highlight=False)
            between = (
                f"95 % of people: {row.low:.2f} to {row.high:.2f}" if isfinite(row.low) else ""
            )
            if told := "; ".join(words for words in (between, _short(row.why)) if words):
                console.print(f"        {told}", style="dim", highlight=False)
        lacking = dict.fromkeys(row.why for row in rows if row.outcome == "cannot be told here")
        for why in lacking:
            names = [
                row.goal for row in rows if (row.outcome, row.why) == ("cannot be told here", why)
            ]
            console.print(
                f"cannot be told here ({why}): {'; '.join(names)}", style="dim", highlight=False
            )


def _short(why: str) -> str:
    """Return the first few of a long list of channels; all are in the JSON."""
    names = why.split(", ")
    return why if len(names) < 5 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def show_leaks(console: Console, leaks: Sequence[Leak]) -> None:
    """Print what leaks in full; of what does not, how many tests it passed."""
    passed = Counter(leak.name for leak in leaks if leak.passed)
    subjects: dict[str, list[str]] = {}
    for name, times in passed.items():
        subject, _, test = name.partition(": ")
        subjects.setdefault(subject, []).append(f"{test} ({times})" if times > 1 else test)
    for subject, tests in subjects.items():
        console.print(f"passed: {subject}: {', '.join(tests)}", highlight=False)
    for leak in leaks:
        if not leak.passed:
            console.print(f"LEAKS: {leak.name}: {leak.detail}", style="red", highlight=False)

"""What is found here, what is missing, and what to do about it.

unvisor doctor
unvisor doctor --json
unvisor doctor --avatar me.vrm
unvisor doctor --bundle help.zip
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from ..headset import settings
from . import bundle, findings, findings_headset, terminal
from .finding import Finding
from .terminal import within

_MARKS = {"ok": "[green]ok    [/]", "absent": "[yellow]absent[/]", "wrong": "[red]wrong [/]"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--json", action="store_true", help="print the findings as JSON")
    add("--listen-s", type=float, default=0.5, help="how long to wait for sensors (0.5)")
    add("--settings", type=Path, metavar="FILE", help=f"instead of {settings.settings_path()}")
    add("--avatar", type=Path, metavar="A.vrm", help="see whether this one can be drawn")
    add("--bundle", type=Path, metavar="FILE.zip", help="gather all this for whoever helps you")
    add(
        "--include-face", type=Path, action="append", default=[], metavar="FILE",
        help="add a recording or a profile to the bundle, after a yes",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Look, tell, and return 1 where something essential is missing."""
    within("--listen-s", options.listen_s, 60.0, or_zero=True)
    settings_file = terminal.settings_file(options.settings)
    found: list[Finding] = []
    avatars = () if options.avatar is None else (findings_headset.avatar(options.avatar),)
    for finding in chain(findings.look(settings_file, options.listen_s), avatars):
        found.append(finding)
        if not options.json:
            _show(finding)
    ok = not any(finding.essential and finding.state == "wrong" for finding in found)
    report = as_json(found, ok=ok)
    if options.json:
        print(json.dumps(report, indent=2))
    if options.bundle is not None:
        bundle.write(
            options.bundle,
            findings=report,
            versions=findings.versions(),
            settings_file=settings_file,
            faces=options.include_face,
        )
        if not options.json:
            print(f"wrote {options.bundle}")
    return 0 if ok else 1


def as_json(found: Sequence[Finding], *, ok: bool) -> dict[str, object]:
    """Return the report as JSON has it."""
    return {"ok": ok, "findings": [asdict(finding) for finding in found]}


def _show(finding: Finding) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{_MARKS[finding.state]} {escape(finding.name)}: {escape(finding.found)}")
    if finding.remedy:
        console.print(f"         [bold]{escape(finding.remedy)}[/]")

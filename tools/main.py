"""`unvisor VERB …`: finds the verb's file, runs it, turns an `UnvisorError` into one line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from .. import __version__
from ..headset.errors import UnvisorError

VERBS: Final[dict[str, str]] = {
    "demo": "see it work: recorded sensors in, a rendered whole face out",
    "doctor": "what is found here, what is missing, and what to do about it",
    "run": "the live loop: sensors in, the face to every output named",
    "calibrate": "learn one wearer's rest and range",
    "consent": "what was agreed to: give, show, withdraw, verify, audit, export, open, seal",
    "import": "turn a face capture into a recording",
    "simulate": "add the sensor streams a headset would have given",
    "train": "fit a model on recordings",
    "evaluate": "the report card: a model beside every baseline",
    "reconstruct": "infer the whole face of a recording",
    "bench": "latency and throughput of each stage on this machine",
}
"""Each is one module of this folder (`import` is `import_`), imported only when called."""


class Verb(Protocol):
    """What a verb's module offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare its options."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Do it; return the exit code."""
        ...


def load(verb: str) -> Verb:
    """Return a verb's module."""
    name = f"{verb}_" if verb == "import" else verb
    return cast("Verb", import_module(f".{name}", __package__))


def parser(verb: str | None) -> argparse.ArgumentParser:
    """Return the command line's parser, with the options of `verb` alone filled in."""
    top = argparse.ArgumentParser(
        prog="unvisor", description="Gives a VR wearer their whole face back."
    )
    top.add_argument("--version", action="version", version=f"unvisor {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        sub = verbs.add_parser(name, help=summary, description=f"{summary}.")
        if name == verb:
            load(name).add_arguments(sub)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (1 for an error told in one line)."""
    # Our matrices are small, and a thread pool would fight the game for its cores. Numpy reads this
    # when it is first imported, which no verb has done yet.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    verb = next((word for word in given if word in VERBS), None)
    try:
        options = parser(verb).parse_args(given)
        code = load(options.verb).run(options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who read our output has gone, and needs to be told nothing
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (UnvisorError, OSError) as error:
        if "--debug" in given:
            raise
        print(f"unvisor {verb}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

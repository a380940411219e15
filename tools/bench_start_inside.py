"""`unvisor VERB …` as it is for who has no torch; at its end it prints the memory it held at most."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Without(MetaPathFinder):
    """Has a package be not installed."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] == self._package:
            raise ModuleNotFoundError(f"No module named '{fullname}'", name=fullname)
        return None


def main() -> int:
    """Run the command line that follows the module's name."""
    sys.meta_path.insert(0, _Without("torch"))
    from .main import main as unvisor

    code = unvisor(sys.argv[1:])
    from ..reconstruct.resident import most_resident_mb

    print(json.dumps({"most_resident_mb": most_resident_mb()}))
    return code


if __name__ == "__main__":
    sys.exit(main())

"""One file per receiver of faces."""

from __future__ import annotations

from typing import Final

SINKS: Final[dict[str, str]] = {
    "live-link-face": "unvisor.headset.outputs.live_link_face:PLUG",
    "vrchat": "unvisor.headset.outputs.vrchat:PLUG",
}
"""Name -> where its `SinkPlug` stands. A new output is one file and one line here."""

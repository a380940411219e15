"""One file per kind of sensor."""

from __future__ import annotations

from typing import Final

READERS: Final[dict[str, str]] = {
    "live-link-face": "unvisor.headset.sensors.live_link_face:PLUG",
}
"""Name -> where its `ReaderPlug` stands. A new sensor is one file and one line here."""

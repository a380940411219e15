"""One file per kind of sensor."""

from __future__ import annotations

from typing import Final

READERS: Final[dict[str, str]] = {
    "alvr": "unvisor.headset.sensors.alvr:PLUG",
    "babble": "unvisor.headset.sensors.babble:PLUG",
    "eye-track-vr": "unvisor.headset.sensors.eye_track_vr:PLUG",
    "ifacialmocap": "unvisor.headset.sensors.ifacialmocap:PLUG",
    "live-link-face": "unvisor.headset.sensors.live_link_face:PLUG",
    "open-see-face": "unvisor.headset.sensors.open_see_face:PLUG",
    "steam-link": "unvisor.headset.sensors.steam_link:PLUG",
    "virtual-desktop": "unvisor.headset.sensors.virtual_desktop:PLUG",
    "vrcft": "unvisor.headset.sensors.vrcft:PLUG",
    "vtube-studio": "unvisor.headset.sensors.vtube_studio:PLUG",
}
"""Name -> where its `ReaderPlug` stands. A new sensor is one file and one line here."""

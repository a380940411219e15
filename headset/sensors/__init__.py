"""One file per kind of sensor."""

from __future__ import annotations

from typing import Final

READERS: Final[dict[str, str]] = {
    "alvr": "unvisor.headset.sensors.alvr:PLUG",
    "babble": "unvisor.headset.sensors.babble:PLUG",
    "eye-track-vr": "unvisor.headset.sensors.eye_track_vr:PLUG",
    "eyes-camera": "unvisor.headset.sensors.camera.plug:EYES",
    "ifacialmocap": "unvisor.headset.sensors.ifacialmocap:PLUG",
    "left-eye-camera": "unvisor.headset.sensors.camera.plug:LEFT_EYE",
    "live-link-face": "unvisor.headset.sensors.live_link_face:PLUG",
    "microphone": "unvisor.headset.sensors.microphone:PLUG",
    "mouth-camera": "unvisor.headset.sensors.camera.plug:MOUTH",
    "open-see-face": "unvisor.headset.sensors.open_see_face:PLUG",
    "openxr": "unvisor.headset.sensors.openxr.plug:PLUG",
    "right-eye-camera": "unvisor.headset.sensors.camera.plug:RIGHT_EYE",
    "steam-link": "unvisor.headset.sensors.steam_link:PLUG",
    "steamvr": "unvisor.headset.sensors.steamvr.plug:PLUG",
    "virtual-desktop": "unvisor.headset.sensors.virtual_desktop:PLUG",
    "vrcft": "unvisor.headset.sensors.vrcft:PLUG",
    "vrchat": "unvisor.headset.sensors.vrchat_in:PLUG",
    "vtube-studio": "unvisor.headset.sensors.vtube_studio:PLUG",
}
"""Name -> where its `ReaderPlug` stands. A new sensor is one file and one line here."""

"""Life where nothing is sensed: blinks, glances, lids that follow the eye, speech and brow gestures.

A face whose eyes no sensor sees stares like a doll, and one whose mouth none sees is mute. Here their
motions are made up, as people make them (SCIENCE 4; `mouth.py`), and never on top of what is tracked.
They say nothing of what the wearer feels.
"""

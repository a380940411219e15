"""Life where nothing is sensed: blinks, glances, lids that follow the eye, and brow gestures.

A face whose eyes no sensor sees stares like a doll. Here its small motions are made up, as people
make them (SCIENCE 4), and never on top of what is tracked. They say nothing of what the wearer feels.
"""

"""Panels in the headset: what they say, and how it is drawn."""

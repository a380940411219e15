"""Cameras: each kind of source is one file that yields pictures; one reader reads them all."""

"""Avatars from files: glTF 2.0 and VRM read, written, and understood as a face."""

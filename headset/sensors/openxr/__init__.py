"""OpenXR: what a headset's own runtime tells of head, eyes, face and being worn."""

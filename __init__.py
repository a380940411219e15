"""unvisor: gives a VR wearer their whole face back."""

__version__ = "0.1.0"

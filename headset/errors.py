"""What can go wrong, as a tree.

UnvisorError
├── SensorError        a device, a port, a stream
├── HeadsetError       OpenXR, OpenVR, OpenGL, an avatar
├── RecordingError     a file that is stored or imported
├── CalibrationError   a profile, or too little to fit one
├── ModelError         a model's file, names, shapes or run
├── OutputError        a receiver that cannot be reached or written
└── ConsentError       something the wearer has not agreed to

Each message names the device, file or channel and then the remedy: "what is wrong: what to do". A
library's own exception is turned into one of these at the one module that is that library's home.
"""


class UnvisorError(Exception):
    """Anything a user can be told in one line."""


class SensorError(UnvisorError):
    """A device, port or stream that does not deliver."""


class HeadsetError(UnvisorError):
    """OpenXR, OpenVR, OpenGL or an avatar."""


class RecordingError(UnvisorError):
    """A stored or imported file."""


class CalibrationError(UnvisorError):
    """A profile, or what it should be fitted from."""


class ModelError(UnvisorError):
    """A model's file, names, shapes or run."""


class OutputError(UnvisorError):
    """A receiver that cannot be reached, or a file that cannot be written."""


class ConsentError(UnvisorError):
    """Something the wearer has not agreed to."""

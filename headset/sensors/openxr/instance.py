"""An OpenXR instance: which extensions it has, what its headset supports, and which of them said no."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from types import TracebackType
from typing import Any, Final, Self

from ...errors import HeadsetError
from .loader import OpenXrError, checked, openxr

_LOG: Final = logging.getLogger("unvisor")

_PROPERTIES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "XR_EXT_eye_gaze_interaction": (
        "SystemEyeGazeInteractionPropertiesEXT",
        ("supports_eye_gaze_interaction",),
    ),
    "XR_EXT_user_presence": ("SystemUserPresencePropertiesEXT", ("supports_user_presence",)),
    "XR_FB_eye_tracking_social": ("SystemEyeTrackingPropertiesFB", ("supports_eye_tracking",)),
    "XR_FB_face_tracking2": (
        "SystemFaceTrackingProperties2FB",
        ("supports_visual_face_tracking", "supports_audio_face_tracking"),
    ),
    "XR_HTC_facial_tracking": (
        "SystemFacialTrackingPropertiesHTC",
        ("support_eye_facial_tracking", "support_lip_facial_tracking"),
    ),
    "XR_META_face_tracking_visemes": (
        "SystemFaceTrackingVisemesPropertiesMETA",
        ("supports_visemes",),
    ),
}
"""Extension -> the structure by which a system says whether it has what the extension is for."""


class Instance:
    """One OpenXR instance and the headset behind it; a process can have one.

    Attributes:
        xr: pyopenxr's module.
        handle: XrInstance.
        system_id: The headset's.
        runtime: The runtime's name and version, for people.
        headset: The headset's name, for people.
        extensions: Those enabled.
        supports: Properties that are true, by pyopenxr's names: `supports_eye_tracking`.
        refusals: Which extensions are listed but unsupported, and which property said so.
    """

    def __init__(self, wanted: Iterable[str], *, required: Iterable[str] = ()) -> None:
        """Load the active runtime and open it.

        Args:
            wanted: Extensions to enable where the runtime lists them.
            required: Extensions without which there is no use in it.

        Raises:
            HeadsetError: No pyopenxr, no runtime, no headset, or a required extension is missing.
        """
        self.xr = xr = openxr()
        listed, needed = _listed(xr), set(required)
        if missing := needed - listed:
            raise HeadsetError(
                f"OpenXR: the runtime has no {' or '.join(sorted(missing))}: use another runtime"
            )
        self.extensions = frozenset((needed | set(wanted)) & listed)
        create = xr.InstanceCreateInfo(
            enabled_extension_names=sorted(self.extensions),
            application_info=xr.ApplicationInfo(
                application_name="unvisor", engine_name="unvisor", api_version=xr.Version(1, 0, 34)
            ),
        )
        self.handle = xr.Instance()
        checked(
            "xrCreateInstance",
            xr.raw_functions.xrCreateInstance(ctypes.byref(create), ctypes.byref(self.handle)),
        )
        try:
            self.runtime = self._runtime()
            self.system_id = self._system()
            self.supports: frozenset[str] = frozenset()
            self.refusals: tuple[str, ...] = ()
            self.headset = self._ask_system()
        except HeadsetError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Destroy it, with all that was made of it; a lost one too, or no other could be made."""
        if self.handle:
            self.xr.raw_functions.xrDestroyInstance(self.handle)
            self.handle = self.xr.Instance()

    def function(self, name: str) -> Callable[..., int]:
        """Return one of OpenXR's functions by its C name; it returns its result, unchecked.

        Raises:
            OpenXrError: The instance has no such function.
        """
        found = self.xr.PFN_xrVoidFunction()
        ask = self.xr.raw_functions.xrGetInstanceProcAddr
        checked(name, ask(self.handle, name.encode(), ctypes.byref(found)))
        return ctypes.cast(found, getattr(self.xr, f"PFN_{name}"))

    def argument(self, name: str, place: int) -> Any:
        """Return an empty structure, of the type that one of OpenXR's functions takes there."""
        return getattr(self.xr, f"PFN_{name}")._argtypes_[place]._type_()

    def call(self, name: str, *arguments: object) -> int:
        """Call one of OpenXR's functions by its C name, once.

        Raises:
            OpenXrError: It is not there, or refused.
        """
        return checked(name, self.function(name)(*arguments))

    def path(self, text: str) -> int:
        """Return the XrPath of a text: `/user/eyes_ext/input/gaze_ext/pose`."""
        path = ctypes.c_uint64()
        self.call("xrStringToPath", self.handle, text.encode(), ctypes.byref(path))
        return path.value

    def _runtime(self) -> str:
        told = self.xr.InstanceProperties()
        self.call("xrGetInstanceProperties", self.handle, ctypes.byref(told))
        version = self.xr.Version(told.runtime_version)
        return f"{_text(told.runtime_name)} {version.major}.{version.minor}.{version.patch}"

    def _system(self) -> int:
        system_id = ctypes.c_uint64()
        asked = self.xr.SystemGetInfo(form_factor=self.xr.FormFactor.HEAD_MOUNTED_DISPLAY)
        try:
            self.call("xrGetSystem", self.handle, ctypes.byref(asked), ctypes.byref(system_id))
        except OpenXrError as error:
            if error.result == "ERROR_FORM_FACTOR_UNAVAILABLE":
                raise OpenXrError(
                    f"{self.runtime}: no headset is connected: connect it", result=error.result
                ) from error
            raise
        return system_id.value

    def _ask_system(self) -> str:
        """Return the headset's name, and note what it supports."""
        told = self.xr.SystemProperties()
        answers: dict[str, Any] = {
            extension: getattr(self.xr, _PROPERTIES[extension][0])()
            for extension in sorted(self.extensions & _PROPERTIES.keys())
        }
        _chain([told, *answers.values()])
        self.call("xrGetSystemProperties", self.handle, self.system_id, ctypes.byref(told))
        refusals: list[str] = []
        for extension, answer in answers.items():
            names = _PROPERTIES[extension][1]
            yes = {name for name in names if getattr(answer, name)}
            self.supports |= yes
            for name in names:
                if name not in yes:
                    said = f"{extension}: the runtime lists it, but {_camel(name)} is false"
                    _LOG.info("%s: %s", self.runtime, said)
                    if not yes:
                        refusals.append(said)
        self.refusals = tuple(refusals)
        return _text(told.system_name)


def _listed(xr: Any) -> set[str]:
    """Return the extensions that the runtime, and API layers, offer."""
    enumerate_extensions = xr.raw_functions.xrEnumerateInstanceExtensionProperties
    count = ctypes.c_uint32()
    call = "xrEnumerateInstanceExtensionProperties"
    checked(call, enumerate_extensions(None, 0, ctypes.byref(count), None))
    listed = (xr.ExtensionProperties * count.value)(
        *(xr.ExtensionProperties() for _ in range(count.value))
    )
    checked(call, enumerate_extensions(None, count, ctypes.byref(count), listed))
    return {_text(one.extension_name) for one in listed}


def _chain(structures: Sequence[Any]) -> None:
    """Make each of OpenXR's structures point to the next."""
    for one, following in pairwise(structures):
        one.next = ctypes.cast(ctypes.pointer(following), ctypes.c_void_p)


def _camel(name: str) -> str:
    """Return a property's name as OpenXR spells it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _text(characters: bytes) -> str:
    """Return a runtime's text, fit to be shown."""
    return "".join(filter(str.isprintable, characters.decode("utf-8", "replace")))

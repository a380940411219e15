# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""A test's own layer between the genuine OpenXR loader and Monado: the extensions Monado lacks.

It stands in for a headset, not for the loader or the runtime: a reader calls it by the real
functions with the real structures, and is refused what the standard forbids. It lives in the
reader's process; its functions are C callbacks into Python, 0.1 ms a call.

    reported = Reported()
    with Layer(reported) as layer:
        …  # whatever makes an xr.Instance
        reported.face[xr.FaceExpression2FB.JAW_DROP] = 0.7
        …
        assert layer.complaints == []

Source:
    OpenXR 1.1, "API Layers"; OpenXR Loader, "Layer Interface Negotiation".
"""

from __future__ import annotations

import json
import os
import tempfile
import traceback
from collections.abc import Sequence
from ctypes import POINTER, byref, c_char_p, c_uint64, c_void_p, cast, memmove, sizeof
from pathlib import Path
from typing import Any, Self

import xr

from .layer_eyes import EyesPart, GazePart
from .layer_face import FacePart, VisemesPart
from .layer_ground import Ground
from .layer_htc import HtcPart
from .layer_part import Function, Part, Refused, chain, value
from .layer_presence import PresencePart
from .layer_reported import Reported

NAME = "XR_APILAYER_UNVISOR_test"
PARTS: tuple[type[Part], ...] = (
    FacePart,
    VisemesPart,
    EyesPart,
    GazePart,
    HtcPart,
    PresencePart,
)
CLOCK = b"XR_KHR_convert_timespec_time"


class Layer(xr.DynamicApiLayerBase):
    """The layer; enter it before the first call of OpenXR.

    Args:
        reported: What the headset says; kept, so that a test can change it.
        parts: Which extensions it has; XR_EXT_eye_gaze_interaction without its part is Monado's,
            supported by nothing.

    Attributes:
        complaints: Every call that was refused, with the reason.
        calls: How often each of its functions was called.
        fail: What to return for a function instead of doing it.
    """

    def __init__(self, reported: Reported, parts: Sequence[type[Part]] = PARTS) -> None:
        self.reported = reported
        self.complaints: list[str] = []
        self.calls: dict[str, int] = {}
        self.fail: dict[str, xr.Result] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="unvisor-layer-")
        super().__init__(name=NAME, json_path=str(Path(self._folder.name) / "manifest"))
        self._parts = [part(reported) for part in parts]
        self._ground: Any = None  # of the newest instance
        self._next: Any = None
        self._advertise()
        functions: dict[str, Function] = {
            "xrGetSystemProperties": self._get_system_properties,
            "xrCreateSession": self._create_session,
            "xrBeginSession": self._begin_session,
            "xrEndSession": self._end_session,
            "xrDestroySession": self._destroy_session,
        }
        owner: dict[str, str] = {}
        for part in self._parts:
            functions |= part.functions()
            owner |= dict.fromkeys(part.entries, part.extension)
        self._owner = owner
        self._callbacks = {  # kept: C holds no reference
            name: getattr(xr, f"PFN_{name}")(self._answering(name, function))
            for name, function in functions.items()
        }
        self._get = xr.PFN_xrGetInstanceProcAddr(self._get_instance_proc_addr)
        self._create = xr.PFN_xrCreateApiLayerInstance(self._create_instance)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def clear(self) -> None:
        """Report what a new headset does, complain of nothing, and fail at nothing."""
        self.reported.clear()
        self.complaints.clear()
        self.calls.clear()
        self.fail.clear()

    def now(self) -> Any:
        """Return XrTime now, an int (which pyopenxr's annotations take for no XrTime)."""
        return self._ground.now()

    # What the loader calls.

    def negotiate_loader_api_layer_interface(
        self, loader_info: Any, layer_name: str, api_layer_request: Any
    ) -> xr.Result:
        """Tell the loader this layer's version and functions."""
        api_layer_request.layer_interface_version = 1
        api_layer_request.layer_api_version = xr.XR_CURRENT_API_VERSION
        api_layer_request.get_instance_proc_addr = self._get
        api_layer_request.create_api_layer_instance = self._create
        return xr.Result.SUCCESS

    def _advertise(self) -> None:
        """Name the extensions in the manifest, as pyopenxr does not, and the layer to the loader."""
        manifest = Path(self._folder.name) / "manifest" / f"{NAME}.json"
        described = json.loads(manifest.read_text())
        described["api_layer"]["instance_extensions"] = [
            {
                "name": part.extension,
                "extension_version": str(part.version),
                "entrypoints": list(part.entries),
            }
            for part in self._parts
            if not part.built_in
        ]
        manifest.write_text(json.dumps(described))
        os.environ["XR_ENABLE_API_LAYERS"] = NAME

    def _create_instance(self, create: Any, layer: Any, instance: Any) -> int:
        """Make the instance below, without the extensions that are this layer's own."""
        try:
            following = layer.contents.next_info.contents
            asked = create.contents
            names = {
                asked._enabled_extension_names[i] for i in range(asked.enabled_extension_count)
            }
            own = {part.extension.encode() for part in self._parts if not part.built_in}
            passed = (c_char_p * 64)(*sorted((names - own) | {CLOCK}))
            ours = xr.InstanceCreateInfo.from_buffer_copy(asked)
            ours.enabled_extension_count = len((names - own) | {CLOCK})
            ours._enabled_extension_names = cast(passed, POINTER(c_char_p))
            ours.enabled_api_layer_count = 0
            rest = xr.api_layer.ApiLayerCreateInfo.from_buffer_copy(layer.contents)
            rest.next_info = following.next
            result = following.next_create_api_layer_instance(byref(ours), byref(rest), instance)
            if result >= 0:
                # Both lie on the loader's stack, and ctypes would only point there: they are copied.
                # `instance`, declared an Instance by pyopenxr, is really a pointer to one.
                made = cast(c_void_p(c_uint64.from_address(value(instance)).value), xr.Instance)
                below = value(following.next_get_instance_proc_addr)
                self._next = xr.PFN_xrGetInstanceProcAddr(below)
                self._ground = Ground(made, self._next, {name.decode() for name in names})
                for part in self._parts:
                    part.instance_made(self._ground)
            return int(result)
        except Exception as fault:  # noqa: BLE001  (C cannot be raised into)
            return self._fault("xrCreateApiLayerInstance", fault)

    def _get_instance_proc_addr(self, instance: Any, name: bytes, function: Any) -> int:
        try:
            wanted = name.decode()
            owner = self._owner.get(wanted)
            if owner is not None and owner not in self._ground.enabled:
                memmove(function, byref(c_void_p()), sizeof(c_void_p))
                self.complaints.append(f"{wanted}: {owner} is not enabled")
                return xr.Result.ERROR_FUNCTION_UNSUPPORTED.value
            if wanted in self._callbacks:
                memmove(function, byref(self._callbacks[wanted]), sizeof(c_void_p))
                return 0
            return int(self._next(instance, name, function))
        except Exception as fault:  # noqa: BLE001  (C cannot be raised into)
            return self._fault("xrGetInstanceProcAddr", fault)

    def _answering(self, name: str, function: Function) -> Function:
        """Return a function as C may call it: it counts, refuses, fails when asked, never raises."""

        def answer(*arguments: Any) -> int:
            self.calls[name] = self.calls.get(name, 0) + 1
            try:
                if name in self.fail:
                    return self.fail[name].value
                return int(function(*arguments))
            except Refused as refusal:
                self.complaints.append(f"{name}: {refusal}")
                return refusal.result.value
            except Exception as fault:  # noqa: BLE001  (C cannot be raised into)
                return self._fault(name, fault)

        return answer

    def _fault(self, name: str, fault: Exception) -> int:
        self.complaints.append(f"{name}: {''.join(traceback.format_exception(fault))}")
        return xr.Result.ERROR_RUNTIME_FAILURE.value

    def _get_system_properties(self, instance: Any, system: int, properties: Any) -> int:
        result = self._ground.below("xrGetSystemProperties")(instance, system, properties)
        for kind, address in chain(properties):
            for part in self._parts:
                if part.extension in self._ground.enabled:
                    part.system_property(kind, address)
        return result

    def _create_session(self, instance: Any, create: Any, session: Any) -> int:
        result = self._ground.below("xrCreateSession")(instance, create, session)
        if result >= 0:
            self._ground.begun[c_uint64.from_address(value(session)).value] = False
        return result

    def _begin_session(self, session: Any, begin: Any) -> int:
        result = self._ground.below("xrBeginSession")(session, begin)
        if result >= 0:
            self._ground.begun[value(session)] = True
            for part in self._parts:
                if part.extension in self._ground.enabled:
                    part.session_begun(value(session))
        return result

    def _end_session(self, session: Any) -> int:
        self._ground.begun[value(session)] = False
        return self._ground.below("xrEndSession")(session)

    def _destroy_session(self, session: Any) -> int:
        gone = value(session)
        self._ground.forget(gone)
        for part in self._parts:
            part.session_gone(gone)
        return self._ground.below("xrDestroySession")(session)

"""An OpenXR session: its states, its spaces and its clock; without graphics, or bound to a context.

With a binding it can be an overlay, drawn over the session of a running game, which keeps the focus.

The same session serves the reader, which has no graphics and runs no frames (Monado refuses them
then), and the headset process, which hands in a graphics binding and runs the frame loop itself:

    with Instance(SENSOR_EXTENSIONS, required=REQUIRED) as instance, Session(instance) as session:
        sensors = Sensors(session)                  # before the session begins: HTC's must be
        while session.poll() is not State.EXITING:  # begins and ends it as the runtime asks
            if session.running:
                samples = sensors.sample(session.now())

Everything here is of one thread.
"""

from __future__ import annotations

import ctypes
from enum import IntEnum
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from ...clock import NS_PER_S, Offset, now_ns
from ...errors import HeadsetError
from .instance import Instance
from .loader import OpenXrError, checked
from .time import TIME_EXTENSION, clock_offset

REQUIRED: Final = ("XR_MND_headless", TIME_EXTENSION)
"""Extensions of a session without graphics; with a binding, its own instead of the first."""

OVERLAY_EXTENSION: Final = "XR_EXTX_overlay"
"""Extension of a session that is drawn over another's."""

OVERLAY_PLACEMENT: Final = 1
"""Over the game, under overlays that ask for more: those are asked for by the wearer, this one stays.

Source: XR_EXTX_overlay, `sessionLayersPlacement`: larger is nearer to the wearer.
"""

_OFFSET_AGE_NS: Final = NS_PER_S  # how long a measured offset is trusted


class State(IntEnum):
    """XrSessionState."""

    UNKNOWN = 0
    IDLE = 1
    READY = 2
    SYNCHRONIZED = 3
    VISIBLE = 4
    FOCUSED = 5
    STOPPING = 6
    LOSS_PENDING = 7
    EXITING = 8


class Session:
    """One session.

    Attributes:
        instance: Whose it is.
        handle: XrSession.
        view: XrSpace of the head.
        local: XrSpace of the room: where the head was when it began, gravity upright.
        state: As the runtime last said.
        running: Begun and not ended: frames may be run, spaces located.
        worn: Whether the headset is on a head; None while the runtime does not say.
    """

    def __init__(
        self, instance: Instance, binding: Any | None = None, *, overlay: bool = False
    ) -> None:
        """Create it; nothing is shown before it begins, and nothing ever without a binding.

        Args:
            instance: With XR_MND_headless enabled where there is no binding, and with
                `OVERLAY_EXTENSION` for an overlay.
            binding: Graphics, one of OpenXR's structures; it must live as long as the session.
            overlay: Whether it is drawn over another session, which keeps the headset.

        Raises:
            OpenXrError: The runtime refuses.
        """
        xr = instance.xr
        self.instance = instance
        self.handle = xr.Session()
        self.state, self.running = State.UNKNOWN, False
        self.worn: bool | None = None
        self._heard: dict[int, int] = {}
        self._binding = binding
        self._destroy = instance.function("xrDestroySession")
        chained = binding
        if overlay:
            chained = xr.SessionCreateInfoOverlayEXTX(
                session_layers_placement=OVERLAY_PLACEMENT, next=binding
            )
        create = xr.SessionCreateInfo(system_id=instance.system_id, next=chained)
        created = ctypes.byref(create), ctypes.byref(self.handle)
        instance.call("xrCreateSession", instance.handle, *created)
        try:
            self._poll_event = instance.function("xrPollEvent")
            self._event = xr.EventDataBuffer()
            self._state_change = xr.EventDataSessionStateChanged.from_buffer(self._event)
            self._presence = xr.EventDataUserPresenceChangedEXT.from_buffer(self._event)
            self.view = self.space(xr.ReferenceSpaceType.VIEW)
            self.local = self.space(xr.ReferenceSpaceType.LOCAL)
            self._offset, self._offset_ns = clock_offset(instance), now_ns()
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
        """Destroy it with its spaces, in whatever state it is; a lost one too."""
        if self.handle:
            self._destroy(self.handle)
            self.handle = self.instance.xr.Session()
        self.running = False

    @property
    def offset(self) -> Offset:
        """How XrTime stands to the host clock, measured within the last second."""
        if now_ns() - self._offset_ns > _OFFSET_AGE_NS:
            self._offset, self._offset_ns = clock_offset(self.instance), now_ns()
        return self._offset

    def now(self) -> int:
        """Return the time now, as XrTime."""
        return self.offset.theirs(now_ns())

    def ours(self, xr_time: int, *, otherwise_ns: int) -> int:
        """Return when something was true, on the host clock.

        Args:
            xr_time: When, as the runtime says.
            otherwise_ns: Taken where the runtime says nothing, or what lies a second and more away.
        """
        at_ns = self.offset.ours(xr_time)
        told = xr_time > 0 and abs(at_ns - otherwise_ns) < NS_PER_S
        return at_ns if told else otherwise_ns

    def poll(self) -> State:
        """Take all events; begin and end the session where the runtime asks for it.

        Returns:
            The state now. EXITING: the runtime, or the wearer, wants it closed for good.

        Raises:
            OpenXrError: Session or instance are lost, or will be at once (`gone`).
        """
        types, event = self.instance.xr.StructureType, self._event
        while True:
            event.type = types.EVENT_DATA_BUFFER
            result = self._poll_event(self.instance.handle, ctypes.byref(event))
            if checked("xrPollEvent", result) == self.instance.xr.Result.EVENT_UNAVAILABLE:
                return self.state
            # Plain numbers: pyopenxr's properties raise at what is newer than its lists.
            kind: int = event._type
            self._heard[kind] = self._heard.get(kind, 0) + 1
            if kind == types.EVENT_DATA_SESSION_STATE_CHANGED.value:
                self._enter(self._state_change._state)
            elif kind == types.EVENT_DATA_USER_PRESENCE_CHANGED_EXT.value:
                self.worn = bool(self._presence.is_user_present)
            elif kind == types.EVENT_DATA_INSTANCE_LOSS_PENDING.value:
                raise OpenXrError(f"{self.instance.runtime}: it is stopping: start it", gone=True)

    def heard(self, kind: int) -> int:
        """Return how many events of a kind (xr.StructureType's value) `poll` has taken so far.

        For those it makes nothing of: a new mask of what is seen, a new origin of the room, what an
        overlay lies over seen or not (Monado 25 tells none of that).
        """
        return self._heard.get(kind, 0)

    def begin(self) -> None:
        """Begin: called by `poll` when the runtime is ready."""
        stereo = self.instance.xr.ViewConfigurationType.PRIMARY_STEREO
        begun = self.instance.xr.SessionBeginInfo(primary_view_configuration_type=stereo)
        self.instance.call("xrBeginSession", self.handle, ctypes.byref(begun))
        self.running = True

    def end(self) -> None:
        """End: called by `poll` when the runtime stops the session; it may begin again."""
        self.running = False
        self.worn = None
        self.instance.call("xrEndSession", self.handle)

    def space(self, kind: int) -> Any:
        """Return a reference space of a kind (xr.ReferenceSpaceType); it dies with the session."""
        space, xr = self.instance.xr.Space(), self.instance.xr
        create = xr.ReferenceSpaceCreateInfo(reference_space_type=kind)
        created = ctypes.byref(create), ctypes.byref(space)
        self.instance.call("xrCreateReferenceSpace", self.handle, *created)
        return space

    def _enter(self, told: int) -> None:
        try:
            state = State(told)
        except ValueError:  # a runtime newer than this list; its known states will follow
            state = State.UNKNOWN
        self.state = state
        if state is State.READY:
            self.begin()
        elif state is State.STOPPING:
            self.end()
        elif state is State.LOSS_PENDING:
            raise OpenXrError(
                f"{self.instance.runtime}: the session is lost: it is opened again", gone=True
            )


class Place:
    """Where one space is in another, asked again and again at little cost."""

    ORIENTED, POSITIONED, ORIENTATION_TRACKED = 1, 2, 4
    """Bits of what `locate` returns. Source: XrSpaceLocationFlagBits."""

    def __init__(self, session: Session, space: Any, base: Any, *, chained: Any = None) -> None:
        """Prepare.

        Args:
            session: Whose spaces they are.
            space: XrSpace, what is located.
            base: XrSpace, in which it is.
            chained: A structure to be filled as well.
        """
        self._locate = session.instance.function("xrLocateSpace")
        self._location = session.instance.xr.SpaceLocation(next=chained)
        self._space, self._base, self._chained = space, base, chained
        self._reference = ctypes.byref(self._location)
        start = session.instance.xr.SpaceLocation.pose.offset
        self._floats = np.frombuffer(self._location, np.float32, 7, start)

    def numbers(self) -> list[float]:
        """Return it as it was last located: a quaternion xyzw and a position in metres, 7 numbers.

        Plain ones: beside a game every array costs more than all that is done with them here.
        """
        return self._floats.tolist()

    def locate(self, xr_time: int) -> int:
        """Locate it, and return which parts of it are valid or tracked.

        Raises:
            OpenXrError: The runtime refuses, or the session is lost.
        """
        checked("xrLocateSpace", self._locate(self._space, self._base, xr_time, self._reference))
        return self._location._location_flags  # its property makes an enum each time

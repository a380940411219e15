# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""XR_HTC_facial_tracking of the test layer: one tracker of the eyes, one of the mouth."""

from __future__ import annotations

from typing import Any

import xr

from .layer_part import Function, Part, Refused, require, require_type, value

KIND = xr.StructureType
TRACKERS = {1: ("htc_eye", "htc eye", 14), 2: ("htc_lip", "htc lip", 37)}
"""By xr.FacialTrackingTypeHTC: what is reported, the capability, how many expressions."""


class HtcPart(Part):
    """Two trackers, each made before the session begins and left to end with it.

    HTC's own runtime demands both, the standard neither.

    Source:
        OpenXR 1.1, XR_HTC_facial_tracking; PROTOCOLS 3.11.
    """

    extension = "XR_HTC_facial_tracking"
    version = 3
    entries = (
        "xrCreateFacialTrackerHTC",
        "xrDestroyFacialTrackerHTC",
        "xrGetFacialExpressionsHTC",
    )

    def functions(self) -> dict[str, Function]:
        """Return what it answers."""
        made = (self._create, self._destroy, self._expressions)
        return dict(zip(self.entries, made, strict=True))

    def system_property(self, kind: int, address: int) -> None:
        """Say which trackers there are."""
        if kind == KIND.SYSTEM_FACIAL_TRACKING_PROPERTIES_HTC.value:
            said = xr.SystemFacialTrackingPropertiesHTC.from_address(address)
            said.support_eye_facial_tracking = "htc eye" in self.reported.supports
            said.support_lip_facial_tracking = "htc lip" in self.reported.supports

    def _create(self, session: Any, create: Any, out: Any) -> int:
        require_type(create.contents, KIND.FACIAL_TRACKER_CREATE_INFO_HTC)
        which = create.contents._facial_tracking_type
        require(which in TRACKERS, "a kind of tracker that does not exist")
        require(
            TRACKERS[which][1] in self.reported.supports,
            f"created although the system has no {TRACKERS[which][1]}",
            xr.Result.ERROR_FEATURE_UNSUPPORTED,
        )
        require(
            not self.ground.has_begun(value(session)),
            "created after the session began",
            xr.Result.ERROR_CALL_ORDER_INVALID,
        )
        return self.ground.add(self.extension, session, out, which)

    def _destroy(self, tracker: Any) -> int:
        self.remove(tracker)
        raise Refused(xr.Result.ERROR_RUNTIME_FAILURE, "destroyed, which crashes HTC's runtime")

    def _expressions(self, tracker: Any, out: Any) -> int:
        _, which = self.ground.tracker(self.extension, tracker)
        name, _, count = TRACKERS[which]
        to = out.contents
        require_type(to, KIND.FACIAL_EXPRESSIONS_HTC)
        require(
            to.expression_count >= count,
            f"room for {to.expression_count} expressions, not {count}",
            xr.Result.ERROR_SIZE_INSUFFICIENT,
        )
        require(bool(to._expression_weightings), "room that is nowhere")
        to.sample_time = self.reported.at(self.ground.now())
        to.is_active = name in self.reported.tracked
        if to.is_active:
            for i, weight in enumerate(getattr(self.reported, name)):
                to._expression_weightings[i] = float(weight)
        return 0

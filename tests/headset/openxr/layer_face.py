# pyright: basic
# (pyopenxr's structures are made at run time: their fields have no types a checker could know)
"""XR_FB_face_tracking2 of the test layer, with XR_META_face_tracking_visemes chained to it."""

from __future__ import annotations

from typing import Any

import xr

from .layer_part import Function, Part, chain, require, require_type

KIND = xr.StructureType
WEIGHTS = 70
CONFIDENCES = 2
VISUAL = xr.FaceTrackingDataSource2FB.VISUAL.value
AUDIO = xr.FaceTrackingDataSource2FB.AUDIO.value


class FacePart(Part):
    """Weights of the whole face.

    Source:
        OpenXR 1.1, XR_FB_face_tracking2.
    """

    extension = "XR_FB_face_tracking2"
    entries = (
        "xrCreateFaceTracker2FB",
        "xrDestroyFaceTracker2FB",
        "xrGetFaceExpressionWeights2FB",
    )

    def functions(self) -> dict[str, Function]:
        """Return what it answers."""
        made = (self._create, self.remove, self._weights)
        return dict(zip(self.entries, made, strict=True))

    def system_property(self, kind: int, address: int) -> None:
        """Say which sources of a face there are."""
        if kind == KIND.SYSTEM_FACE_TRACKING_PROPERTIES2_FB.value:
            said = xr.SystemFaceTrackingProperties2FB.from_address(address)
            said.supports_visual_face_tracking = "face" in self.reported.supports
            said.supports_audio_face_tracking = "audio face" in self.reported.supports

    def _create(self, session: Any, create: Any, out: Any) -> int:
        asked = create.contents
        require_type(asked, KIND.FACE_TRACKER_CREATE_INFO2_FB)
        require(asked._face_expression_set == 0, "an expression set that is not the default")
        count = asked.requested_data_source_count
        sources = [asked._requested_data_sources[i] for i in range(count)]
        require(len(set(sources)) == count, "a data source asked for twice")
        require(set(sources) <= {VISUAL, AUDIO}, "a data source that does not exist")
        offered = {
            source
            for source, name in ((VISUAL, "face"), (AUDIO, "audio face"))
            if name in self.reported.supports
        }
        require(
            bool(offered & set(sources or offered)),
            "created although the system has none of its data sources",
            xr.Result.ERROR_FEATURE_UNSUPPORTED,
        )
        return self.ground.add(self.extension, session, out, frozenset(sources))

    def _weights(self, tracker: Any, asked: Any, out: Any) -> int:
        _, sources = self.ground.tracker(self.extension, tracker)
        at, to = asked.contents, out.contents
        require_type(at, KIND.FACE_EXPRESSION_INFO2_FB)
        require_type(to, KIND.FACE_EXPRESSION_WEIGHTS2_FB)
        require(at.time > 0, "no time to tell the face of", xr.Result.ERROR_TIME_INVALID)
        require(to.weight_count == WEIGHTS, f"room for {to.weight_count} weights, not {WEIGHTS}")
        require(to.confidence_count == CONFIDENCES, f"room for {to.confidence_count} confidences")
        require(bool(to._weights) and bool(to._confidences), "room that is nowhere")
        reported = self.reported
        to.time = reported.at(at.time)
        tracked = "face" in reported.tracked
        audio_only = reported.audio_only or "face" not in reported.supports
        if audio_only and sources and AUDIO not in sources:
            tracked = False  # there is only what it did not ask for
        to._data_source = AUDIO if audio_only else VISUAL
        to.is_valid = tracked
        to.is_eye_following_blendshapes_valid = tracked and reported.eyes_followed
        for i in range(WEIGHTS):
            to._weights[i] = float(reported.face[i]) if tracked else 0.0
        for i in range(CONFIDENCES):
            to._confidences[i] = float(reported.face_confidence[i]) if tracked else 0.0
        for kind, address in chain(out):
            if kind == KIND.FACE_TRACKING_VISEMES_META.value:
                self._visemes(xr.FaceTrackingVisemesMETA.from_address(address))
        return 0

    def _visemes(self, to: Any) -> None:
        require(VisemesPart.extension in self.ground.enabled, "visemes, which are not enabled")
        to.is_valid = {"face", "visemes"} <= self.reported.tracked
        for i, weight in enumerate(self.reported.visemes):
            to.visemes[i] = float(weight) if to.is_valid else 0.0


class VisemesPart(Part):
    """Visemes beside the weights.

    Source:
        OpenXR 1.1, XR_META_face_tracking_visemes.
    """

    extension = "XR_META_face_tracking_visemes"

    def system_property(self, kind: int, address: int) -> None:
        """Say whether there are any."""
        if kind == KIND.SYSTEM_FACE_TRACKING_VISEMES_PROPERTIES_META.value:
            said = xr.SystemFaceTrackingVisemesPropertiesMETA.from_address(address)
            said.supports_visemes = "visemes" in self.reported.supports

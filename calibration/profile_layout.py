"""The layout of a profile's file: what it may hold, and within which bounds."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from .profile_types import KEPT_DONNINGS

VERSION: Final = 2
"""Of the file's layout; a newer one is refused by name, an older one is migrated."""

LARGEST_WEIGHT: Final = 10.0
"""Captures reach 1.08; a weight above this is no weight."""

Number = Annotated[float, msgspec.Meta(ge=-LARGEST_WEIGHT, le=LARGEST_WEIGHT)]
Ratio = Annotated[float, msgspec.Meta(ge=0.1, le=10.0)]
Angle = Annotated[float, msgspec.Meta(ge=-1.6, le=1.6)]
Spread = Annotated[float, msgspec.Meta(ge=0.0, le=1.6)]
Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=1e7)]
_PRINTED: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"  # a terminal obeys the others
Word = Annotated[str, msgspec.Meta(max_length=200, pattern=_PRINTED)]
Note = Annotated[str, msgspec.Meta(max_length=500, pattern=_PRINTED)]
Notes = Annotated[list[Note], msgspec.Meta(max_length=100)]
Utc = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?$", max_length=20)]
Weights = dict[str, float]
Pair = tuple[Number | None, Number | None]
Angles = tuple[tuple[Angle | None, Angle | None], tuple[Angle | None, Angle | None]]
Spreads = tuple[tuple[Spread | None, Spread | None], tuple[Spread | None, Spread | None]]
Square = tuple[tuple[Number, Number], tuple[Number, Number]]


class PersonPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What lasts."""

    rest: Weights
    reach: Weights
    openness_rest: Pair
    gaze_rest_rad: Angles
    gaze_rest_sd_rad: Spreads | None = None
    openness_shut: tuple[Number, Number] | None = None
    lids_unmix: Square | None = None
    cheeks_unmix: Square | None = None
    gaze_offset_rad: Angles | None = None
    gaze_matrix: tuple[Square, Square] | None = None
    habit_offset: Weights = {}
    habit_gain: Weights = {}


class DonningPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What changes."""

    utc: Utc = ""
    seconds: Seconds = 0.0
    notes: Notes = []
    rest_offset: Weights = {}
    openness_ratio: tuple[Ratio, Ratio] = (1.0, 1.0)
    gaze_offset_rad: Angles = ((0.0, 0.0), (0.0, 0.0))
    gaze_matrix: tuple[Square, Square] | None = None


class ProfileFile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    format: str = "unvisor-profile"
    version: int = VERSION
    wearer: Word = ""
    headset: Word = ""
    consent: Word = ""
    made_utc: Utc = ""
    seconds: Seconds
    quality: Annotated[float, msgspec.Meta(ge=0, le=1)]
    notes: Notes = []
    person: PersonPart
    donnings: Annotated[list[DonningPart], msgspec.Meta(max_length=KEPT_DONNINGS)] = []


class FirstFile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Version 1."""

    format: str
    version: int
    seconds: Seconds
    quality: Annotated[float, msgspec.Meta(ge=0, le=1)]
    notes: Notes = []
    rest: Weights
    reach: Weights
    openness_rest: Pair
    gaze_rest_rad: Angles

    def migrated(self) -> ProfileFile:
        """Return it as it would be written now."""
        person = PersonPart(
            rest=self.rest,
            reach=self.reach,
            openness_rest=self.openness_rest,
            gaze_rest_rad=self.gaze_rest_rad,
        )
        return ProfileFile(
            seconds=self.seconds, quality=self.quality, notes=self.notes, person=person
        )

"""One use of a wearer's face: what is sensed, what is sent where, what is stored, until when.

`unvisor run --vrchat --record X.h5` is such a use. A wearer agrees to one, and a use is covered where
it asks for no more than they agreed to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec

from ...headset.errors import ConsentError

Application = Literal["run", "calibrate"]
Channel = Literal["face", "eyes", "head", "voice", "pictures"]
Stored = Literal["recording", "film", "bundle", "profile"]
Destination = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@%\[\]-]*$", max_length=100)
]

SENSED: Final[tuple[Channel, ...]] = ("face", "eyes", "head", "voice")
"""What any run may sense; the cameras' pictures are asked for by themselves."""

PURPOSES: Final[dict[Application, str]] = {
    "run": "showing your face in social VR",
    "calibrate": "learning your face",
}
"""Of each application, unless its wearer is told of another."""

LONGEST_DAYS: Final = 3650
DAYS: Final = 365

_MEANT: Final = frozenset('"$`\\!%')
_SENSED_WORDS: Final[dict[str, str]] = {
    "face": "your face", "eyes": "eyes", "head": "head movement", "voice": "voice",
    "pictures": "pictures of your face",
}  # fmt: skip
_STORED_WORDS: Final[dict[str, str]] = {
    "recording": "a recording of it", "film": "a film of it", "bundle": "a bundle of what was sensed",
    "profile": "a profile of your face",
}  # fmt: skip


class Context(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A use of a face. Make one with `context`, which puts it into one form.

    Attributes:
        application: The command that uses it.
        audience: Where faces are sent: an output's name for this machine, `NAME@HOST` for another.
        channels: What is sensed.
        purpose: What for, in words.
        synthesis: Whether what no sensor sees may be made up.
        retention: What is stored, on this machine, until its wearer deletes it or withdraws.
        days: How long consent to it holds.
    """

    application: Application
    audience: Annotated[tuple[Destination, ...], msgspec.Meta(max_length=32)] = ()
    channels: Annotated[tuple[Channel, ...], msgspec.Meta(max_length=8)] = SENSED
    purpose: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    synthesis: bool = True
    retention: Annotated[tuple[Stored, ...], msgspec.Meta(max_length=8)] = ()
    days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_DAYS)] = DAYS

    @property
    def leaves(self) -> bool:
        """Whether anything is sent or stored: what does neither needs nobody's consent."""
        return bool(self.audience or self.retention)

    @property
    def id(self) -> str:
        """Of the use itself, however long consent to it holds: 32 hexadecimal digits."""
        return hashlib.sha256(msgspec.json.encode([1, self.scope])).hexdigest()[:32]

    @property
    def scope(self) -> tuple[object, ...]:
        """All that it binds, but how long."""
        return (
            self.application, self.audience, self.channels, self.purpose, self.synthesis,
            self.retention,
        )  # fmt: skip

    def beyond(self, asked: Context) -> str:
        """Return what another use asks for that this one does not hold, empty where nothing."""
        if asked.application != self.application:
            return f"it is for `unvisor {self.application}`"
        if asked.purpose != self.purpose:
            return f"it is for {self.purpose}"
        if asked.synthesis and not self.synthesis:
            return "it lets nothing be made up"
        more: list[str] = [
            *(f"sending to {one}" for one in asked.audience if one not in self.audience),
            *(f"storing a {one}" for one in asked.retention if one not in self.retention),
            *(f"sensing {one}" for one in asked.channels if one not in self.channels),
        ]
        return f"it does not hold {_listed(more)}" if more else ""

    @property
    def sentence(self) -> str:
        """What its wearer is asked, without the question: one sentence."""
        sensed = _listed([_SENSED_WORDS[one] for one in self.channels])
        parts = [f"senses {sensed}"]
        parts.append("fills in what no sensor sees" if self.synthesis else "makes nothing up")
        if self.audience:
            to = _listed([_place(one) for one in self.audience])
            parts.append(f"sends the face to {to} and so to whoever is there")
        kept = _listed([_STORED_WORDS[one] for one in self.retention])
        until = "on this machine until you delete it or withdraw"
        parts.append(f"stores {kept} {until}" if self.retention else "stores nothing")
        *first, last = parts
        return (
            f"For {self.purpose}, `unvisor {self.application}` {', '.join(first)}, and {last}; "
            f"consent holds for {self.days} days, and `unvisor consent withdraw` ends it at any time."
        )

    @property
    def command(self) -> str:
        """The command that gives consent to it."""
        words = [f"unvisor consent give --for {self.application}"]
        words += [f"--to {one}" for one in self.audience]
        words += [f"--store {one}" for one in self.retention]
        if self.channels != SENSED:
            words += [f"--sense {one}" for one in self.channels]
        if self.purpose != PURPOSES[self.application]:
            words.append(f'--purpose "{self.purpose}"')
        if not self.synthesis:
            words.append("--no-synthesis")
        if self.days != DAYS:
            words.append(f"--expires-days {self.days}")
        return " ".join(words)


def context(
    application: Application | str,
    *,
    audience: Sequence[str] = (),
    retention: Sequence[str] = (),
    channels: Sequence[str] = SENSED,
    purpose: str = "",
    synthesis: bool = True,
    days: int = DAYS,
) -> Context:
    """Return a use in its one form: nothing twice, all in order.

    Args:
        application: The command.
        audience: Where faces are sent.
        retention: What is stored.
        channels: What is sensed.
        purpose: What for; the application's own where empty.
        synthesis: Whether what no sensor sees may be made up.
        days: How long consent to it holds.

    Raises:
        ConsentError: A word that is not known, or one that nobody could read.
    """
    # It stands in `Context.command`, which is pasted into a shell.
    if not purpose.isprintable() or not _MEANT.isdisjoint(purpose) or purpose != purpose.strip():
        raise ConsentError(
            "--purpose: has characters that cannot be seen, or that mean something to a shell "
            f"({' '.join(sorted(_MEANT))}): leave them out"
        )
    fields = {
        "application": application,
        "audience": sorted(set(audience)),
        "retention": sorted(set(retention)),
        "channels": sorted(set(channels), key=lambda one: (*_SENSED_WORDS, one).index(one)),
        "purpose": purpose or next((v for k, v in PURPOSES.items() if k == application), "?"),
        "synthesis": synthesis,
        "days": days,
    }
    try:
        return msgspec.convert(fields, Context)
    except msgspec.ValidationError as cause:
        raise ConsentError(f"consent: {cause}: correct it") from cause


def _place(destination: str) -> str:
    name, at, host = destination.partition("@")
    return f"{name} on {host}" if at else f"{name} on this machine"


def _listed(words: Sequence[str]) -> str:
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last

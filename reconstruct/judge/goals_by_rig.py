"""What the goals of one rig are held against: a model's figures there, over unseen people alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Final

import numpy as np

from ...headset.names import BLINK_2, HIDDEN_14
from ...headset.rig import Rig
from . import goals, metrics
from .card_rows import PersonRow, Row, Score
from .ceiling import OWN
from .goals import Bound
from .pooling import MANY
from .report import Report

NEEDS_FULL: Final = "needs --full"
NOTHING: Final = "nothing here to judge it by"


@dataclass(frozen=True, slots=True)
class Measure:
    """A goal and what was measured.

    Attributes:
        goal: What is measured.
        wanted: Where it is to lie.
        of: The figure, with an interval where it is a mean over people.
        people: How many stand behind it.
        why: What helps to read it.
        lack: Why it cannot be told; empty where it can.
    """

    goal: str
    wanted: Bound
    of: Score | float
    people: int
    why: str = ""
    lack: str = ""


def _of(row: Row, metric: str) -> tuple[Score, int]:
    return row.scores[metric], row.people


def over_people(by_person: Mapping[str, Sequence[float]]) -> tuple[Score, int]:
    """Return the mean of people's means with its interval, and of how many; NaN is left out."""
    each = [float(metrics.mean_over(np.array(values))) for values in by_person.values()]
    known = np.array([value for value in each if isfinite(value)])[:, None]
    if not len(known):
        return Score(value=nan, low=nan, high=nan), 0
    low, high = metrics.bootstrap(known, seed=0)
    return Score(value=float(known.mean()), low=float(low[0]), high=float(high[0])), len(known)


@dataclass(frozen=True, slots=True)
class UnderRig:
    """A model under a rig."""

    found: Report
    rig: Rig
    track: str

    def measures(self) -> Iterator[Measure]:
        """Yield what every goal that applies to the rig is held against."""
        if self.rig.name in goals.ERROR_EXACT:
            yield from self._error()
        if self.rig.observed:
            yield from self._beside_baselines()
            yield from self._motion()
        if self.rig.name == "mouth+eyes":
            yield from self._brows()
        yield from self._interval()
        if self.rig.observed:
            yield from self._calibration()
            yield from self._lost()
            yield self._ahead()
        if self.rig.eyes:
            sides = [self._row(name) for name in BLINK_2]
            worse = min(sides, key=lambda side: _known(side.scores["f1_50"].value, inf))
            yield Measure("blink F1 within 50 ms, worse eye", goals.BLINK_F1, *_of(worse, "f1_50"),
                          why="sensors' delay taken off")  # fmt: skip

    def _error(self) -> Iterator[Measure]:
        noise = {take.noise for take in self.found.takes}
        exact = noise == {"none"}
        bound = goals.ERROR_EXACT[self.rig.name] if exact else goals.ERROR_NOISY
        lack = ""
        if self.found.calibration_s > goals.CALIBRATED_WITHIN_S:
            lack = f"calibrated from more than {goals.CALIBRATED_WITHIN_S:g} s"
        elif len(noise) > 1:
            lack = "exact and noisy streams: judge them apart"
        name, row = "hidden-14 error ÷ rest's", self._row("hidden-14")
        why = "exact streams" if exact else "noisy streams"
        yield Measure(name, bound, *_of(row, "ratio"), why=why, lack=lack)
        yield Measure(f"{name}, the goal", goals.ERROR_GOAL, *_of(row, "ratio"), why=self._ceiling(),
                      lack=lack)  # fmt: skip
        worst = max(
            (e for e in self._people("hidden-14") if isfinite(e.scores["ratio"])),
            key=lambda each: each.scores["ratio"], default=None,
        )  # fmt: skip
        yield Measure(f"{name}, worst person", goals.NO_WORSE_THAN_REST, row.worst_ratio,
                      row.people, why=worst.person if worst else "")  # fmt: skip
        channel = max(map(self._row, HIDDEN_14), key=lambda each: _known(each.worst_ratio, -inf))
        yield Measure("error ÷ rest's, worst channel of anybody", goals.NO_WORSE_THAN_REST,
                      channel.worst_ratio, row.people, why=channel.channels)  # fmt: skip

    def _ceiling(self) -> str:
        for ceiling in self.found.ceilings:
            for row in ceiling.table:
                if (row.rig, row.track, row.channels) == (self.rig.name, OWN, "hidden-14"):
                    return f"person's own other take: {row.scores['ratio'].value:.2f}"
        return "" if self.found.full else f"its ceiling {NEEDS_FULL}"

    def _beside_baselines(self) -> Iterator[Measure]:
        if self.track != "robust":
            yield self._against("error ÷ robust's", goals.BELOW_ROBUST, "robust", self._main, "mae")
        people = self._row("hidden").people
        for metric, words in (("mae", "error"), ("r", "r")):
            channels = [
                each.channel
                for each in self.found.card.behind
                if (each.rig, each.track, each.metric) == (self.rig.name, self.track, metric)
            ]
            yield Measure(f"channels behind the best baseline, {words}",
                          goals.CHANNELS_BEHIND, float(len(channels)), people,
                          why=", ".join(channels))  # fmt: skip

    def _motion(self) -> Iterator[Measure]:
        if "coupled-9" not in self._groups:
            return
        row = self._row("coupled-9")
        if bound := goals.COUPLED_R.get(self.rig.name):
            yield Measure("coupled-9 r", bound, *_of(row, "r"))
        yield Measure("coupled-9 motion shown ÷ true", goals.DYNAMICS, *_of(row, "dynamics"))
        shares = {
            each.person: [each.scores["ccc"] / each.scores["r"]]
            for each in self._people("coupled-9")
            if each.scores["r"] > 0.0
        }
        yield Measure("coupled-9 CCC ÷ r", goals.CCC_OVER_R, *over_people(shares))

    def _brows(self) -> Iterator[Measure]:
        posed, spoken = "if the takes are posed or performed", "if the takes are spontaneous speech"
        yield Measure("free-5 r", goals.FREE_R, *_of(self._row("free-5"), "r"), why=posed)
        yield self._against(
            "free-5 r ÷ ridge's", goals.FREE_R_OVER_RIDGE, "ridge", "free-5", "r", why=spoken
        )
        for event in ("brow_raise", "frown"):
            for row in self.found.card.events:
                if (row.rig, row.track, row.event) == (self.rig.name, self.track, event):
                    name = f"{event.replace('_', ' ')} AUC"
                    never = "" if isfinite(row.auc.value) else "nobody here does it"
                    yield Measure(name, goals.BROW_AUC, row.auc, row.people, why=spoken, lack=never)

    def _interval(self) -> Iterator[Measure]:
        covers = {each.person: each.scores["coverage"] for each in self._people(self._main)}
        covers = {person: share for person, share in covers.items() if isfinite(share)}
        worst = max(covers, key=lambda person: abs(covers[person] - goals.INTERVAL), default="")
        name, row = f"90 % interval, {self._main}", self._row(self._main)
        yield Measure(f"{name}, worst person", goals.COVERS_EACH, covers.get(worst, nan),
                      len(covers), why=worst)  # fmt: skip
        few = f"from {MANY} people on" if row.people < MANY else ""
        yield Measure(f"{name}, pooled", goals.COVERS_POOLED, *_of(row, "coverage"), lack=few)

    def _calibration(self) -> Iterator[Measure]:
        wanted = self.rig.name, f"{self.track} after {goals.CALIBRATED_WITHIN_S:g} s", self._main
        tables = (row for card in self.found.calibration_lengths for row in card.table)
        row = next((r for r in tables if (r.rig, r.track, r.channels) == wanted), None)
        gain, worse = "error after 20 s ÷ uncalibrated", "people made worse by 20 s"
        if row is None:
            yield Measure(gain, goals.CALIBRATION_GAIN, nan, 0, lack=self._lack)
            yield Measure(worse, goals.MADE_WORSE_FEW, nan, 0, lack=self._lack)
            return
        yield Measure(gain, goals.CALIBRATION_GAIN, *_of(row, "ratio"))
        share = row.made_worse_share
        bound = goals.MADE_WORSE_FEW if share is None else goals.MADE_WORSE_SHARE
        yield Measure(worse, bound, row.made_worse if share is None else share, row.people)

    def _lost(self) -> Iterator[Measure]:
        mine = self.rig.name, self.track
        rows = [
            e for e in self.found.sensor_lost if (e.rig, e.model) == mine and self._unseen(e.name)
        ]
        score, people = self._over_takes((each.name, each.ratio) for each in rows)
        lack = "" if rows else self._lack
        yield Measure("one sensor lost: error ÷ smaller rig's", goals.LOST_ERROR, score, people,
                      lack=lack)  # fmt: skip
        worst = max(rows, key=lambda each: each.step, default=None)
        yield Measure(
            "one sensor lost: largest step added", goals.LOST_STEP, worst.step if worst else nan,
            people, why=f"{worst.source} of {worst.name}" if worst and worst.step > 0.0 else "",
            lack=lack,
        )  # fmt: skip

    def _ahead(self) -> Measure:
        mine = self.rig.name, self.track
        rows = [e for e in self.found.ahead if (e.rig, e.model) == mine and self._unseen(e.name)]
        rows = [each for each in rows if isfinite(each.ratio)]
        score, people = self._over_takes((each.name, each.ratio) for each in rows)
        lack = "" if rows else self._lack
        if all(take.noise == "none" for take in self.found.takes):
            return Measure("30 ms ahead: error ÷ held, exact streams", goals.AHEAD_CLEAN, score,
                           people, lack=lack)  # fmt: skip
        worst = max(rows, key=lambda each: each.ratio, default=None)
        return Measure("30 ms ahead: error ÷ held, worst take", goals.AHEAD_NOISY,
                       worst.ratio if worst else nan, people, why=worst.name if worst else "",
                       lack=lack)  # fmt: skip

    def _against(
        self, name: str, bound: Bound, other: str, group: str, metric: str, *, why: str = ""
    ) -> Measure:
        """Compare with a baseline person by person, over people that neither has seen."""
        theirs = {e.person: e.scores[metric] for e in self._people(group, other)}
        both = {
            each.person: [each.scores[metric] / theirs[each.person]]
            for each in self._people(group)
            if theirs.get(each.person, 0.0) > 0.0
        }
        return Measure(name, bound, *over_people(both), why=why)

    @property
    def _main(self) -> str:
        return "hidden-14" if "hidden-14" in self._groups else "hidden"

    @property
    def _groups(self) -> set[str]:
        return {row.channels for row in self.found.card.table if row.rig == self.rig.name}

    @property
    def _lack(self) -> str:
        return NOTHING if self.found.full else NEEDS_FULL

    def _row(self, channels: str) -> Row:
        return self.found.card.row(self.track, channels, self.rig.name)

    def _people(self, group: str, track: str = "") -> list[PersonRow]:
        """Return those a track (this one) has not seen."""
        wanted = self.rig.name, track or self.track, group
        rows = (each for each in self.found.card.people if not each.seen)
        return [each for each in rows if (each.rig, each.track, each.channels) == wanted]

    def _unseen(self, take: str) -> bool:
        return self._person_of(take) not in self._row("hidden").seen

    def _person_of(self, take: str) -> str:
        return next(each.person for each in self.found.takes if each.name == take)

    def _over_takes(self, figures: Iterable[tuple[str, float]]) -> tuple[Score, int]:
        by_person: defaultdict[str, list[float]] = defaultdict(list)
        for take, figure in figures:
            by_person[self._person_of(take)].append(figure)
        return over_people(by_person)


def _known(value: float, otherwise: float) -> float:
    return value if isfinite(value) else otherwise

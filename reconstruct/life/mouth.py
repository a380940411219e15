"""A mouth that speaks what is heard, where no sensor sees it: from visemes, else from sound, else level.

Sound does not tell a wearer's mouth, only how mouths speak: so it is made up, says so, is bounded by how
far mouths open in ordinary speech, and has no corners: nothing here smiles or frowns.
"""

from __future__ import annotations

from math import exp, log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...headset.expressions import FROM_ARKIT
from ...headset.frame import VISEMES, SpeechSample
from ...headset.names import ARKIT_INDEX
from ..sound import Heard
from ..sound_rows import BANDS, COLUMNS, FLOOR_DB, band_centres_hz
from .loudness import Loudness

Floats = NDArray[np.float64]

SPOKEN: Final[dict[str, dict[str, float]]] = {
    "PP": {"jawOpen": 0.06, "mouthClose": 0.06, "mouthPress": 0.20, "mouthRollLower": 0.15,
           "mouthRollUpper": 0.10},
    "FF": {"jawOpen": 0.06, "mouthRollLower": 0.30, "mouthUpperUp": 0.12},
    "TH": {"jawOpen": 0.12, "mouthLowerDown": 0.15, "mouthUpperUp": 0.05},
    "DD": {"jawOpen": 0.10, "mouthLowerDown": 0.15},
    "kk": {"jawOpen": 0.14, "mouthLowerDown": 0.10},
    "CH": {"jawOpen": 0.07, "mouthFunnel": 0.35, "mouthLowerDown": 0.10, "mouthUpperUp": 0.08},
    "SS": {"jawOpen": 0.04, "mouthStretch": 0.12, "mouthLowerDown": 0.18, "mouthUpperUp": 0.08},
    "nn": {"jawOpen": 0.09, "mouthLowerDown": 0.12},
    "RR": {"jawOpen": 0.12, "mouthFunnel": 0.20, "mouthPucker": 0.10},
    "aa": {"jawOpen": 0.45, "mouthLowerDown": 0.25, "mouthUpperUp": 0.08},
    "E": {"jawOpen": 0.27, "mouthStretch": 0.12, "mouthLowerDown": 0.25, "mouthUpperUp": 0.08},
    "ih": {"jawOpen": 0.15, "mouthStretch": 0.20, "mouthLowerDown": 0.20, "mouthUpperUp": 0.08},
    "oh": {"jawOpen": 0.30, "mouthFunnel": 0.35, "mouthPucker": 0.10},
    "ou": {"jawOpen": 0.12, "mouthFunnel": 0.20, "mouthPucker": 0.40},
}  # fmt: skip
"""What each of `VISEMES` does to the mouth, ARKit's channels, both sides alike; silence does nothing.

Lips meet for p, b, m; the lower lip meets the teeth for f, v; teeth nearly meet for s and sh, whose lips
are rounded; vowels go from close to open and from spread to rounded, as in their definition. How far is
chosen here, so that it looks right and aa, the widest, is what talkers reach: the 95th percentile of
`jawOpen` in takes of three who talk was .31, .33 and .46.

Source: International Phonetic Association, Handbook, 1999 (places of articulation, vowel
quadrilateral); names and order as XR_META_face_tracking_visemes.
"""

SPEED: Final = 3.5
"""Weight a second at most, and so no step over .12 at 30 Hz: a jaw that opens some 45 mm at weight 1 (an
assumption) then moves at 0.16 m/s.

Source: D. Ostry, K. Munhall, Control of rate and duration of speech movements, JASA 77, 1985: in speech
peak speeds are 0.1 to 0.2 m/s.
"""

SMOOTH_S: Final = 0.025
"""Mouths and envelopes of voices move at 2 to 7 Hz; this passes 6.4 (C. Chandrasekaran et al., The
natural statistics of audiovisual speech, PLoS Comput. Biol. 5, 2009)."""

FRESH_S: Final = 0.15
"""How long sound is believed: blocks are 100 ms at most."""

ROWS: Final = 3
"""Of sound, averaged: 45 ms, three periods of the lowest voice."""

_NAMES: Final = tuple(sorted({name for shapes in SPOKEN.values() for name in shapes}))


def _channels(name: str) -> tuple[int, ...]:
    sides = (name,) if name in ARKIT_INDEX else (f"{name}Left", f"{name}Right")
    return tuple(ARKIT_INDEX[side] for side in sides)


def _columns() -> tuple[NDArray[np.intp], Floats]:
    """Return the Unified shapes that speech moves, (M,), and what each viseme adds to them, (15, M)."""
    shapes = [
        (int(shape), name)
        for name in _NAMES
        for shape in np.flatnonzero(np.isin(FROM_ARKIT, _channels(name)))
    ]
    added = [[SPOKEN.get(viseme, {}).get(name, 0.0) for _, name in shapes] for viseme in VISEMES]
    return np.array([shape for shape, _ in shapes]), np.array(added)


MOUTH_SHAPES, ADDED = _columns()
"""The Unified shapes that speech moves, shape (M,), and what each viseme adds to them, (15, M)."""

# Where in a spectrum the parts of a voice lie, Hz: the first formant of close vowels, that of open ones
# with the second of back ones, second and third of front ones, hiss of sh, hiss of s.
# Source: G. Peterson, H. Barney, Control methods used in a study of the vowels, JASA 24, 1952, table II;
# A. Jongman et al., Acoustic characteristics of English fricatives, JASA 108, 2000 (peaks: sh 3.8 kHz,
# s 6.8 kHz).
_PARTS_HZ: Final = ((0, 500), (500, 1200), (1700, 3300), (2500, 4500), (4500, 8000))
_PARTS: Final = np.array(
    [[low <= hz < high for hz in band_centres_hz()] for low, high in _PARTS_HZ], dtype=np.float64
)
_MEL: Final = slice(0, BANDS)
_ENERGY: Final = COLUMNS.index("energy_db")

_LOUD_DB: Final = (-18.0, 12.0)
"""About the usual level: silent mouth, widest mouth. Source: ANSI S3.5 (1997): speech spans 30 dB, 12
over its mean and 18 under."""
_OPEN_DB: Final = (-9.0, 7.0)
"""Of the second part over the first, about what is usual: close vowel, open vowel. Table II: F1 of i, u
in the first part and F2 of u 16 dB lower; F1 and F2 of open vowels both in the second."""
_FRONT_DB: Final = (1.0, 9.0)
_ROUND_DB: Final = (-3.0, -13.0)
"""Of the third part over both, about what is usual (some -24): table II gives i -18, ae -10, but open o
-34 and u -40."""
_HISS_DB: Final = (-8.0, 4.0)
"""Of hiss over voice: vowels lie 20 dB and more below it."""
_USUAL_DB: Final = (-5.0, -24.0)
"""What is usual of a voice's two ratios before it is heard: an assumption, and table II's mean vowel."""
_USUAL_S: Final = 8.0
"""Over which the usual goes: microphones and voices differ by more than vowels."""


class Mouth:
    """One wearer's.

    Attributes:
        weights: Shape (M,), of `MOUTH_SHAPES`; exactly 0 at rest.
    """

    def __init__(self) -> None:
        self.weights = np.zeros(len(MOUTH_SHAPES))
        self._loudness = Loudness()
        self._usual_open_db, self._usual_front_db = _USUAL_DB
        self._heard, self._loud = np.zeros(len(VISEMES)), np.zeros(len(VISEMES))
        self._heard_s = float("-inf")

    def listen(self, at_s: float, heard: Heard) -> None:
        """Take what was heard by now: call it whenever sound has come.

        Args:
            at_s: Now.
            heard: The newest `ROWS` rows.
        """
        level_db = float(heard.rows[-1, _ENERGY])
        if level_db != level_db:  # NaN
            return
        passed_s = min(at_s - self._heard_s, FRESH_S)
        self._heard_s = at_s
        loudness, said = self._loudness, self._heard
        loudness.follow(level_db, passed_s)
        said.fill(0.0)
        if not loudness.voiced:
            return
        power = 10.0 ** (0.1 * np.fmax(heard.rows[:, _MEL], FLOOR_DB))  # nothing where missing
        low, mid, front, sh, s = (_PARTS @ power.sum(axis=0)).tolist()
        voice_db, hiss_db = _db(low + mid), _db(max(sh, s))
        hissing = _ramp(hiss_db - voice_db, _HISS_DB)
        open_db, front_db = _db(mid / low), _db(front) - voice_db
        if hissing < 0.5:
            share = 1.0 - exp(-passed_s / _USUAL_S)
            self._usual_open_db += share * (open_db - self._usual_open_db)
            self._usual_front_db += share * (front_db - self._usual_front_db)
        voiced = (1.0 - hissing) * _ramp(level_db - loudness.usual_db, _LOUD_DB)
        opened = _ramp(open_db - self._usual_open_db, _OPEN_DB)
        spread = _ramp(front_db - self._usual_front_db, _FRONT_DB)
        rounded = _ramp(front_db - self._usual_front_db, _ROUND_DB)
        said[_CH if sh > s else _SS] = hissing
        for share, front_one, round_one, other in (
            (voiced * opened, _E, _OH, _AA),
            (voiced * (1.0 - opened), _IH, _OU, _NN),
        ):
            said[front_one] = share * spread
            said[round_one] = share * rounded
            said[other] = share * (1.0 - spread - rounded)

    def advance(self, at_s: float, passed_s: float, speech: SpeechSample | None) -> None:
        """Move towards what is said now.

        Args:
            at_s: Now.
            passed_s: Since the last call.
            speech: What a runtime or an app says of the voice: its visemes go before what is heard, its
                level after it. While it is muted the mouth rests: others hear nothing either.
        """
        said = self._said(at_s, speech)
        weights = self.weights
        if said is None and not weights.any():
            return
        wanted = _REST if said is None else said @ ADDED
        share, most = 1.0 - exp(-passed_s / SMOOTH_S), SPEED * passed_s
        weights += np.clip(share * (wanted - weights), -most, most)
        if max(weights.max(), wanted.max()) < _NOTHING:
            weights.fill(0.0)

    def _said(self, at_s: float, speech: SpeechSample | None) -> Floats | None:
        """Return visemes (15,) that add up to 1 at most, None in silence."""
        if speech is not None and speech.muted:
            return None
        if speech is not None:
            total = float(speech.visemes.sum())
            if total > 0.0:  # nor NaN
                return speech.visemes / max(1.0, total)
        if at_s - self._heard_s < FRESH_S:
            return self._heard if self._loudness.voiced else None
        if speech is not None and speech.level > 0.0:
            self._loud[_AA] = min(1.0, speech.level)
            return self._loud
        return None


_AA, _E, _IH, _OH, _OU, _NN, _SS, _CH = (
    VISEMES.index(name) for name in ("aa", "E", "ih", "oh", "ou", "nn", "SS", "CH")
)
_REST: Final = np.zeros(len(MOUTH_SHAPES))
_NOTHING: Final = 1e-3  # a weight that nobody sees: the mouth is at rest


def _db(power: float) -> float:
    return 10.0 * log10(power)


def _ramp(value: float, ends: tuple[float, float]) -> float:
    """Return 0 at the first end and before, 1 at the second and after, smooth between."""
    start, end = ends
    x = min(1.0, max(0.0, (value - start) / (end - start)))
    return x * x * (3.0 - 2.0 * x)

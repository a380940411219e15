"""Gaze put right from targets: an affine map for each eye, and a gate that lets through only what helps.

The map is the most likely one given how eye trackers err (Gaussian priors around the identity: a
ridge), so few targets change little. The gate then asks of each target whether a map fitted to the
others would have been nearer: what does not help on targets it has not seen is refused. Without both,
one target makes gaze worse in the mean (SCIENCE 0.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .outcome import Outcome

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST: Final = 3
"""Targets: with fewer there is nothing to leave out and judge by."""

MOST_BEFORE_RAD: Final = np.radians(8.0)
"""An eye whose usual error is larger did not look at the targets, or they are not whose they seem."""

MOST_AFTER_RAD: Final = np.radians(3.0)
"""Nor is an affine map what it needs, where that leaves more than this."""

APART_LEAST_RAD: Final = np.radians(-1.0)
"""Nobody's eyes turn outwards by more; where they seem to, left and right are swapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How a tracker errs, in degrees, (yaw, pitch); SDs.

    Attributes:
        offset: That lasts.
        gain: Of angle.
        cross: Of the other angle.
        residual: Of one look at one target.
    """

    offset: tuple[float, float]
    gain: tuple[float, float]
    cross: float
    residual: tuple[float, float]


BOTH_EYES: Final = Errors(
    offset=(0.33, 0.52), gain=(0.052, 0.051), cross=0.017, residual=(0.65, 0.59)
)
"""Of both eyes' mean: wearer's and donning's together. Source: SCIENCE 5.2, √(.17² + .28²) and so on."""

ONE_EYE: Final = Errors(
    offset=(0.69, 0.72), gain=(0.052, 0.051), cross=0.017, residual=(0.88, 0.77)
)
"""Of one eye: half the difference between them comes on top (SD 1.7° and 1.4°), half of whose variance
lasts."""

DONNING: Final = Errors(
    offset=(0.66, 0.62), gain=(0.034, 0.027), cross=0.017, residual=(0.88, 0.77)
)
"""Of one eye, from one donning to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """One eye's correction: `matrix` (2, 2) times (yaw, pitch), plus `offset_rad` (2,)."""

    matrix: Floats
    offset_rad: Floats

    def __call__(self, seen_rad: Floats) -> Floats:
        """Return where (..., 2) really looks."""
        return seen_rad @ self.matrix.T + self.offset_rad

    @classmethod
    def none(cls) -> Affine:
        """Return the one that changes nothing."""
        return cls(matrix=np.eye(2), offset_rad=np.zeros(2))


def affines(matrix: Floats, offset_rad: Floats) -> tuple[Affine, Affine]:
    """Return (left, right) of corrections as a profile has them: (2, 2, 2) and (2, 2)."""
    left, right = (Affine(matrix=matrix[side], offset_rad=offset_rad[side]) for side in (0, 1))
    return left, right


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An eye's correction with its gate's verdict: the identity where it was refused.

    Attributes:
        affine: To be used.
        accepted: Whether it was.
        reason: Why not.
        before_rad: Mean error on targets without it.
        after_rad: The same with the map fitted to the other targets.
    """

    affine: Affine
    accepted: bool
    reason: str
    before_rad: float
    after_rad: float


def affine(seen_rad: Floats, true_rad: Floats, errors: Errors = ONE_EYE) -> Affine:
    """Return the most likely map from what is seen to what is true.

    Args:
        seen_rad: Shape (N, 2), (yaw, pitch) as reported.
        true_rad: Shape (N, 2), of the targets.
        errors: How such trackers err.
    """
    rows = np.column_stack([np.ones(len(seen_rad)), seen_rad])
    fitted = np.zeros((2, 3))
    for axis in (0, 1):
        gains = [errors.cross, errors.cross]
        gains[axis] = errors.gain[axis]
        usual = np.array([np.radians(errors.offset[axis]), *gains])
        ridge = np.diag((np.radians(errors.residual[axis]) / usual) ** 2)
        off = true_rad[:, axis] - seen_rad[:, axis]
        fitted[axis] = np.linalg.solve(rows.T @ rows + ridge, rows.T @ off)
    return Affine(matrix=np.eye(2) + fitted[:, 1:], offset_rad=fitted[:, 0])


def inverse(matrix: Floats) -> Floats:
    """Return the inverse of a matrix (2, 2) that has one."""
    (a, b), (c, d) = matrix.tolist()
    return np.array([[d, -b], [-c, a]]) / (a * d - b * c)


def away(seen_rad: Floats, true_rad: Floats) -> Floats:
    """Return the angle (N,) between directions given as (yaw, pitch), small ones well."""
    across = (seen_rad[..., 0] - true_rad[..., 0]) * np.cos(true_rad[..., 1])
    return np.hypot(across, seen_rad[..., 1] - true_rad[..., 1])


def judged(seen_rad: Floats, true_rad: Floats, errors: Errors = ONE_EYE) -> Judged:
    """Fit one eye's map and let it through only if it helps on targets that it has not seen.

    Args:
        seen_rad: Shape (N, 2), a row each target, NaN where the eye was not seen.
        true_rad: Shape (N, 2).
        errors: How such trackers err.
    """
    seen = np.isfinite(seen_rad).all(axis=1) & np.isfinite(true_rad).all(axis=1)
    seen_rad, true_rad = seen_rad[seen], true_rad[seen]
    count = len(np.unique(np.round(true_rad, 4), axis=0))
    if not count:
        return _refused("the eyes were not seen on any target", np.nan)
    before = away(seen_rad, true_rad)
    if count < FEWEST:
        target = "1 target" if count == 1 else f"{count} targets"
        return _refused(f"{target}: {FEWEST} are needed to tell whether it helps", before.mean())
    if np.median(before) > MOST_BEFORE_RAD:
        return _refused(
            f"{np.degrees(np.median(before)):.0f}° off: the eyes were not on the targets",
            before.mean(),
        )
    left_out = np.array(
        [
            away(
                affine(seen_rad[~one], true_rad[~one], errors)(seen_rad[one]), true_rad[one]
            ).mean()
            for one in _targets(true_rad)
        ]
    )
    after = float(left_out.mean())
    if after > MOST_AFTER_RAD:
        return _refused(
            f"{np.degrees(after):.1f}° would be left: look at each target", before.mean()
        )
    if not after < before.mean():
        return _refused("it would not help on targets left out", before.mean())
    return Judged(
        affine=affine(seen_rad, true_rad, errors),
        accepted=True,
        reason="",
        before_rad=float(before.mean()),
        after_rad=after,
    )


def both(
    seen_rad: Floats,
    true_rad: Floats,
    errors: Errors = ONE_EYE,
    *,
    former: tuple[Affine, Affine] | None = None,
) -> tuple[tuple[Affine, Affine], Outcome]:
    """Fit both eyes, each under its gate.

    Args:
        seen_rad: Shape (N, 2, 2), a row each target: (left, right) by (yaw, pitch), NaN where unseen.
        true_rad: Shape (N, 2, 2), where each eye has to turn to look at it.
        errors: How one eye of such trackers errs.
        former: What stays of an eye that is refused; by default nothing is corrected then.
    """
    apart = seen_rad[:, 0, 0] - seen_rad[:, 1, 0]
    apart = apart[np.isfinite(apart)]
    same = former or (Affine.none(), Affine.none())
    if apart.size and np.median(apart) < APART_LEAST_RAD:
        return same, Outcome(
            step="gaze", accepted=False, reason="the eyes look apart: are left and right swapped?"
        )
    eyes = [judged(seen_rad[:, side], true_rad[:, side], errors) for side in (0, 1)]
    left, right = (
        eye.affine if eye.accepted else kept for eye, kept in zip(eyes, same, strict=True)
    )
    return (left, right), _told(eyes)


def _told(eyes: Sequence[Judged]) -> Outcome:
    accepted = any(eye.accepted for eye in eyes)
    why = [
        f"{side} eye: {eye.reason}"
        for side, eye in zip(("left", "right"), eyes, strict=True)
        if not eye.accepted
    ]
    if len(why) == 2 and eyes[0].reason == eyes[1].reason:
        why = [eyes[0].reason]
    seen = [eye for eye in eyes if np.isfinite(eye.before_rad)]
    before = float(np.mean([eye.before_rad for eye in seen])) if seen else np.nan
    after = float(np.mean([eye.after_rad for eye in seen])) if seen else np.nan
    return Outcome(
        step="gaze",
        accepted=accepted,
        reason="; ".join(why),
        before=float(np.degrees(before)),
        after=float(np.degrees(after)),
        unit="°",
    )


def _refused(reason: str, before_rad: float) -> Judged:
    return Judged(
        affine=Affine.none(),
        accepted=False,
        reason=reason,
        before_rad=float(before_rad),
        after_rad=float(before_rad),
    )


def _targets(true_rad: Floats) -> list[Flags]:
    """Return, for each target, which rows are of it: one looked at twice is left out whole."""
    _, which = np.unique(np.round(true_rad, 4), axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [which == one for one in range(int(which.max()) + 1)]

"""Intervals of one model, which take it as if it had been known beforehand: Wald and profile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.estimation import numerics
from tutela.estimation.bootstrap import LEVEL, Interval
from tutela.estimation.fitting import FINE, OPEN, Fits, fit
from tutela.estimation.models import Design

FARTHEST = 30.0
"""A limit of the unseen people that is e^30 times the estimate is none."""


def wald(fits: Fits, row: int, observed: int, level: float = LEVEL) -> Interval:
    """Symmetric in the logarithm of the people on no list, from the curvature at its maximum."""
    has = fits.terms[row]
    part = fits.shape.matrix[:, has]
    curve = part.T @ (fits.means[row][:, None] * part)
    error = float(np.sqrt(np.linalg.inv(curve)[0, 0]))
    reach = float(numerics.normal_quantile((1 + level) / 2)) * error
    with np.errstate(over="ignore"):
        unseen = np.exp(fits.values[row, 0] + np.array([-reach, reach]))
    return Interval(observed + float(unseen[0]), observed + float(unseen[1]), level)


def profile(
    shape: Design,
    counts: NDArray[np.float64],
    model: NDArray[np.bool_],
    level: float = LEVEL,
) -> Interval:
    """Where the likelihood, at its largest over the other terms, has fallen too far.

    The number of people on no list is held at a value, and all else fitted; the limits are where
    twice the fall of the log-likelihood is the quantile of chi-square with one degree of freedom.
    """
    observed = float(counts.sum())
    totals, supports = counts @ shape.matrix, (counts > 0) @ shape.matrix
    best = fit(shape, totals[None], model[None], supports[None])
    if not best.settled()[0]:
        raise ValueError("a profile is asked of a model without an estimate")
    allowed = float(numerics.normal_quantile((1 + level) / 2)) ** 2
    middle, most = float(best.values[0, 0]), float(best.gains[0])
    start = best.values

    def beyond(logarithm: float) -> float:
        held = fit(
            shape, totals[None], model[None], supports[None], start,
            held=np.array([logarithm]),
        )  # fmt: skip
        gain = float(held.gains[0]) if held.states[0] in (FINE, OPEN) else -np.inf
        return 2 * (most - gain) - allowed

    def limit(sign: float) -> float:
        reach = 0.25
        while (fallen := beyond(middle + sign * reach)) < 0 and reach < FARTHEST:
            reach *= 2
        if fallen < 0:
            return 0.0 if sign < 0 else float("inf")
        while not np.isfinite(fallen):
            reach /= 1.5
            fallen = beyond(middle + sign * reach)
        return float(np.exp(numerics.root(beyond, middle, middle + sign * reach)))

    return Interval(observed + limit(-1.0), observed + limit(1.0), level)

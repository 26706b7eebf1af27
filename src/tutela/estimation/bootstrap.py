"""Intervals that count the choice of the model in: the BCa bootstrap.

Each of many tables is drawn, with replacement, from the people of the observed one, and the model
is selected anew on it. The limits are quantiles of these estimates, corrected for bias (what share
of them is below the estimate) and for acceleration (how it changes with each person left out).
Leaving out one person keeps the model: the jackknife supposes that an estimate changes smoothly,
and a model that changes with a single person would count for all the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tutela.estimation import numerics
from tutela.estimation.fitting import fit
from tutela.estimation.histories import Counts, Histories
from tutela.estimation.models import Design

Floats = NDArray[np.float64]
Estimator = Callable[[Counts], Floats]
"""Unseen people by a whole procedure, selection and all: from tables, one a row."""

RESAMPLES = 5_000
"""Fewer give limits that change by a tenth with the seed, where the distribution has two humps."""
FEWEST, MOST = 100, 100_000
SEED = 1
LEVEL = 0.95
AT_ONCE = 2_048


@dataclass(frozen=True)
class Interval:
    """Limits of the number of people, seen and unseen."""

    low: float
    high: float
    level: float
    """What share of such intervals would hold the truth, were the model true: nominal."""


@dataclass(frozen=True)
class Bootstrapped:
    """An interval, and what it rests on."""

    interval: Interval
    people: Floats
    """The estimates of the resamples, in ascending order; infinite where there was none."""
    seed: int
    bias: float
    """z0: the normal quantile of the share of resamples below the estimate."""
    acceleration: float
    low_share: float
    high_share: float
    """The quantiles of the resamples that the limits are."""

    @property
    def failed(self) -> int:
        """Resamples on which no model had an estimate: counted as infinite."""
        return int(np.isinf(self.people).sum())


def resampled(histories: Histories, number: int, seed: int) -> Counts:
    """Tables drawn from the observed people, one a row."""
    table = histories.table
    held = np.flatnonzero(table)
    drawn = np.zeros((number, len(table)))
    random = np.random.default_rng(seed)
    drawn[:, held] = random.multinomial(int(table.sum()), table[held] / table.sum(), size=number)
    return drawn


def bootstrap(
    histories: Histories,
    estimate: Estimator,
    left: Floats,
    *,
    number: int = RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> Bootstrapped:
    """The BCa interval of a procedure that has an estimate for these histories.

    `left` are the people estimated with one person less, for each history that anyone has
    (:func:`left_out`).
    """
    table, observed = histories.table, histories.observed
    tables = resampled(histories, number, seed)
    point = observed + float(estimate(table[None])[0])
    parts = [estimate(tables[i : i + AT_ONCE]) for i in range(0, number, AT_ONCE)]
    people = np.sort(observed + np.concatenate(parts))
    bias = _bias(people, point)
    acceleration = _acceleration(table[table > 0], left)
    low, high = (_share(edge, bias, acceleration) for edge in ((1 - level) / 2, (1 + level) / 2))
    interval = Interval(quantile(people, low), quantile(people, high), level)
    return Bootstrapped(interval, people, seed, bias, acceleration, low, high)


def left_out(shape: Design, histories: Histories, model: NDArray[np.bool_]) -> Floats:
    """People by one model, with one person of each history that anyone has left out.

    Infinite where there is then no estimate.
    """
    table = histories.table
    held = np.flatnonzero(table)
    fewer = np.tile(table, (len(held), 1))
    fewer[np.arange(len(held)), held] -= 1
    models = np.tile(model, (len(held), 1))
    fits = fit(shape, fewer @ shape.matrix, models, (fewer > 0) @ shape.matrix)
    return np.where(fits.settled(), histories.observed - 1 + fits.unseen, np.inf)


def _bias(people: Floats, point: float) -> float:
    """z0. An estimate that all resamples are above, or below, counts as half a resample from it."""
    below = float((people < point * (1 - 1e-9)).sum())
    share = np.clip(below / len(people), 0.5 / len(people), 1 - 0.5 / len(people))
    return float(numerics.normal_quantile(share))


def _acceleration(weights: Floats, left: Floats) -> float:
    """From the estimates with one person of each history left out."""
    good = np.isfinite(left)
    if not good.any():
        return 0.0
    weights, left = weights[good], left[good]
    apart = np.average(left, weights=weights) - left
    spread = float((weights * apart**2).sum())
    scale = float(np.abs(left).max())
    if spread <= (1e-9 * scale) ** 2:
        return 0.0
    return float((weights * apart**3).sum() / (6 * spread**1.5))


def _share(edge: float, bias: float, acceleration: float) -> float:
    """The quantile of the resamples that stands for this one of the truth."""
    z = bias + float(numerics.normal_quantile(edge))
    slack = 1 - acceleration * z
    if slack <= 0:  # past the pole of the correction: the end of the distribution
        return 1.0 if z > 0 else 0.0
    return float(numerics.normal_share(bias + z / slack))


def quantile(ordered: Floats, share: float) -> float:
    """The quantile of type 8 (Hyndman and Fan): nearly median-unbiased for any distribution."""
    place = share * (len(ordered) + 1 / 3) + 1 / 3 - 1
    below = int(np.clip(np.floor(place), 0, len(ordered) - 1))
    above = min(below + 1, len(ordered) - 1)
    part = min(max(place - below, 0.0), 1.0)
    if part == 0 or ordered[above] == ordered[below]:
        return float(ordered[below])
    return float(ordered[below] + part * (ordered[above] - ordered[below]))

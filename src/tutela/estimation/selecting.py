"""Which model: stepwise by surprise, or the best by BIC.

Both work on many tables at once, since the bootstrap selects anew for each of its tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tutela.estimation import numerics
from tutela.estimation.fitting import Fits, fit
from tutela.estimation.histories import Counts
from tutela.estimation.models import Design, Models, hierarchical

Floats = NDArray[np.float64]

SURPRISE = 0.02
"""A pair is added if its overlap is as surprising as that: the value that Chan, Silverman and
Vincent (2021) chose by simulation."""
ALIKE = 1e-9
"""Logarithms of surprises that differ by less are equal: the first pair is taken."""
FAR = 20.0
"""A model whose BIC is larger than the best by this weighs less than 1/20 000 of it."""


@dataclass(frozen=True)
class Stepped:
    """What stepwise selection chose for each table."""

    models: Models
    unseen: Floats
    """Infinite where not even the model of independent lists has an estimate."""
    fits: Fits
    added: tuple[tuple[int, ...], ...]
    """The pairs in the order in which they were added, as places among the terms."""


def stepwise(shape: Design, counts: Counts, threshold: float = SURPRISE) -> Stepped:
    """Start with independent lists; add the pair that surprises most, as long as any does.

    `counts` has a table a row. The surprise of a pair is the smaller of P(X <= n) and P(X >= n) for
    its overlap n, where X is Poisson of the overlap that the model expects. A pair with which there
    is no estimate is passed over.
    """
    return step_totals(shape, counts @ shape.matrix, (counts > 0) @ shape.matrix, threshold)


def step_totals(
    shape: Design, totals: Floats, supports: Floats, threshold: float = SURPRISE
) -> Stepped:
    """The same from totals, which are all that it needs."""
    models = np.tile(shape.model(), (len(totals), 1))
    best = fit(shape, totals, models, supports)
    live = np.flatnonzero(best.settled())
    unseen = np.where(best.settled(), best.unseen, np.inf)
    added: list[list[int]] = [[] for _ in totals]
    while len(live):
        pairs = shape.matrix[:, shape.pairs]
        surprise = numerics.log_surprise(best.means[live] @ pairs, totals[live, shape.pairs])
        surprise[models[live, shape.pairs]] = 0.0
        grown = _grow(shape, totals, supports, models, best, live, surprise, np.log(threshold))
        for row, pair in grown:
            added[row].append(pair)
        live = np.array([row for row, _ in grown], int)
        unseen[live] = best.unseen[live]
    return Stepped(models, unseen, best, tuple(map(tuple, added)))


def _grow(
    shape: Design, totals: Floats, supports: Floats, models: Models, best: Fits,
    live: NDArray[np.int64], surprise: Floats, threshold: float,
) -> list[tuple[int, int]]:  # fmt: skip
    """Add one pair to each model, where one surprises enough; gives the row and pair of each."""
    grown = []
    while len(live):
        least = surprise.min(1)
        some = least < threshold
        live, surprise, least = live[some], surprise[some], least[some]
        if not len(live):
            break
        chosen = (surprise <= least[:, None] + ALIKE).argmax(1)
        tried = models[live]
        tried[np.arange(len(live)), shape.pairs.start + chosen] = True
        made = fit(shape, totals[live], tried, supports[live], best.values[live])
        good = made.settled()
        rows = live[good]
        models[rows] = tried[good]
        best.values[rows], best.means[rows] = made.values[good], made.means[good]
        best.gains[rows], best.terms[rows] = made.gains[good], made.terms[good]
        best.kept[rows] = made.kept[good]
        grown += [
            (int(r), int(p) + shape.pairs.start) for r, p in zip(rows, chosen[good], strict=True)
        ]
        surprise[np.arange(len(live)), chosen] = 0.0
        live, surprise = live[~good], surprise[~good]
    return grown


@dataclass(frozen=True)
class Ranked:
    """Models of one table that have an estimate, the best first; those far from it are left out."""

    models: Models
    bics: Floats
    unseen: Floats
    tried: int
    """How many models were fitted."""
    all: bool
    """Whether that is all there are."""

    @property
    def weights(self) -> Floats:
        """exp(-BIC/2), to a sum of 1."""
        share = np.exp(-(self.bics - self.bics[0]) / 2)
        return np.asarray(share / share.sum())

    def span(self, share: float = 0.95) -> tuple[float, float]:
        """The unseen people between which the middle models lie that together weigh `share`."""
        order = np.argsort(self.unseen, kind="stable")
        below = np.cumsum(self.weights[order])
        tail = (1 - share) / 2
        low, high = (
            order[min(int(np.searchsorted(below, edge)), len(order) - 1)]
            for edge in (tail, 1 - tail)
        )
        return float(self.unseen[low]), float(self.unseen[high])


def bics(fits: Fits, models: Models, counts: Counts) -> Floats:
    """-2 log L + k log(people), where k counts the terms that were left out of the fit too."""
    likelihood = fits.gains - numerics.log_factorial(counts).sum(-1)
    return np.asarray(-2 * likelihood + models.sum(1) * np.log(np.maximum(counts.sum(-1), 1)))


def rank(shape: Design, counts: Counts, models: Models, *, all_: bool, far: float = FAR) -> Ranked:
    """Rank models of one table by BIC. Empty if none has an estimate."""
    totals = np.broadcast_to(counts @ shape.matrix, models.shape)
    supports = np.broadcast_to((counts > 0) @ shape.matrix, models.shape)
    fits = fit(shape, totals, models, supports)
    values = np.where(fits.states <= 1, bics(fits, models, counts[None]), np.inf)
    order = np.argsort(values, kind="stable")
    good: list[int] = []
    for i in order:
        if not np.isfinite(values[i]) or (good and values[i] > values[good[0]] + far):
            break
        if fits.settled(np.array([i]))[0]:
            good.append(int(i))
    return Ranked(models[good], values[good], fits.unseen[good], len(models), all_)


def best_of_all(shape: Design, counts: Counts) -> Ranked:
    """Every hierarchical model to the order of the design, ranked."""
    return rank(shape, counts, hierarchical(shape), all_=True)


def best_found(shape: Design, counts: Counts, start: Models) -> Ranked:
    """Where there are too many: add or take away one pair as long as BIC falls, from each start."""
    seen: dict[bytes, NDArray[np.bool_]] = {}
    for begin in start:
        here, value = begin, np.inf
        while True:
            near = np.vstack([here[None], np.tile(here, (shape.pairs.stop - shape.pairs.start, 1))])
            for i in range(1, len(near)):
                near[i, shape.pairs.start + i - 1] ^= True
            seen |= {one.tobytes(): one for one in near}
            ranked = rank(shape, counts, near, all_=False, far=0.0)
            if not len(ranked.bics) or ranked.bics[0] >= value - ALIKE:
                break
            here, value = ranked.models[0], ranked.bics[0]
    return rank(shape, counts, np.array(list(seen.values())), all_=False)


def best_of(shape: Design, counts: Counts, models: Models) -> Floats:
    """Unseen people by the best of these models, for each table: shape (tables,).

    The tables are like each other: fits begin from those of their sum.
    """
    unseen = np.full(len(counts), np.inf)
    total = np.tile(counts.sum(0) @ shape.matrix, (len(models), 1))
    start = fit(shape, total, models).values
    start[:, 0] -= np.log(len(counts))
    at_once = max(1, 16_384 // len(models))
    for first in range(0, len(counts), at_once):
        part = counts[first : first + at_once]
        rows = np.repeat(np.arange(len(part)), len(models))
        tried = np.tile(models, (len(part), 1))
        totals, supports = part @ shape.matrix, (part > 0) @ shape.matrix
        begin = np.tile(start, (len(part), 1))
        fits = fit(shape, totals[rows], tried, supports[rows], begin)
        values = np.where(fits.states <= 1, bics(fits, tried, part[rows]), np.inf)
        order = np.argsort(values.reshape(len(part), -1), axis=1, kind="stable")
        for row, ranked in enumerate(order + np.arange(len(part))[:, None] * len(models)):
            for i in ranked:
                if not np.isfinite(values[i]):
                    break
                if fits.settled(np.array([i]))[0]:
                    unseen[first + row] = fits.unseen[i]
                    break
    return unseen

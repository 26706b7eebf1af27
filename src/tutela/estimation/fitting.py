"""Maximum likelihood of many models and many tables at once, by Newton's method.

The likelihood needs the totals X'n only. A step d from means mu gives x = mu (1 + X d), which has
exactly the totals of the counts: if it is positive everywhere, the estimate exists, and this is the
proof (the linear program of :mod:`.existence` asks for nothing else). Where an estimate does not
exist, the means that tend to zero shrink by e in each step, so X d tends to -1 there; these are
left open, and the linear program decides when the answer is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutela.estimation.existence import exists, identifiable_each, split
from tutela.estimation.models import Design, Models

Floats = NDArray[np.float64]

CLOSE = 1e-8
"""Twice what the log-likelihood may still gain when the last step is taken; after it, the error is
of the order of the square of that."""
STEPS = 60
"""Newton's method takes about eight; what does not end by then does not converge."""
HALVINGS = 40
LEAST_STEP = -0.5
"""The last step in log mu, where an estimate exists: it is near 0, and -1 where none does."""
LEAST_MEAN = 1e-10
"""As a share of all people: of means below that, rounding hides whether they tend to zero."""
AT_ONCE = 4096
"""Fits that share one matrix product: they stay within tens of megabytes."""

FINE, OPEN, REFUSED, UNFINISHED = 0, 1, 2, 3
"""There is an estimate; the linear program has not been asked; there is none; no convergence."""


@dataclass
class Fits:
    """One fit a row."""

    shape: Design
    totals: Floats
    supports: Floats
    """Totals that the linear program is asked with."""
    terms: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    values: Floats
    """Estimates of the terms, 0 for those not in the model; shape (n, terms)."""
    means: Floats
    """Estimated people of each history; shape (n, histories)."""
    gains: Floats
    """Log-likelihood, but for what depends on the counts alone."""
    states: NDArray[np.int8]

    def settled(self, which: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """Whether there is an estimate: of all, or of these rows."""
        rows = np.arange(len(self.states)) if which is None else which
        for i in rows[self.states[rows] == OPEN]:
            found = exists(self.shape, self.terms[i], self.kept[i], self.supports[i])
            self.states[i] = FINE if found else REFUSED
        return np.asarray(self.states[rows] == FINE)

    @property
    def unseen(self) -> Floats:
        """Estimated people on no list."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.values[:, 0]))


def fit(
    shape: Design,
    totals: Floats,
    models: Models,
    supports: Floats | None = None,
    start: Floats | None = None,
    held: Floats | None = None,
) -> Fits:
    """Fit row by row: `totals` and `models` are of shape (n, terms).

    `supports` are totals of the counts' zeros and ones; without them the program is asked with the
    totals. `start` are values of the terms to begin with; where `held` has the empty term's, it is
    kept at that.
    """
    supports = totals if supports is None else supports
    begin = _first(shape, totals) if start is None else start
    if held is not None:
        begin = np.column_stack([held, begin[:, 1:]])
    parts = [
        _fit(
            shape, totals[i : i + AT_ONCE], models[i : i + AT_ONCE], begin[i : i + AT_ONCE],
            held=held is not None,
        )
        for i in range(0, max(len(totals), 1), AT_ONCE)
    ]  # fmt: skip
    terms, kept, values, means, gains, states = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Fits(shape, totals, supports, terms, kept, values, means, gains, states)


def _first(shape: Design, totals: Floats) -> Floats:
    """Independent lists, of twice as many people as are seen."""
    people = np.maximum(totals[:, :1] * 2, 1.0)
    share = np.clip(totals[:, 1 : 1 + shape.lists] / people, 1e-12, 0.9)
    values = np.zeros_like(totals)
    values[:, 0] = np.log(people[:, 0]) + np.log1p(-share).sum(1)
    values[:, 1 : 1 + shape.lists] = np.log(share) - np.log1p(-share)
    return values


def _fit(
    shape: Design, totals: Floats, models: Models, start: Floats, *, held: bool
) -> tuple[NDArray[Any], ...]:
    terms, kept = split(shape, totals, models)
    states = np.full(len(totals), UNFINISHED, np.int8)
    states[~identifiable_each(shape, terms, kept)] = REFUSED
    values = np.where(terms, start, 0.0)
    free = terms.copy()
    free[:, 0] &= not held
    means, gains = _means(shape, totals, values, kept)
    live = np.flatnonzero(states == UNFINISHED)
    for _ in range(STEPS):
        if not len(live):
            break
        sums = shape.sums(means[live])
        slope = np.where(free[live], totals[live] - sums[:, shape.terms], 0.0)
        step = _solved(shape, sums, free[live], slope)
        moves = step @ shape.matrix.T
        gain = (slope * step).sum(1)
        last = gain < CLOSE
        proven = np.where(kept[live], moves, 0.0).min(1) > LEAST_STEP
        least = np.where(kept[live], means[live], np.inf).min(1)
        proven &= least > LEAST_MEAN * totals[live, 0]
        states[live[last]] = np.where(proven[last], FINE, OPEN)
        _move(shape, totals, kept, values, means, gains, live, step)
        live = live[~last]
    return terms, kept, values, means, gains, states


def _means(
    shape: Design, totals: Floats, values: Floats, kept: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.where(kept, np.exp(values @ shape.matrix.T), 0.0)
        return means, (values * totals).sum(1) - means.sum(1)


def _solved(shape: Design, sums: Floats, terms: NDArray[np.bool_], slope: Floats) -> Floats:
    """Newton's step, on columns scaled to the same size."""
    size = terms.shape[1]
    curve = sums[:, shape.unions].reshape(-1, size, size)
    curve *= terms[:, :, None] & terms[:, None, :]
    there = np.einsum("nii->ni", curve)
    there += ~terms
    scale = 1 / np.sqrt(np.maximum(there, 1e-300))
    curve *= scale[:, :, None] * scale[:, None, :]
    wanted = (slope * scale)[:, :, None]
    try:
        found = np.linalg.solve(curve, wanted)[:, :, 0]
    except np.linalg.LinAlgError:  # some mean is so near to zero that one of them is singular
        found = (np.linalg.pinv(curve, rcond=1e-13, hermitian=True) @ wanted)[:, :, 0]
    return np.asarray(found * scale)


def _move(
    shape: Design, totals: Floats, kept: NDArray[np.bool_], values: Floats, means: Floats,
    gains: Floats, live: NDArray[np.int64], step: Floats,
) -> None:  # fmt: skip
    """Take the step, or the half of it, or the half of that, until the likelihood does not fall."""
    rows, share = live, 1.0
    for _ in range(HALVINGS):
        tried = values[rows] + share * step
        mean, gain = _means(shape, totals[rows], tried, kept[rows])
        good = gain >= gains[rows] - 1e-9 - 1e-14 * np.abs(gains[rows])
        values[rows[good]], means[rows[good]], gains[rows[good]] = (
            tried[good],
            mean[good],
            gain[good],
        )
        if good.all():
            return
        rows, step, share = rows[~good], step[~good], share / 2

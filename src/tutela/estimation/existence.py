"""Whether a model has an estimate at all.

A term that nobody's history contains has the estimate minus infinity: the term and every history
that contains it are left out (the extended maximum likelihood), and the rest is asked two things:

*Existence* (Fienberg and Rinaldo 2012): are there positive means of all histories with the same
totals as the counts? It is a linear program: the largest s with X'x = X'n and x >= s. If that is 0,
some mean is zero in any solution, and no estimate exists.

*Identifiability*: are the columns of the rest independent? If not, many estimates fit alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.estimation import numerics
from tutela.estimation.models import Design, Models

FINE, NOT_EXISTING, NOT_IDENTIFIED = 0, 1, 2
"""Codes add up: 3 is neither."""

NOTHING = 1e-7
"""A largest s below this is 0 but for rounding. Totals are those of counts 0 and 1, of which the
largest s is a fraction with a small denominator."""

Bits = NDArray[np.bool_]


def split(shape: Design, totals: NDArray[np.float64], models: Models) -> tuple[Bits, Bits]:
    """Terms that are estimated, and histories that are kept: shapes (n, terms), (n, histories)."""
    dropped = models & (totals == 0)
    kept = dropped.astype(np.float32) @ shape.matrix.T.astype(np.float32) == 0
    return models & ~dropped, kept


def code(shape: Design, counts: NDArray[np.float64], model: NDArray[np.bool_]) -> int:
    """0 there is an estimate, 1 it does not exist, 2 it is not identifiable, 3 neither."""
    totals = counts @ shape.matrix
    terms, kept = (one[0] for one in split(shape, totals[None], model[None]))
    support = (counts > 0).astype(float) @ shape.matrix
    return NOT_EXISTING * (not exists(shape, terms, kept, support)) + NOT_IDENTIFIED * (
        not identifiable(shape, terms, kept)
    )


def exists(shape: Design, terms: Bits, kept: Bits, totals: NDArray[np.float64]) -> bool:
    """The linear program, for one model. `totals` of any counts with the same zeros will do."""
    key = b"e" + np.packbits(terms).tobytes() + np.packbits(kept).tobytes() + totals.tobytes()
    if (known := shape.verdicts.get(key)) is None:
        rows = shape.matrix[np.ix_(kept, terms)]
        # x = y + s with y >= 0: one column for each history, and one for s
        equal = np.hstack([rows.T, rows.sum(0)[:, None]])
        goal = np.zeros(len(rows) + 1)
        goal[-1] = -1
        scale = max(float(totals[terms].max(initial=0)), 1.0)
        ran = numerics.linprog(goal, equal, totals[terms] / scale)
        known = ran is not None and ran > NOTHING
        shape.verdicts[key] = known
    return known


def identifiable(shape: Design, terms: Bits, kept: Bits) -> bool:
    """Are the columns of the terms independent on the histories that are kept?"""
    key = b"i" + np.packbits(terms).tobytes() + np.packbits(kept).tobytes()
    if (known := shape.verdicts.get(key)) is None:
        rows = shape.matrix[np.ix_(kept, terms)]
        known = len(rows) >= rows.shape[1] and bool(np.linalg.matrix_rank(rows) == rows.shape[1])
        shape.verdicts[key] = known
    return known


def identifiable_each(shape: Design, terms: Bits, kept: Bits) -> Bits:
    """:func:`identifiable` for each of many models; those that are alike are looked at once."""
    packed = np.packbits(np.hstack([terms, kept]), axis=1)
    rows = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}")[:, 0]
    _, first, where = np.unique(rows, return_index=True, return_inverse=True)
    return np.array([identifiable(shape, terms[i], kept[i]) for i in first], bool)[where]

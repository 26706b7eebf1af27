"""Estimates from how many people lists share, where nobody may see who.

For models of pairs the sizes of lists, the overlaps of pairs and the number of people on any list
(the union) are all that the likelihood needs: the estimate is that of the full table. Without the
union one must suppose that nobody is on three lists; it is then too small, and so is the estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tutela.estimation.bootstrap import Interval
from tutela.estimation.errors import BadTable, NoEstimate
from tutela.estimation.histories import MOST_LISTS, MOST_PEOPLE
from tutela.estimation.intervals import wald
from tutela.estimation.models import design
from tutela.estimation.selecting import step_totals

BIAS = (
    "The union is not known: this supposes that nobody is on three lists or more. On published "
    "tables the estimate was then too small by 5.6 % (UK, five lists), 7.9 % (UK, six lists) and "
    "9.7 % (Western US); where many people are on three lists it is useless (Kosovo). Ask for the "
    "size of the union."
)


@dataclass(frozen=True)
class FromOverlaps:
    people: float
    interval: Interval
    """Of the model that was chosen, as if it had been known beforehand (Wald)."""
    pairs: tuple[tuple[str, str], ...]
    """The overlaps that the model has a term for, in the order in which they were added."""
    union: int
    bias: str
    """What is known to be wrong with it; empty if the union was given."""


def from_overlaps(
    sizes: Mapping[str, int],
    overlaps: Mapping[tuple[str, str], int],
    union: int | None = None,
) -> FromOverlaps:
    """Stepwise selection on sizes, overlaps of all pairs, and the union if it is known.

    Raises `BadTable` if they cannot be true together, `NoEstimate` if no model fits.
    """
    names = sorted(sizes, key=lambda name: (sizes[name], name))
    if not 2 <= len(names) <= MOST_LISTS:
        raise BadTable(f"There are {len(names)} lists.", f"Give two to {MOST_LISTS}.")
    if any(n < 1 or n > MOST_PEOPLE or n != int(n) for n in sizes.values()):
        raise BadTable(
            "The size of a list is not a whole number from 1 on.", "Leave empty lists out."
        )
    shared = _checked(names, sizes, overlaps)
    supposed = sum(sizes.values()) - sum(shared.values())
    seen = supposed if union is None else union
    if not max(sizes.values()) <= seen <= sum(sizes.values()):
        raise BadTable(
            f"These lists cannot have {seen} people together.",
            "Give the size of the union: many people are on three lists or more."
            if union is None
            else "It is at least the largest list, and at most the sum of all.",
        )
    shape = design(len(names), 2)
    totals = np.array([
        seen, *(sizes[name] for name in names), *(shared[pair] for pair in combinations(names, 2))
    ], float)[None]  # fmt: skip
    chosen = step_totals(shape, totals, totals)
    if not np.isfinite(chosen.unseen[0]):
        raise NoEstimate(
            "No model fits these overlaps: some lists share too few people, or all of theirs.",
            "Combine lists, or leave out one that lies within another.",
        )
    where = list(combinations(names, 2))
    pairs = tuple(where[place - shape.pairs.start] for place in chosen.added[0])
    interval = wald(chosen.fits, 0, seen)
    return FromOverlaps(
        seen + float(chosen.unseen[0]), interval, pairs, seen, BIAS if union is None else ""
    )


def _checked(
    names: list[str], sizes: Mapping[str, int], overlaps: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    shared = {}
    for one, other in combinations(names, 2):
        found = {overlaps[pair] for pair in ((one, other), (other, one)) if pair in overlaps}
        if len(found) != 1:
            raise BadTable(
                f"The overlap of {one} and {other} is {'given twice' if found else 'missing'}.",
                "Give the overlap of each pair once.",
            )
        both = found.pop()
        if both != int(both) or not 0 <= both <= min(sizes[one], sizes[other]):
            raise BadTable(
                f"The overlap of {one} and {other} is {both}.",
                "It is a whole number, at most the smaller list.",
            )
        shared[one, other] = int(both)
    return shared

"""Log-linear models of capture histories.

People of history w are Poisson with mean mu(w), and log mu(w) is the sum of the terms that w
contains. A term is a set of lists, as a bit mask: the empty one (its exponential is the number of
people on no list), one for each list, and those of the pairs, triples … that a model has. A model
is hierarchical: with a term it has all that the term contains.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Models = NDArray[np.bool_]
"""Which terms each of some models has: shape (models, terms)."""

MOST_MODELS = 40_000
"""Models that are all fitted: 32 768 are those of 6 lists with pairs, in half a minute. Of 7 lists
there are two million."""


class Design:
    """The terms up to an order, and which history contains which."""

    def __init__(self, lists: int, order: int) -> None:
        self.lists, self.order = lists, order
        self.terms = tuple(
            sum(1 << i for i in chosen)
            for size in range(order + 1)
            for chosen in combinations(range(lists), size)
        )
        histories = np.arange(1, 2**lists)
        terms = np.array(self.terms)
        self.matrix = ((histories[:, None] & terms) == terms).astype(float)
        """Shape (histories, terms): 1 where the history contains the term."""
        self.verdicts: dict[bytes, bool] = {}
        """Answers of :mod:`.existence` that were worked out for this design."""

    @cached_property
    def unions(self) -> NDArray[np.int64]:
        """What each two terms have in one: terms * terms histories, flat."""
        terms = np.array(self.terms)
        return np.asarray((terms[:, None] | terms).ravel())

    def sums(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each set of lists, from the empty one, the people on these at least.

        Of n rows of histories: shape (n, 2^lists). A sum for each list, instead of one for each
        two terms, makes ten lists as quick as six would be.
        """
        found = np.zeros((len(means), 2**self.lists))
        found[:, 1:] = means
        for i in range(self.lists):
            halves = found.reshape(len(means), -1, 2, 2**i)
            halves[:, :, 0] += halves[:, :, 1]
        return found

    @property
    def pairs(self) -> slice:
        """Where the terms of two lists are."""
        first = 1 + self.lists
        return slice(first, first + self.lists * (self.lists - 1) // 2)

    def model(self, *terms: int) -> NDArray[np.bool_]:
        """The model with the empty term, those of single lists, and these."""
        chosen = np.zeros(len(self.terms), bool)
        chosen[: 1 + self.lists] = True
        for term in terms:
            chosen[self.terms.index(term)] = True
        return chosen

    def chosen(self, model: NDArray[np.bool_]) -> tuple[int, ...]:
        """The terms of two lists or more that a model has."""
        return tuple(t for t, has in zip(self.terms, model, strict=True) if has)[1 + self.lists :]


@lru_cache(maxsize=16)
def design(lists: int, order: int) -> Design:
    """One design for each number of lists and order, with what was found out about it."""
    return Design(lists, order)


def count_models(lists: int, order: int, most: int = MOST_MODELS) -> int:
    """How many hierarchical models there are to this order; `most` + 1 if there are more."""
    if order <= 2:
        return min(1 << lists * (lists - 1) // 2, most + 1)
    count = 0
    for _ in _extended(lists, order):
        count += 1
        if count > most:
            break
    return count


def hierarchical(shape: Design) -> Models:
    """All hierarchical models to the order of a design, those with fewer terms first in each."""
    place = {term: i for i, term in enumerate(shape.terms)}
    found = list(_extended(shape.lists, shape.order))
    made = np.zeros((len(found), len(shape.terms)), bool)
    made[:, : 1 + shape.lists] = True
    for row, terms in enumerate(found):
        made[row, [place[term] for term in terms]] = True
    return made


def _extended(
    lists: int, order: int, size: int = 2, below: frozenset[int] | None = None
) -> Iterator[tuple[int, ...]]:
    """Terms from `size` lists on that may stand on those of one list fewer."""
    if size > order:
        yield ()
        return
    possible = []
    for chosen in combinations(range(lists), size):
        term = sum(1 << i for i in chosen)
        if below is None or all(term ^ 1 << i in below for i in chosen):
            possible.append(term)
    for bits in range(2 ** len(possible)):
        here = tuple(term for i, term in enumerate(possible) if bits >> i & 1)
        for above in _extended(lists, order, size + 1, frozenset(here)):
            yield here + above

"""Errors of linkage, carried through to the estimate.

Whether two records are of one person is often a probability. A missed link makes two people of one
and the estimate too large; a false one makes it too small. So links are drawn, each with its
probability, people made of what is linked, and the estimate made anew; and again, many times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tutela.estimation.bootstrap import LEVEL, SEED, Interval, quantile
from tutela.estimation.errors import BadTable, NoEstimate
from tutela.estimation.histories import Counts, Histories
from tutela.estimation.models import design
from tutela.estimation.selecting import stepwise

DRAWS = 500


@dataclass(frozen=True)
class Link:
    """Two records, by their places, and how probable it is that they are of one person."""

    one: int
    other: int
    probability: float


@dataclass(frozen=True)
class Carried:
    people: float
    """The median over the draws."""
    linkage: Interval
    """From the links alone."""
    both: Interval
    """From the links, and from which people came on lists at all."""
    likely: Histories
    """With the links that are more probable than not."""
    failed: int
    """Draws of which no model had an estimate: counted as infinite."""
    seed: int


def carried(
    lists: Sequence[str],
    records: Sequence[int],
    links: Sequence[Link],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    level: float = LEVEL,
) -> Carried:
    """Stepwise estimates over draws of the links.

    `records` has the place of each record's list in `lists`. Links are drawn independently of each
    other, and what hangs together is one person. Raises `BadTable`, `NoEstimate`.
    """
    if any(not 0 <= one < len(lists) for one in records):
        raise BadTable("A record is on a list that is not there.", "Number the lists from 0.")
    for link in links:
        if not (0 <= link.one < len(records) and 0 <= link.other < len(records)):
            raise BadTable("A link is to a record that is not there.", "Number records from 0.")
        if not 0 <= link.probability <= 1:
            raise BadTable("The probability of a link is not within 0 and 1.", "Correct it.")
    likely = Histories.of_members(
        lists, _people(records, [one for one in links if one.probability > 0.5])
    )
    place = {name: i for i, name in enumerate(likely.lists)}
    bits = [1 << place[lists[one]] if lists[one] in place else 0 for one in records]
    random = np.random.default_rng(seed)
    tables = np.zeros((draws, len(likely.table)))
    for table in tables:
        drawn = random.random(len(links))
        held = [one for one, at in zip(links, drawn, strict=True) if at < one.probability]
        found = np.array(_joined(bits, held))
        table[:] = np.bincount(found[found > 0] - 1, minlength=len(table))
    again = np.array([
        random.multinomial(int(table.sum()), table / table.sum()) for table in tables
    ], float)  # fmt: skip
    by_link, by_both = (_estimated(likely, one) for one in (tables, again))
    if not np.isfinite(by_link).any():
        raise NoEstimate("No draw of the links has an estimate.", "The lists share too few people.")
    edges = ((1 - level) / 2, (1 + level) / 2)
    linkage, both = (
        Interval(quantile(one, edges[0]), quantile(one, edges[1]), level)
        for one in (by_link, by_both)
    )
    failed = int(np.isinf(by_link).sum())
    return Carried(quantile(by_link, 0.5), linkage, both, likely, failed, seed)


def _estimated(histories: Histories, tables: Counts) -> Counts:
    shape = design(len(histories.lists), 2)
    return np.sort(tables.sum(1) + stepwise(shape, tables).unseen)


def _people(records: Sequence[int], links: Sequence[Link]) -> list[int]:
    return _joined([1 << one for one in records], links)


def _joined(bits: Sequence[int], links: Sequence[Link]) -> list[int]:
    """The history of each person: of records that hang together."""
    above = list(range(len(bits)))

    def top(one: int) -> int:
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    for link in links:
        one, other = top(link.one), top(link.other)
        above[max(one, other)] = min(one, other)
    found: dict[int, int] = {}
    for record, bit in enumerate(bits):
        root = top(record)
        found[root] = found.get(root, 0) | bit
    return list(found.values())

"""The order of lists that depends on the counts alone.

Stepwise selection takes the first of pairs that are equally surprising, and rounding depends on the
order of sums. If lists always come in the same order, whichever way they were given, neither can
change a result. Lists are told apart by what the counts say of them; where two stay alike, each is
tried as the first, and the order with the smallest table is taken. Orders that give the same table
are the same to all that follows.
"""

from __future__ import annotations

from collections.abc import Mapping

Colours = tuple[int, ...]
"""A class for each list; lists of different classes are told apart."""


def canonical_order(lists: int, counts: Mapping[int, int]) -> tuple[int, ...]:
    """Old places of the lists, in their canonical order."""
    return min(_orders((0,) * lists, counts))[1]


def _orders(
    colours: Colours, counts: Mapping[int, int]
) -> list[tuple[list[tuple[int, int]], tuple[int, ...]]]:
    """The smallest table below this node, with its order: one, or none if there is no list."""
    colours = _refined(colours, counts)
    alike = next((c for c in sorted(set(colours)) if colours.count(c) > 1), None)
    if alike is None:
        order = tuple(sorted(range(len(colours)), key=lambda i: colours[i]))
        table = sorted(
            (sum((w >> old & 1) << new for new, old in enumerate(order)), n)
            for w, n in counts.items()
        )
        return [(table, order)]
    tried: list[int] = []
    found = []
    for one in (i for i, c in enumerate(colours) if c == alike):
        if any(_swapped(one, other, counts) for other in tried):
            continue  # it would give the same tables again
        tried.append(one)
        first = tuple(2 * c + (c == alike and i != one) for i, c in enumerate(colours))
        found += _orders(first, counts)
    return [min(found)]


def _refined(colours: Colours, counts: Mapping[int, int]) -> Colours:
    """Classes split until lists of one class have like histories, seen by class and count."""
    while True:
        marks = []
        for i, colour in enumerate(colours):
            histories = sorted(
                (n, sorted(c for j, c in enumerate(colours) if w >> j & 1))
                for w, n in counts.items()
                if w >> i & 1
            )
            marks.append((colour, histories))
        ranks = sorted(marks)
        finer = tuple(ranks.index(mark) for mark in marks)
        if len(set(finer)) == len(set(colours)):
            return finer
        colours = finer


def _swapped(one: int, other: int, counts: Mapping[int, int]) -> bool:
    """Do the counts stay the same if two lists change places?"""
    both = 1 << one | 1 << other
    return all(
        counts.get(w ^ both if (w >> one ^ w >> other) & 1 else w, 0) == n
        for w, n in counts.items()
    )

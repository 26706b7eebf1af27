"""Capture histories: how many people are on exactly which lists.

A history is a bit mask: bit ``i`` says that a person is on list ``i``. Nobody of history 0 is ever
seen; how many they are is what is estimated.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tutela.estimation.errors import BadTable
from tutela.estimation.ordering import canonical_order

Counts = NDArray[np.float64]
"""People of each history 1 … 2^t - 1, in that order; whole numbers."""

MOST_LISTS = 10
"""A table of t lists has 2^t - 1 histories: with 10 they are 1 023, and most of them are empty for
any number of people that is met. Beyond, combine lists that are alike."""

MOST_PEOPLE = 10**10
"""More than there are people: whoever has more counts something else. It is exact as a float."""


@dataclass(frozen=True)
class Histories:
    """How many people are on exactly which of some lists.

    Lists without anybody, and copies of others, tell nothing: they are left out and named in
    :attr:`notes`. The lists are in an order that depends on the counts alone, not on how they came,
    so that nothing that follows does.
    """

    lists: tuple[str, ...]
    counts: tuple[int, ...]
    """People of each history 1 … 2^t - 1."""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, lists: Sequence[str], counts: Mapping[int, int], notes: Iterable[str] = ()
    ) -> Histories:
        """From people by history, a bit mask in the order of `lists`. Raises `BadTable`."""
        names, said = tuple(lists), list(notes)
        if len(set(names)) < len(names):
            raise BadTable("Two lists have the same name.", "Give each list a name of its own.")
        held = {history: count for history, count in counts.items() if count}
        for history, count in counts.items():
            if count < 0 or count != int(count):
                raise BadTable(
                    f"A history has {count} people.", "Counts are whole numbers from 0 on."
                )
            if count and not 0 < history < 2 ** len(names):
                raise BadTable(
                    f"{count} people are on none of the lists.",
                    "Leave them out: whoever is on no list is what is estimated.",
                )
        if sum(held.values()) > MOST_PEOPLE:
            raise BadTable(
                f"There are more than {MOST_PEOPLE:,} people.",
                "Count people, accounts or incidents of one kind, each once.",
            )
        kept = _telling(names, held, said)
        if len(kept) < 2:
            raise BadTable(
                "There are fewer than two lists with different people on them.",
                "An estimate rests on how lists overlap: give two or more.",
            )
        if len(kept) > MOST_LISTS:
            raise BadTable(
                f"There are {len(kept)} lists; the limit is {MOST_LISTS}, since each further list "
                "doubles the number of histories.",
                "Combine lists of the same kind.",
            )
        held = {_moved(history, kept): count for history, count in held.items()}
        order = canonical_order(len(kept), held)
        table = [0] * (2 ** len(kept) - 1)
        for history, count in held.items():
            table[_moved(history, order) - 1] = int(count)
        return cls(tuple(names[kept[i]] for i in order), tuple(table), tuple(said))

    @classmethod
    def of_lists(cls, lists: Mapping[str, Collection[Hashable]]) -> Histories:
        """From who is on each list; a person has the same identity on all. Raises `BadTable`."""
        members: dict[Hashable, int] = {}
        for bit, people in enumerate(lists.values()):
            for person in people:
                members[person] = members.get(person, 0) | 1 << bit
        return cls.of_members(tuple(lists), members.values())

    @classmethod
    def of_members(cls, lists: Sequence[str], histories: Iterable[int]) -> Histories:
        """From one history for each person. Raises `BadTable`."""
        counts: dict[int, int] = {}
        for history in histories:
            counts[history] = counts.get(history, 0) + 1
        return cls.of(lists, counts)

    @cached_property
    def table(self) -> Counts:
        return np.array(self.counts, float)

    @property
    def observed(self) -> int:
        """How many people are on any list."""
        return sum(self.counts)

    @property
    def sizes(self) -> dict[str, int]:
        """People on each list."""
        return {name: self._on(1 << i) for i, name in enumerate(self.lists)}

    @property
    def shared(self) -> dict[str, int]:
        """People of each list who are on another list too."""
        return {
            name: self._on(1 << i) - self.counts[(1 << i) - 1] for i, name in enumerate(self.lists)
        }

    def seen(self, times: int) -> int:
        """People on exactly this many lists."""
        return sum(n for w, n in enumerate(self.counts, 1) if w.bit_count() == times)

    def named(self, history: int) -> tuple[str, ...]:
        """The lists of a history."""
        return tuple(name for i, name in enumerate(self.lists) if history >> i & 1)

    def _on(self, lists: int) -> int:
        return sum(n for w, n in enumerate(self.counts, 1) if w & lists == lists)


def _telling(names: Sequence[str], held: Mapping[int, int], notes: list[str]) -> list[int]:
    """The lists that tell something: neither empty nor, person for person, an earlier one."""
    kept: list[int] = []
    for i, name in enumerate(names):
        if not any(history >> i & 1 for history in held):
            notes.append(f"Nobody is on the list {name}: it is left out.")
            continue
        copied = next((j for j in kept if not any((w >> i ^ w >> j) & 1 for w in held)), None)
        if copied is not None:
            notes.append(
                f"The list {name} has the same people as {names[copied]}: it is a copy, which "
                "tells nothing more, and is left out."
            )
            continue
        kept.append(i)
    return kept


def _moved(history: int, order: Sequence[int]) -> int:
    """A history of lists that were put in another order: `order` has the old place of each."""
    return sum((history >> old & 1) << new for new, old in enumerate(order))

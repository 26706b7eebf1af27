"""Known signals in memory, each compared with each: exact, simple, for thousands of signals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from tutela.matching.layouts import mih_compare
from tutela.matching.models import Match
from tutela.signals import Signal, SignalType


class Known:
    """Signals of some types, and their owners. Not for changing while it is searched."""

    def __init__(self, types: Iterable[SignalType]) -> None:
        self.types = {kind.name: kind for kind in types}
        self._entries: dict[str, list[tuple[Signal, str]]] = defaultdict(list)
        self._pdq: NDArray[np.uint8] | None = None

    def add(self, signal: Signal, owner: str) -> None:
        """Raises KeyError if the signal is of another type."""
        self._entries[self.types[signal.type].name].append((signal, owner))
        if signal.type == "pdq":
            self._pdq = None

    def __len__(self) -> int:
        return sum(len(entries) for entries in self._entries.values())

    def search(self, signals: Iterable[Signal], distance: int | None = None) -> list[Match]:
        """All matches, nearest first. `distance` is the largest that counts for types that have
        distances; default each type's own `match_distance`."""
        found = [
            match
            for signal in signals
            if signal.type in self._entries
            for match in self._near(signal, distance)
        ]
        return sorted(found, key=lambda match: match.distance)

    def _near(self, signal: Signal, distance: int | None) -> Iterator[Match]:
        kind, entries = self.types[signal.type], self._entries[signal.type]
        limit = kind.match_distance
        if distance is not None and kind.max_distance > 1:
            limit = distance
        if signal.type == "pdq":
            for at, apart in self._near_pdq(signal, limit):
                yield Match(signal, apart, entries[at][1], entries[at][0])
            return
        for known, owner in entries:
            apart = kind.distance(signal.value, known.value)
            if apart <= limit:
                yield Match(signal, apart, owner, known)

    def _near_pdq(self, signal: Signal, limit: int) -> list[tuple[int, int]]:
        """Place and distance of those near; a million comparisons take a millisecond or two."""
        if self._pdq is None:
            values = "".join(known.value for known, _ in self._entries["pdq"])
            self._pdq = np.frombuffer(bytes.fromhex(values), np.uint8)
        query = np.frombuffer(bytes.fromhex(signal.value), np.uint8)
        found = np.frombuffer(mih_compare(self._pdq, query, limit), np.uint32)
        return [(int(at), int(apart)) for _, at, apart in found.reshape(-1, 3)]

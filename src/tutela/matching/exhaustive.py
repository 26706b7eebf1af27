"""Known signals in memory, each compared with each: exact, simple, for thousands of signals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tutela.matching.models import Match
from tutela.signals import Signal
from tutela.signals.registry import signal_type

_BITS = np.array([n.bit_count() for n in range(256)], np.uint8)


class Known:
    """Signals and their owners. Not for changing while it is searched."""

    def __init__(self) -> None:
        self._entries: dict[str, list[tuple[Signal, str]]] = defaultdict(list)
        self._bits: dict[str, NDArray[np.uint8]] = {}

    def add(self, signal: Signal, owner: str) -> None:
        self._entries[signal.type].append((signal, owner))
        self._bits.pop(signal.type, None)

    def __len__(self) -> int:
        return sum(len(entries) for entries in self._entries.values())

    def search(self, signals: Iterable[Signal], distance: int | None = None) -> list[Match]:
        """All matches, nearest first. `distance` is the largest that counts for types that have
        distances; default each type's own `match_distance`."""
        found = [m for s in signals if s.type in self._entries for m in self._one(s, distance)]
        return sorted(found, key=lambda m: m.distance)

    def _one(self, signal: Signal, distance: int | None) -> Iterable[Match]:
        kind, entries = signal_type(signal.type), self._entries[signal.type]
        limit = kind.match_distance
        if distance is not None and kind.max_distance > 1:
            limit = distance
        if signal.type == "pdq":
            distances = self._hamming(signal)
        else:
            distances = [kind.distance(signal.value, known.value) for known, _ in entries]
        for (known, owner), d in zip(entries, distances, strict=True):
            if d <= limit:
                yield Match(signal, d, owner, known.quality)

    def _hamming(self, signal: Signal) -> list[int]:
        rows = self._bits.get(signal.type)
        if rows is None:
            joined = bytes.fromhex("".join(s.value for s, _ in self._entries[signal.type]))
            rows = np.frombuffer(joined, np.uint8).reshape(-1, len(signal.value) // 2)
            self._bits[signal.type] = rows
        one = np.frombuffer(bytes.fromhex(signal.value), np.uint8)
        return [int(d) for d in _BITS[rows ^ one].sum(axis=1, dtype=int)]

"""What changed since an index file was built, in memory: new values, and tombstones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tutela.matching.layouts import SCANNED, Layout, Near, Scanned
from tutela.matching.segment import Segment

COMPARED = 16_384
"""New hashes that are compared with each, which takes microseconds; more get tables of their own.
Values of other layouts are always laid out."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Delta:
    """Changes up to `through`, in their order. It never changes: `after` gives another.

    Tombstones serve compaction alone. In a search a value that was withdrawn is found, and has no
    owner.
    """

    layout: Layout
    through: int
    numbers: NDArray[np.int64]
    values: Bytes
    removed: dict[bytes, int] = field(default_factory=dict)
    """The change that removed a value, the last if there are several."""
    tabled: Segment | None = None
    """The first `tabled_count` of the values."""
    tabled_count: int = 0

    @classmethod
    def empty(cls, layout: Layout, through: int) -> Delta:
        values = np.empty((0, layout.width), np.uint8)
        return cls(layout, through, np.empty(0, np.int64), values)

    def __len__(self) -> int:
        return len(self.values) + len(self.removed)

    def after(
        self,
        through: int,
        added: Sequence[tuple[int, bytes]],
        removed: Sequence[tuple[int, bytes]],
    ) -> Delta:
        """With further changes (number, value), all after this one's and in their order."""
        if not added and not removed:
            return replace(self, through=through)
        numbers, values = self.numbers, self.values
        if added:
            fresh = np.frombuffer(b"".join(value for _, value in added), np.uint8)
            values = np.concatenate([values, fresh.reshape(-1, self.layout.width)])
            numbers = np.concatenate([numbers, np.array([n for n, _ in added], np.int64)])
        gone = self.removed | {value: number for number, value in removed}
        tabled, count = self.tabled, self.tabled_count
        compared = max(COMPARED, count // 8) if isinstance(self.layout, Near | Scanned) else 0
        if len(values) - count > compared:
            tabled, count = Segment.of(values, self.layout), len(values)
        return Delta(self.layout, through, numbers, values, gone, tabled, count)

    def since(self, through: int) -> Delta:
        """Without the changes up to a number, which a file now holds."""
        later = self.numbers > through
        gone = {value: number for value, number in self.removed.items() if number > through}
        kept = Delta.empty(self.layout, through)
        added = list(zip(self.numbers[later].tolist(), rows(self.values[later]), strict=True))
        return replace(kept.after(max(through, self.through), added, ()), removed=gone)

    def search(self, queries: Bytes, distance: int) -> list[tuple[int, bytes, int]]:
        """Query number, value and distance of every pair within `distance`; some may come twice."""
        found: list[tuple[int, bytes, int]] = []
        if self.tabled is not None:
            found += hits_in(self.tabled, queries, distance)
        rest = self.values[self.tabled_count :]
        if len(rest):
            found += hits_in(Segment(rest.reshape(-1), len(rest), SCANNED), queries, distance)
        return found

    def to_merge(self) -> tuple[Bytes, Bytes]:
        """Values to add to a file, and values to take out of it."""
        last = dict.fromkeys(self.removed, 0)
        for number, value in zip(self.numbers.tolist(), rows(self.values), strict=True):
            if value in last:
                last[value] = number
        gone = [value for value, number in self.removed.items() if number > last[value]]
        out = np.frombuffer(b"".join(gone), np.uint8).reshape(-1, self.layout.width)
        return self.values, out


def rows(values: Bytes) -> list[bytes]:
    """Each value as bytes."""
    width = values.shape[1]
    data = values.tobytes()
    return [data[at : at + width] for at in range(0, len(data), width)]


def hits_in(segment: Segment, queries: Bytes, distance: int) -> list[tuple[int, bytes, int]]:
    """Query number, value and distance of every pair within `distance` in a segment."""
    values = segment.hashes
    return [
        (number, values[entry].tobytes(), apart)
        for number, entry, apart in segment.search(queries, distance).tolist()
    ]

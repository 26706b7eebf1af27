"""A set of distinct 256-bit hashes that never changes, searched exactly within a distance.

In one buffer: the hashes, and the tables of the multi-index behind them (native/mih.h). Who owns
the buffer, memory or a mapped file, is not known here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tutela.matching import kernels_numpy
from tutela.signals.kernels import NATIVE

if NATIVE:
    from tutela._native import mih_build, mih_compare, mih_search, mih_size
else:
    from tutela.matching.kernels_numpy import mih_build, mih_compare, mih_search, mih_size

BYTES = kernels_numpy.BYTES
__all__ = ["Segment", "distinct_hashes", "mih_compare", "size_of"]

INDEXED = 31
"""The largest distance that the tables serve; wider searches compare with every hash."""

FARTHEST = 64
"""The largest distance that may be asked for: unrelated pictures begin at about 80 of 256."""

Bytes = NDArray[np.uint8]
Hits = NDArray[np.uint32]


class Segment:
    """Hashes, and the search among them. Safe to use from many threads."""

    def __init__(self, buffer: Bytes, count: int) -> None:
        if buffer.nbytes < size_of(count):
            raise ValueError("the buffer is smaller than a segment of so many hashes")
        self.buffer = buffer
        self.count = count

    @classmethod
    def of(cls, hashes: Bytes) -> Segment:
        """A segment in memory of hashes of shape (n, 32), in any order, repeated or not."""
        distinct = distinct_hashes(hashes)
        buffer = np.zeros(size_of(len(distinct)), np.uint8)
        buffer[: distinct.nbytes] = distinct.ravel()
        return cls.built(buffer, len(distinct))

    @classmethod
    def built(cls, buffer: Bytes, count: int) -> Segment:
        """The segment whose `count` distinct hashes stand at the beginning of a buffer."""
        mih_build(buffer, count)
        return cls(buffer, count)

    @property
    def hashes(self) -> Bytes:
        """All hashes, of shape (count, 32): a view."""
        return self.buffer[: self.count * BYTES].reshape(-1, BYTES)

    def search(self, queries: Bytes, distance: int) -> Hits:
        """Query number, entry and distance of every pair within `distance`: shape (n, 3).

        `queries` has shape (n, 32). Nothing is left out, however many there are. Raises ValueError
        if the segment is damaged so that it points outside itself.
        """
        if not 0 <= distance <= FARTHEST:
            raise ValueError(f"distance must be between 0 and {FARTHEST}")
        asked = np.ascontiguousarray(queries, np.uint8).reshape(-1, BYTES)
        if distance <= INDEXED:
            found = mih_search(self.buffer, self.count, asked, distance)
        else:
            found = mih_compare(self.hashes, asked, distance)
        return np.frombuffer(found, np.uint32).reshape(-1, 3)


def size_of(count: int) -> int:
    """Bytes that a segment of `count` hashes takes."""
    return mih_size(count)


def distinct_hashes(hashes: Bytes) -> Bytes:
    """Each hash once, in byte order.

    Sorted by the first 8 bytes alone, which tells nearly all apart; only those that share them are
    sorted by the rest. Five times as fast for 10 million.
    """
    packed = np.ascontiguousarray(hashes, np.uint8).reshape(-1, BYTES)
    words = packed.view(">u8")  # byte order is the order of big-endian words
    first = words[:, 0].astype(np.uint64)
    order = np.argsort(first)
    same = first[order[1:]] == first[order[:-1]]
    tied = np.flatnonzero(np.concatenate([same, [False]]) | np.concatenate([[False], same]))
    if len(tied):
        rest = words[order[tied]]
        by_all = np.lexsort((rest[:, 3], rest[:, 2], rest[:, 1], rest[:, 0]))
        order[tied] = order[tied][by_all]
    ordered = packed[order]
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return ordered[fresh]

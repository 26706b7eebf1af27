"""How a set of distinct values stands in a buffer, and how it is searched there.

Every layout begins with the values themselves in byte order, one after the other; what it keeps
behind them, if anything, is its own. All are pure and safe to use from many threads.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tutela.matching import kernels_numpy
from tutela.matching.ordered import entries_of, places_of
from tutela.signals.kernels import NATIVE

if NATIVE:
    from tutela._native import mih_build, mih_compare, mih_search, mih_size
else:
    from tutela.matching.kernels_numpy import mih_build, mih_compare, mih_search, mih_size

__all__ = ["FARTHEST", "INDEXED", "NEAR", "SCANNED", "Equal", "Layout", "mih_compare"]

INDEXED = 31
"""The largest distance that the tables serve; wider searches compare with every hash."""

FARTHEST = 64
"""The largest distance that may be asked for: unrelated pictures begin at about 80 of 256."""

Bytes = NDArray[np.uint8]
Hits = NDArray[np.uint32]


class Layout(Protocol):
    @property
    def name(self) -> str:
        """At most 16 ASCII characters. Two layouts of one name can use each other's buffers."""
        ...

    @property
    def width(self) -> int:
        """Bytes of a value."""
        ...

    @property
    def farthest(self) -> int:
        """The largest distance that may be asked for, in bits."""
        ...

    def size_of(self, count: int) -> int:
        """Bytes of a buffer of `count` values, and at least those of the values."""
        ...

    def build(self, buffer: Bytes, count: int) -> None:
        """Fill what stands behind the `count` distinct values at the buffer's beginning, which are
        in byte order."""
        ...

    def search(self, buffer: Bytes, count: int, queries: Bytes, distance: int) -> Hits:
        """Query number, entry and distance of every pair within `distance`: shape (n, 3).

        `queries` lie one after the other in memory, and `distance` is at most `farthest`. Raises
        ValueError if the buffer is damaged so that it points outside itself.
        """
        ...


@dataclass(frozen=True, slots=True)
class Near:
    """256-bit hashes and the tables of the multi-index behind them (native/mih.h)."""

    name: str = f"mih16-{sys.byteorder}" if NATIVE else "hashes"
    """The compiled search keeps 16 tables of this machine's integers behind the hashes, numpy none;
    neither can use the other's."""
    width: int = kernels_numpy.BYTES
    farthest: int = FARTHEST

    def size_of(self, count: int) -> int:
        return mih_size(count)

    def build(self, buffer: Bytes, count: int) -> None:
        mih_build(buffer, count)

    def search(self, buffer: Bytes, count: int, queries: Bytes, distance: int) -> Hits:
        if distance > INDEXED:
            return compared(buffer[: count * self.width], queries, distance)
        found = mih_search(buffer, count, queries, distance)
        return np.frombuffer(found, np.uint32).reshape(-1, 3)


@dataclass(frozen=True, slots=True)
class Scanned:
    """256-bit hashes alone: a quarter of the memory, and a search compares with each."""

    name: str = "scanned"
    width: int = kernels_numpy.BYTES
    farthest: int = FARTHEST

    def size_of(self, count: int) -> int:
        return count * self.width

    def build(self, buffer: Bytes, count: int) -> None:
        """Nothing stands behind the hashes."""

    def search(self, buffer: Bytes, count: int, queries: Bytes, distance: int) -> Hits:
        return compared(buffer[: count * self.width], queries, distance)


@dataclass(frozen=True, slots=True)
class Equal:
    """Values of any one width alone, found by binary search when they are equal."""

    width: int
    farthest: int = 0

    @property
    def name(self) -> str:
        return f"equal-{self.width}"

    def size_of(self, count: int) -> int:
        return count * self.width

    def build(self, buffer: Bytes, count: int) -> None:
        """Nothing stands behind the values."""

    def search(self, buffer: Bytes, count: int, queries: Bytes, distance: int) -> Hits:
        known = entries_of(buffer[: self.size_of(count)], self.width)
        places = places_of(entries_of(queries, self.width), known)
        numbers = (places >= 0).nonzero()[0]
        hits = np.zeros((len(numbers), 3), np.uint32)
        hits[:, 0], hits[:, 1] = numbers, places[numbers]
        return hits


def compared(hashes: Bytes, queries: Bytes, distance: int) -> Hits:
    """The hits of comparing each with each."""
    return np.frombuffer(mih_compare(hashes, queries, distance), np.uint32).reshape(-1, 3)


NEAR = Near()
SCANNED = Scanned()

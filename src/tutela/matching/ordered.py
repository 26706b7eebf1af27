"""Values of one width in byte order, each once: how they get there, and where one stands.

Handled as byte strings of one length, which numpy orders bytewise and views without copies. It
takes zeros at their end for padding; between strings of one length that changes no answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PART = 1 << 18
"""Values handled at a time: 8 MiB of 32 bytes each, large beside the cost of a call."""

Bytes = NDArray[np.uint8]
Entries = NDArray[np.bytes_]
"""Values as byte strings, of shape (n,)."""


def checked(values: Bytes, width: int) -> Bytes:
    """The values, one after the other in memory. Raises ValueError unless they are bytes of shape
    (n, width)."""
    if values.dtype != np.uint8 or values.ndim != 2 or values.shape[1] != width:
        raise ValueError(f"values are bytes of shape (n, {width})")
    return np.ascontiguousarray(values)


def entries_of(values: Bytes, width: int) -> Entries:
    """Values that lie one after the other in memory, as entries: a view."""
    return values.reshape(-1).view(f"S{width}")


def rows_of(entries: Entries) -> Bytes:
    """Entries as values of shape (n, width): a view."""
    return entries.view(np.uint8).reshape(-1, entries.itemsize)


def distinct_hashes(hashes: Bytes) -> Bytes:
    """Each value once, in byte order; of shape (n, width), as those given."""
    entries = entries_of(np.ascontiguousarray(hashes), hashes.shape[1]).copy()
    return rows_of(entries[: make_distinct(entries)])


def make_distinct(entries: Entries) -> int:
    """Put each entry once at the beginning, in byte order; gives how many there are."""
    entries.sort()
    kept = 0
    for start in range(0, len(entries), PART):
        part = entries[start : start + PART]
        fresh = np.ones(len(part), bool)
        fresh[1:] = part[1:] != part[:-1]
        if kept:
            fresh[0] = part[0] != entries[kept - 1]
        chosen = part[fresh]
        entries[kept : kept + len(chosen)] = chosen
        kept += len(chosen)
    return kept


def places_of(asked: Entries, ordered: Entries) -> NDArray[np.intp]:
    """Where each entry stands among those in byte order, or -1."""
    if not len(ordered):
        return np.full(len(asked), -1)
    places = ordered.searchsorted(asked)
    return np.where(ordered.take(places, mode="clip") == asked, places, -1)

"""The search in numpy: what runs without a compiler, and the oracle of the compiled one.

It compares with every hash, so it needs no tables.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BYTES = 32
PART = 1 << 18
"""Hashes compared at a time: 8 MiB, which stay in the cache while their words are compared."""

Bytes = NDArray[np.uint8]


def mih_size(count: int, /) -> int:
    return count * BYTES


def mih_build(buffer: Bytes, count: int, /) -> None:
    if buffer.nbytes < count * BYTES:
        raise ValueError("the buffer is smaller than a segment of so many hashes")


def mih_search(buffer: Bytes, count: int, queries: Bytes, distance: int, /) -> bytes:
    return mih_compare(buffer[: count * BYTES], queries, distance)


def mih_compare(hashes: Bytes, queries: Bytes, distance: int, /) -> bytes:
    known = np.frombuffer(hashes, np.uint64).reshape(-1, 4)
    asked = np.frombuffer(queries, np.uint64).reshape(-1, 4)
    hits: list[NDArray[np.uint32]] = []
    for number, query in enumerate(asked):
        for start in range(0, len(known), PART):
            part = known[start : start + PART]
            half = np.bitwise_count(part[:, :2] ^ query[:2]).sum(axis=1, dtype=np.uint32)
            near = np.flatnonzero(half <= distance)  # the second half matters to few
            rest = np.bitwise_count(part[near, 2:] ^ query[2:]).sum(axis=1, dtype=np.uint32)
            whole = half[near] + rest
            kept = whole <= distance
            found = np.empty((int(kept.sum()), 3), np.uint32)
            found[:, 0], found[:, 1], found[:, 2] = number, near[kept] + start, whole[kept]
            hits.append(found)
    return np.concatenate(hits).tobytes() if hits else b""

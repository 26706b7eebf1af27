"""The root of a bank: a digest of the set of its signals, kept up to date with each change.

LtHash (Lewi, Kim, Maykov, Weis: "Securing Update Propagation with Homomorphic Hashing", IACR
2019/227) with 1024 lanes of 16 bits over SHAKE-128: each signal becomes 2048 bytes, and a set is
the sum of them, lane by lane. What is added is added, what is removed is subtracted, so that a
bank of ten million costs no more to change than one of ten. The root is the SHA-256 of the sum.

A bank's salt goes into each: a root tells nobody whether a value that they guess is in the bank.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tutela.signals.kernels import NATIVE

if NATIVE:
    from tutela._native import lthash
else:
    from tutela.banks.roots_numpy import lthash

LANES = 1024
BYTES = 2 * LANES
EMPTY = bytes(BYTES)
"""The sum of no signals."""

PART = 1024
"""Signals summed at a time: in numpy, 2 MiB."""

Sum = NDArray[np.uint16]


def element(
    salt: bytes, kind: str, value: bytes, origin: tuple[str, str, str], external_id: str
) -> bytes:
    """What of a signal counts: its value and who gave it; each part with its length before it."""
    external = external_id.encode()
    return b"".join((
        _head(salt, kind, len(value)), value, _parts(*origin), _length(len(external)), external,
    ))  # fmt: skip


@lru_cache(maxsize=4096)
def _head(salt: bytes, kind: str, width: int) -> bytes:
    return salt + _parts(kind) + _length(width)


@lru_cache(maxsize=4096)
def _parts(*texts: str) -> bytes:
    return b"".join(_length(len(part := text.encode())) + part for text in texts)


@lru_cache(maxsize=4096)
def _length(count: int) -> bytes:
    return count.to_bytes(4, "little")


def summed(elements: Iterable[bytes]) -> Sum:
    """The sum of elements: about 1 us each, 6 where there is no compiled code."""
    total = np.zeros(LANES, np.uint16)
    given = iter(elements)
    while part := [*islice(given, PART)]:
        total += np.frombuffer(lthash(part), "<u2")
    return total


def changed(state: bytes, added: Sum, removed: Sum) -> bytes:
    """The state of a bank after a change."""
    sums = np.frombuffer(state, "<u2") + added - removed
    return sums.astype("<u2").tobytes()


def root(state: bytes) -> str:
    """The root of a bank in this state, in hexadecimal."""
    return hashlib.sha256(state).hexdigest()

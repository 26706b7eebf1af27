"""The Merkle tree of RFC 6962, section 2.1, built from left to right. Pure.

Of a tree that only grows, the frontier says all: the roots of its full subtrees, the largest first,
one for each bit that is set in the number of leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""


def leaf(data: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\0" + data).digest()


def grown(frontier: Sequence[bytes], size: int, added: bytes) -> list[bytes]:
    """The frontier of a tree of `size` leaves after the leaf hash `added`."""
    node, full = added, list(frontier)
    while size & 1:
        node = _parent(full.pop(), node)
        size >>= 1
    return [*full, node]


def root(frontier: Sequence[bytes]) -> bytes:
    """The tree's root."""
    if not frontier:
        return EMPTY
    *larger, node = frontier
    for left in reversed(larger):
        node = _parent(left, node)
    return node


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()

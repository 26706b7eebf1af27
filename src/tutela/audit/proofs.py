"""Proofs that an entry is in a signed log, RFC 6962, section 2.1.1. Pure.

Who has the entry, its proof and a checkpoint needs nothing else of the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Node:
    size: int
    hash: bytes
    wanted: list[int] = field(default_factory=list)


def paths(leaves: Iterable[bytes], wanted: Collection[int]) -> tuple[int, dict[int, list[bytes]]]:
    """How many leaves there are, and the audit path of each leaf that is wanted, by its index
    from 0. Leaves are read once, and kept by nobody."""
    found: dict[int, list[bytes]] = {}
    chosen = frozenset(wanted)
    nodes: list[_Node] = []
    count = 0
    for leaf in leaves:
        node = _Node(1, leaf)
        if count in chosen:
            found[count] = []
            node.wanted.append(count)
        count += 1
        while nodes and nodes[-1].size == node.size:
            node = _joined(nodes.pop(), node, found)
        nodes.append(node)
    while len(nodes) > 1:
        right = nodes.pop()
        nodes.append(_joined(nodes.pop(), right, found))
    return count, found


def rooted(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root of the tree of `size` leaves in which a leaf has this path; None if it cannot have
    it there (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for other in path:
        if not last:
            return None
        if at & 1 or at == last:
            found = _parent(other, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = _parent(found, other)
        at, last = at >> 1, last >> 1
    return None if last else found


def _joined(left: _Node, right: _Node, found: dict[int, list[bytes]]) -> _Node:
    for one in left.wanted:
        found[one].append(right.hash)
    for one in right.wanted:
        found[one].append(left.hash)
    return _Node(left.size + right.size, _parent(left.hash, right.hash), left.wanted + right.wanted)


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()

"""Proofs of inclusion, against the tree that checkpoints sign and against another program's."""

from __future__ import annotations

import pymerkle
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.audit import proofs, tree


def grown(leaves: list[bytes]) -> bytes:
    frontier: list[bytes] = []
    for count, leaf in enumerate(leaves):
        frontier = tree.grown(frontier, count, leaf)
    return tree.root(frontier)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70))
def test_each_leaf_leads_to_the_signed_root(size: int) -> None:
    """Whatever the size of the tree; and nowhere from another place or size."""
    leaves = [tree.leaf(bytes([number])) for number in range(size)]
    count, found = proofs.paths(leaves, range(size))
    assert count == size
    root = grown(leaves)
    for index, leaf in enumerate(leaves):
        path = found[index]
        assert proofs.rooted(leaf, index, size, path) == root
        assert proofs.rooted(leaf, (index + 1) % size, size, path) != root or size == 1
        assert proofs.rooted(leaf, index, size, [*path, leaf]) is None
        assert path == [] or proofs.rooted(leaf, index, size, path[:-1]) != root
    assert proofs.rooted(leaves[0], size, size, found[0]) is None


def test_another_program_makes_the_same_paths() -> None:
    """pymerkle, of the same standard."""
    other = pymerkle.InmemoryTree(algorithm="sha256")
    data = [f"entry {number}".encode() for number in range(13)]
    for one in data:
        other.append_entry(one)
    _, found = proofs.paths([tree.leaf(one) for one in data], [0, 6, 12])
    for index, path in found.items():
        theirs = other.prove_inclusion(index + 1, 13).path
        assert [one.hex() for one in path] == [bytes(one).hex() for one in theirs[1:]]

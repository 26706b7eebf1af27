"""What a segment finds is exactly what comparing with every hash finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.matching import kernels_numpy
from tutela.matching.layouts import FARTHEST, NEAR, SCANNED
from tutela.matching.ordered import distinct_hashes
from tutela.matching.segment import Segment


def uniform(rng, count):
    return rng.integers(0, 256, (count, 32), np.uint8)


def clustered(rng, count):
    """Many near copies of a few: buckets are long, and results many."""
    centres = uniform(rng, max(count // 50, 1))
    made = centres[rng.integers(0, len(centres), count)]
    return flipped(rng, made, 24)


def repeated(rng, count):
    return uniform(rng, max(count // 10, 1))[rng.integers(0, max(count // 10, 1), count)]


def degenerate(rng, count):
    """Nearly all words are zero: every hash is in the same few buckets."""
    made = np.zeros((count, 32), np.uint8)
    return flipped(rng, made, 6)


def flipped(rng, hashes, most):
    """Each with up to `most` bits turned."""
    bits = np.unpackbits(hashes, axis=1)
    for row in bits:
        row[rng.choice(256, rng.integers(0, most + 1), replace=False)] ^= 1
    return np.packbits(bits, axis=1)


def expected(hashes, queries, distance):
    apart = np.bitwise_count(queries[:, None, :] ^ hashes[None, :, :]).sum(axis=2)
    return {(int(q), int(e), int(apart[q, e])) for q, e in np.argwhere(apart <= distance)}


@pytest.mark.parametrize("layout", [NEAR, SCANNED])
@settings(max_examples=80, deadline=None)
@given(
    bank=st.sampled_from([uniform, clustered, repeated, degenerate]),
    count=st.integers(0, 3000),
    distance=st.integers(0, FARTHEST),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_search_equals_brute_force(layout, bank, count, distance, seed):
    rng = np.random.default_rng(seed)
    hashes = bank(rng, count)
    segment = Segment.of(hashes, layout)
    sources = [uniform(rng, 4)]
    if count:
        known = hashes[rng.integers(0, count, 12)]
        sources += [known[:2], flipped(rng, known[2:], min(distance + 2, 256))]
    queries = np.concatenate(sources)
    found = segment.search(queries, distance)
    assert len(found) == len({tuple(row) for row in found.tolist()}), "a pair was given twice"
    assert {tuple(row) for row in found.tolist()} == expected(segment.hashes, queries, distance)


@pytest.mark.parametrize("layout", [NEAR, SCANNED])
@pytest.mark.parametrize("distance", [0, 1, 15, 16, 30, 31, 32, 47, 64])
def test_the_farthest_that_counts_is_found_and_the_next_is_not(native, layout, distance):
    rng = np.random.default_rng(distance)
    query = uniform(rng, 1)
    near, far = query.repeat(300, 0), query.repeat(300, 0)
    for made, bits in ((near, distance), (far, distance + 1)):
        unpacked = np.unpackbits(made, axis=1)
        for row in unpacked:
            row[rng.choice(256, bits, replace=False)] ^= 1
        made[:] = np.packbits(unpacked, axis=1)
    segment = Segment.of(np.concatenate([near, far, uniform(rng, 2000)]), layout)
    assert len(segment.search(query, distance)) == len(distinct_hashes(near))


@pytest.mark.parametrize("layout", [NEAR, SCANNED])
def test_fifty_thousand_near_copies_are_all_found(layout):
    """No cap: a bucket may hold every hash there is."""
    rng = np.random.default_rng(5)
    centre = uniform(rng, 1)
    segment = Segment.of(flipped(rng, centre.repeat(50_000, 0), 15), layout)
    assert len(segment.search(centre, 31)) == segment.count > 40_000


def test_repeated_hashes_are_one_entry():
    rng = np.random.default_rng(6)
    hashes = uniform(rng, 100)
    segment = Segment.of(np.concatenate([hashes, hashes[::-1], hashes]))
    assert segment.count == 100
    assert (segment.hashes == distinct_hashes(hashes)).all()
    assert sorted(map(bytes, hashes)) == [bytes(h) for h in segment.hashes]


def test_every_processor_family_finds_the_same(native):
    rng = np.random.default_rng(7)
    segment = Segment.of(clustered(rng, 20_000))
    queries = flipped(rng, segment.hashes[::400].copy(), 40)
    best, answers = native.family(), []
    for family in ("baseline", "avx2", "avx512"):
        try:
            native.use(family)
        except ValueError:
            continue
        answers.append({tuple(r) for d in (9, 31, 50) for r in segment.search(queries, d).tolist()})
    native.use(best)
    slow = kernels_numpy.mih_compare(segment.hashes.copy(), queries, 50)
    assert all(answer == answers[0] for answer in answers)
    rows = np.frombuffer(slow, np.uint32).reshape(-1, 3).tolist()
    assert {tuple(r) for r in segment.search(queries, 50).tolist()} == {tuple(r) for r in rows}


def test_a_damaged_segment_is_an_error_never_a_crash(native):
    rng = np.random.default_rng(8)
    whole = Segment.of(uniform(rng, 5000))
    queries = whole.hashes[:50].copy()
    damaged = 0
    for seed in range(300):
        broken = whole.buffer.copy()
        chance = np.random.default_rng(seed)
        at = chance.integers(whole.count * 32, len(broken), 2000)
        broken[at] = chance.integers(0, 256, len(at))
        try:
            Segment(broken, whole.count).search(queries, 31)
        except ValueError:
            damaged += 1
    assert damaged > 250


def test_wrong_use_of_the_compiled_search_is_refused(native):
    segment = Segment.of(uniform(np.random.default_rng(9), 10))
    with pytest.raises(ValueError):
        native.mih_search(segment.buffer, 10, segment.hashes[0][:31].copy(), 31)
    with pytest.raises(ValueError):
        native.mih_search(segment.buffer[1:], 5, segment.hashes[0].copy(), 31)
    with pytest.raises((ValueError, OverflowError)):
        native.mih_build(np.zeros(64, np.uint8), 2**32 - 1)


@pytest.mark.parametrize("width", [16, 20, 32])
@pytest.mark.parametrize("shared", [0, 7, 8, 15])
def test_distinct_hashes_are_in_byte_order_also_where_they_begin_alike(shared, width):
    rng = np.random.default_rng(shared)
    hashes = uniform(rng, 2000)[:, :width].copy()
    hashes[:, :shared] = rng.integers(0, 2, (2000, 1), np.uint8)
    given_back = [bytes(h) for h in distinct_hashes(np.concatenate([hashes, hashes[:100]]))]
    assert given_back == sorted(set(map(bytes, hashes)))

"""Each layout finds what a dictionary of its values finds, and refuses what it cannot serve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.matching.layouts import FARTHEST, NEAR, SCANNED, Equal
from tutela.matching.segment import Segment

EQUAL = [Equal(width) for width in (1, 16, 20, 32)]
LAYOUTS = [NEAR, SCANNED, *EQUAL]
every = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)


def rows(values, width):
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, width)


def entries(segment):
    return [bytes(value) for value in segment.hashes]


def values_of(width):
    """Often alike but for one byte; often with zeros at the end, or nothing else."""
    shaped = st.builds(
        lambda start, at, byte: (start[:at] + bytes([byte])).ljust(width, b"\0")[:width],
        st.sampled_from([bytes(width), b"\xff" * width, bytes(range(100, 100 + width))]),
        st.integers(0, width),
        st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]),
    )
    return shaped | st.binary(min_size=width, max_size=width)


@every
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_equal_values_are_found_as_a_dictionary_finds_them(layout, data):
    value = values_of(layout.width)
    known = data.draw(st.lists(value, max_size=40))
    asked = data.draw(st.lists(value | st.sampled_from(known) if known else value, max_size=20))
    segment = Segment.of(rows(known, layout.width), layout)
    assert entries(segment) == sorted(set(known))
    oracle = {value: entry for entry, value in enumerate(sorted(set(known)))}
    expected = {(n, oracle[value], 0) for n, value in enumerate(asked) if value in oracle}
    found = segment.search(rows(asked, layout.width), 0)
    assert (found.dtype, found.shape) == (np.uint32, (len(expected), 3))
    assert {tuple(hit) for hit in found.tolist()} == expected


@settings(max_examples=150, deadline=None)
@given(
    known=st.lists(values_of(32), max_size=20),
    asked=st.lists(values_of(32), max_size=10),
    distance=st.integers(0, FARTHEST),
    data=st.data(),
)
def test_a_scan_finds_what_plain_python_finds(known, asked, distance, data):
    near = [int.from_bytes(value) ^ data.draw(st.integers(0, 2**40)) for value in known[:5]]
    asked = [*asked, *(value.to_bytes(32) for value in near)]
    segment = Segment.of(rows(known, 32), SCANNED)
    expected = {
        (number, entry, apart)
        for number, query in enumerate(asked)
        for entry, value in enumerate(sorted(set(known)))
        if (apart := (int.from_bytes(query) ^ int.from_bytes(value)).bit_count()) <= distance
    }
    found = segment.search(rows(asked, 32), distance).tolist()
    assert len(found) == len(expected)
    assert {tuple(hit) for hit in found} == expected


@pytest.mark.parametrize("layout", EQUAL, ids=lambda layout: layout.name)
def test_zeros_at_the_end_are_part_of_a_value(layout):
    """numpy takes them for padding; no value may be lost or taken for another by that."""
    width = layout.width
    alone = [bytes(n) + b"\1" + bytes(width - n - 1) for n in range(width)]
    segment = Segment.of(rows([*alone, bytes(width)], width), layout)
    assert entries(segment) == sorted([*alone, bytes(width)])
    asked = rows(entries(segment), width)
    assert segment.search(asked, 0).tolist() == [[n, n, 0] for n in range(width + 1)]
    for left_out in range(width + 1):
        others = Segment.of(np.delete(asked, left_out, 0), layout)
        assert others.count == width
        assert len(others.search(asked[left_out], 0)) == 0


@every
def test_many_values_are_found_and_their_neighbours_are_not(layout):
    rng = np.random.default_rng(layout.width)
    width = layout.width
    known = rng.integers(0, 256, (20_000, width), np.uint8)
    segment = Segment.of(np.concatenate([known[::2], known[::-2][:500], known[::2][:500]]), layout)
    there = set(map(bytes, known[::2])) | set(map(bytes, known[::-2][:500]))
    assert segment.count == len(there)
    asked = np.concatenate([known[:2000], known[:2000] ^ np.uint8(1)])
    found = segment.search(asked, 0).tolist()
    expected = [n for n, value in enumerate(asked) if bytes(value) in there]
    assert sorted(number for number, _, _ in found) == expected
    assert all((asked[number] == segment.hashes[entry]).all() for number, entry, _ in found)


@every
def test_nothing_is_found_in_nothing_and_by_nothing(layout):
    none = np.empty((0, layout.width), np.uint8)
    one = np.zeros((1, layout.width), np.uint8)
    assert Segment.of(none, layout).count == 0
    assert Segment.of(none, layout).search(one, layout.farthest).shape == (0, 3)
    assert Segment.of(one, layout).search(none, layout.farthest).shape == (0, 3)
    assert Segment.of(none, layout).search(none, layout.farthest).shape == (0, 3)


@every
def test_one_query_may_be_given_alone(layout):
    one = np.full((1, layout.width), 7, np.uint8)
    assert Segment.of(one, layout).search(one[0], 0).tolist() == [[0, 0, 0]]


@every
def test_a_buffer_may_be_larger_and_need_not_be_writable(layout):
    made = Segment.of(np.arange(40 * layout.width).astype(np.uint8).reshape(40, -1), layout)
    buffer = np.concatenate([made.buffer, np.full(4096, 255, np.uint8)])
    buffer.flags.writeable = False
    again = Segment(buffer, made.count, layout)
    assert entries(again) == entries(made)
    assert len(again.search(made.hashes, 0)) == made.count


@every
def test_wrong_use_is_refused(layout):
    width = layout.width
    segment = Segment.of(np.arange(width, dtype=np.uint8)[None], layout)
    for distance in (-1, layout.farthest + 1):
        with pytest.raises(ValueError, match="distance"):
            segment.search(segment.hashes, distance)
    for wrong in (
        np.zeros((1, width + 1), np.uint8),
        np.zeros((width, 2), np.uint8),
        np.zeros(width + 1, np.uint8),
        np.zeros((1, 1, width), np.uint8),
        np.zeros((1, width), np.int8),
        np.zeros((1, width), np.uint32),
    ):
        with pytest.raises(ValueError, match="shape"):
            segment.search(wrong, 0)
        with pytest.raises(ValueError, match="shape"):
            Segment.of(wrong, layout)
    for make in (Segment, Segment.built):
        with pytest.raises(ValueError, match="smaller"):
            make(segment.buffer, 1_000_000, layout)
        with pytest.raises(ValueError, match="smaller"):
            make(np.zeros(layout.size_of(5) - 1, np.uint8), 5, layout)


def test_names_are_distinct_and_fit_a_header():
    names = [layout.name for layout in LAYOUTS]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and len(name) <= 16 for name in names)
    assert Equal(20) == Equal(20)


@pytest.mark.parametrize("layout", [SCANNED, *EQUAL], ids=lambda layout: layout.name)
def test_values_alone_take_no_more_than_their_width(layout):
    assert layout.size_of(1000) == 1000 * layout.width

"""Everything within the distance is found, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutela.matching import Known
from tutela.signals import Signal
from tutela.signals.registry import signal_type

TYPES = [signal_type("pdq"), signal_type("md5")]
values = st.integers(0, 2**256 - 1)


@given(
    known=st.lists(values, max_size=20), query=values, distance=st.integers(0, 256), data=st.data()
)
def test_matches_are_those_within_the_distance(known, query, distance, data):
    near = [query ^ (1 << data.draw(st.integers(0, 255))) for _ in range(3)]
    bank = Known(TYPES)
    for owner, value in enumerate(known + near):
        bank.add(Signal("pdq", f"{value:064x}", 90), str(owner))
    found = bank.search([Signal("pdq", f"{query:064x}", 80, "mirrored")], distance)
    expected = {
        (str(owner), (value ^ query).bit_count())
        for owner, value in enumerate(known + near)
        if (value ^ query).bit_count() <= distance
    }
    assert {(m.owner, m.distance) for m in found} == expected
    assert [m.distance for m in found] == sorted(m.distance for m in found)
    assert all(m.signal.variant == "mirrored" and m.known.quality == 90 for m in found)


def test_exact_types_match_only_when_equal_whatever_the_distance():
    bank = Known(TYPES)
    bank.add(Signal("md5", "0" * 32), "a")
    assert len(bank.search([Signal("md5", "0" * 32)], 256)) == 1
    assert bank.search([Signal("md5", "0" * 31 + "1")], 256) == []


def test_what_is_added_after_a_search_is_found():
    bank = Known(TYPES)
    for n in range(3):
        bank.add(Signal("pdq", f"{n:064x}"), str(n))
        assert len(bank.search([Signal("pdq", "0" * 64)])) == n + 1

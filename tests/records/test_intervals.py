"""Wilson's interval against the equation that it solves, against a printed example, and how often
it holds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.records.intervals import Z95, needed, wilson

counts = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def score(p: float, k: int, n: int) -> float:
    """How many standard errors of `p` the share lies from it: the interval is where that is 1.96
    at most."""
    return (k / n - p) / math.sqrt(p * (1 - p) / n)


def root(k: int, n: int, inside: float, outside: float) -> float:
    """The end of the interval between a share within it and one without, by halving."""
    for _ in range(200):
        middle = (inside + outside) / 2
        if middle <= 0 or middle >= 1 or abs(score(middle, k, n)) > Z95:
            outside = middle
        else:
            inside = middle
    return inside


@given(counts)
def test_its_ends_are_where_the_score_is_just_at_the_limit(given_):
    k, n = given_
    found, share = wilson(k, n), k / n
    assert found is not None and found.share == share
    low = 0.0 if k == 0 else root(k, n, min(share, 1 - 1e-15), 0.0)
    high = 1.0 if k == n else root(k, n, max(share, 1e-15), 1.0)
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)


@given(counts)
def test_it_holds_the_share_and_is_a_mirror(given_):
    k, n = given_
    one, other = wilson(k, n), wilson(n - k, n)
    assert one is not None and other is not None
    assert 0 <= one.low <= one.share <= one.high <= 1
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)
    wider = wilson(k / 2, n / 2)
    assert wider is not None and wider.high - wider.low > one.high - one.low


def test_the_printed_example_of_newcombe():
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, method 3); 0 of 20: 0 to 0.1611."""
    found = wilson(81, 263)
    assert found is not None and (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    none = wilson(0, 20)
    assert none is not None and (none.low, round(none.high, 4)) == (0.0, 0.1611)


def test_of_nothing_there_is_none_and_what_cannot_be_is_refused():
    assert wilson(0, 0) is None
    for k, n in ((-1, 3), (4, 3), (math.nan, 3), (1, math.inf)):
        with pytest.raises(ValueError, match="some of the reviewed"):
            wilson(k, n)


@pytest.mark.parametrize("n", [30, 200, 1068])
def test_it_holds_the_truth_about_as_often_as_it_says(n):
    """By enumeration, not by chance: over shares from 0.5 to 0.99, at 95 % it holds the truth at
    92 % of draws at least wherever, and at 95 % on the mean, less a half."""
    held = []
    for step in range(50):
        p = 0.5 + step / 100
        ways = [math.exp(
            math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
            + k * math.log(p) + (n - k) * math.log(1 - p)
        ) for k in range(n + 1)]  # fmt: skip
        within = [wilson(k, n) for k in range(n + 1)]
        held.append(sum(w for w, one in zip(ways, within, strict=True)
                        if one is not None and one.low <= p <= one.high))  # fmt: skip
    assert min(held) > 0.92 and sum(held) / len(held) > 0.945


@given(st.integers(0, 200_000), st.integers(1, 50))
def test_what_is_needed_suffices_and_no_less_does(expected, margin):
    count = needed(expected, margin / 100)
    assert 0 <= count <= expected
    if 1 < count < expected:

        def half(n: int) -> float:
            return Z95 * math.sqrt(0.25 / n * (expected - n) / (expected - 1))

        assert half(count) <= margin / 100 * (1 + 1e-9)
        assert half(count - 1) > margin / 100 * (1 - 1e-6)


def test_of_endlessly_many_1068_are_needed_for_three_points():
    assert needed(10**9, 0.03) == 1068
    assert needed(10, 0.03) == 10 and needed(0, 0.03) == 0
    with pytest.raises(ValueError, match="margin"):
        needed(10, 0.0)

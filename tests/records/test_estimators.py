"""What a sample says of all: right on the average over every sample there is, and never a plain
mean."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.records.estimators import Drawn, agreement, pooled, total
from tutela.records.intervals import wilson


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 1), st.booleans()), min_size=1, max_size=9))
def test_the_total_is_right_on_the_average_over_all_samples(population):
    """Every subset of a small population with its probability: by enumeration, no chance in it."""
    mean = weight = 0.0
    for taken in itertools.product((True, False), repeat=len(population)):
        chance, parts = 1.0, []
        for (p, confirmed), drawn in zip(population, taken, strict=True):
            chance *= p if drawn else 1 - p
            if drawn:
                parts.append(Drawn(p, 1, int(confirmed), int(not confirmed)))
        mean += chance * total(parts)
        weight += chance * sum(one.drawn / one.probability for one in parts)
    assert mean == pytest.approx(sum(confirmed for _, confirmed in population))
    assert weight == pytest.approx(len(population))


def test_it_is_weighted_and_no_plain_mean():
    parts = [Drawn(1.0, 100, 50, 50), Drawn(0.1, 90, 90, 0)]
    found = pooled(parts)
    assert found.precision is not None
    assert found.precision.share == pytest.approx((50 + 900) / (100 + 900))
    assert found.confirmed_of_all == pytest.approx(950)
    plain = wilson(140, 190)
    assert plain is not None and found.precision.share > plain.high


def test_with_one_weight_it_is_wilson_s_own():
    found, own = pooled([Drawn(0.25, 200, 180, 20)]), wilson(180, 200)
    assert found.precision is not None and own is not None
    assert found.precision.low == pytest.approx(own.low)
    assert found.precision.high == pytest.approx(own.high)


def test_while_something_is_open_there_are_bounds_and_no_precision():
    found = pooled([Drawn(1.0, 10, 6, 2), Drawn(0.5, 10, 10, 0)])
    assert found.precision is None and found.confirmed_of_all is None
    assert "2 are not decided" in found.why_not
    worst = pooled([Drawn(1.0, 10, 6, 4), Drawn(0.5, 10, 10, 0)]).precision
    best = pooled([Drawn(1.0, 10, 8, 2), Drawn(0.5, 10, 10, 0)]).precision
    assert worst is not None and best is not None
    assert (found.lowest, found.highest) == (
        pytest.approx(worst.low), pytest.approx(best.high),
    )  # fmt: skip


def test_of_nothing_drawn_nothing_is_said():
    for of in ([], [Drawn(0.5, 0, 0, 0)]):
        found = pooled(of)
        assert found.precision is None and found.lowest is None and found.why_not


@pytest.mark.parametrize("bad", [(0.0, 1, 0, 0), (1.1, 1, 0, 0), (0.5, 1, 1, 1), (0.5, 1, -1, 0)])
def test_what_cannot_be_is_refused(bad):
    with pytest.raises(ValueError, match="drawn"):
        Drawn(*bad)


def test_the_interval_holds_the_truth_in_simulated_designs():
    """2 000 samples of a fixed seed: two strata, of which the one that is drawn rarely is better.
    A plain mean misses nearly always; the weighted interval holds at 93 % at least."""
    dice = random.Random(8)
    strata = [(1.0, 300, 0.70), (0.1, 6000, 0.95)]
    truth = sum(n * share for _, n, share in strata) / sum(n for _, n, _ in strata)
    held = plain = 0
    for _ in range(2000):
        parts = []
        for p, n, share in strata:
            drawn = n if p == 1 else _binomial(dice, n, p)
            confirmed = _binomial(dice, drawn, share)
            parts.append(Drawn(p, drawn, confirmed, drawn - confirmed))
        found = pooled(parts).precision
        mean = wilson(sum(one.confirmed for one in parts), sum(one.drawn for one in parts))
        assert found is not None and mean is not None
        held += found.low <= truth <= found.high
        plain += mean.low <= truth <= mean.high
    assert held / 2000 >= 0.93 and plain / 2000 < 0.05


def _binomial(dice: random.Random, n: int, p: float) -> int:
    """Near enough: the normal, rounded."""
    return min(n, max(0, round(dice.gauss(n * p, (n * p * (1 - p)) ** 0.5))))


def test_kappa_of_the_usual_example():
    """20 both yes, 15 both no, 5 and 10 apart: agreed 0.70, kappa 0.40 (Cohen's own formula)."""
    pairs = (
        [("yes", "yes")] * 20 + [("no", "no")] * 15 + [("yes", "no")] * 5 + [("no", "yes")] * 10
    )  # fmt: skip
    count, share, kappa = agreement(pairs)
    assert count == 50 and share == pytest.approx(0.7) and kappa == pytest.approx(0.4)


def test_kappa_is_not_told_where_chance_explains_all():
    assert agreement([]) == (0, None, None)
    assert agreement([("yes", "yes")] * 9) == (9, 1.0, None)
    assert agreement([("yes", "no"), ("no", "yes")]) == (2, 0.0, pytest.approx(-1.0))

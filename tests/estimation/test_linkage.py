"""Errors of linkage are in the estimate and its limits."""

from __future__ import annotations

import numpy as np
import pytest

from tutela.estimation import selecting
from tutela.estimation.linkage import Link, carried
from tutela.estimation.models import design

LISTS = ("A", "B", "C")


def made(probability: float) -> tuple[list[int], list[Link]]:
    """2 000 people, on three independent lists; a link between the records of each person."""
    random = np.random.default_rng(3)
    on = random.random((2_000, 3)) < (0.3, 0.25, 0.2)
    records, links = [], []
    for person in on:
        first = len(records)
        records += [int(i) for i in np.flatnonzero(person)]
        links += [Link(first + i, first + i + 1, probability) for i in range(person.sum() - 1)]
    return records, links


def test_certain_links_give_the_estimate_of_their_table():
    found = carried(LISTS, *made(1.0), draws=20)
    table = found.likely.table
    plain = table.sum() + selecting.stepwise(design(3, 2), table[None]).unseen[0]
    assert found.people == pytest.approx(plain)
    assert found.linkage.low == pytest.approx(found.linkage.high)
    assert found.both.low < found.people < found.both.high


def test_links_that_may_be_missed_make_it_larger_and_wider():
    sure, unsure = (carried(LISTS, *made(p), draws=200) for p in (1.0, 0.8))
    assert 1.15 < unsure.people / sure.people < 1.4  # in simulations, 26 % with a fifth missed
    assert unsure.linkage.high - unsure.linkage.low > 50
    assert unsure.both.high - unsure.both.low > unsure.linkage.high - unsure.linkage.low


def test_false_links_make_it_smaller():
    records, links = made(1.0)
    false = [Link(i, (i * 7 + 11) % len(records), 0.02) for i in range(len(records))]
    without, with_ = carried(LISTS, records, links, draws=50), carried(
        LISTS, records, [*links, *false], draws=50
    )  # fmt: skip
    assert with_.people < without.people * 0.97


def test_the_same_seed_draws_the_same():
    one, two = (carried(LISTS, *made(0.7), draws=30, seed=4) for _ in range(2))
    other = carried(LISTS, *made(0.7), draws=30, seed=5)
    assert one == two and one.people != other.people

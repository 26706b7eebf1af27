"""What someone gave one of the worst grades is known as such to whoever is asked to look at it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from decisions.bench import Bench, seeds
from tutela.banks.models import BankedSignal
from tutela.views import grading

WORST = {"band": "A", "rank": "1"}


def is_worst(bench: Bench, item: str) -> bool:
    with bench.database.reading() as session:
        return grading.is_worst(session, item)


@pytest.mark.parametrize("conclusion", ["escalated", "cannot-tell", "confirmed"])
def test_a_worst_grade_counts_whatever_was_concluded_and_after_it_is_taken_back(
    bench: Bench, conclusion: str
):
    item = bench.matched()
    (one,) = bench.decide(item, conclusion, given=WORST)
    assert is_worst(bench, item)
    bench.undo(one.id)
    assert is_worst(bench, item)


def test_other_grades_and_none_do_not(bench: Bench):
    item, other = bench.matched(), bench.matched()
    bench.decide(item, "escalated", given={"band": "A", "rank": "2"})
    bench.decide(other, "escalated")
    assert not is_worst(bench, item) and not is_worst(bench, other)


def test_copies_of_the_same_file_count_too(bench: Bench):
    data = bench.known()
    first, other = (bench.upload(data, f"copy-{next(seeds)}") for _ in range(2))
    bench.take(first)
    bench.decide(first, "escalated", given=WORST)
    assert is_worst(bench, other) and not is_worst(bench, bench.matched())


def test_the_next_copy_of_what_was_confirmed_says_so_by_its_match(bench: Bench):
    data = bench.known()
    item = bench.upload(data, f"rider-{next(seeds)}")
    bench.take(item)
    (one,) = bench.decide(item, "confirmed", given=WORST)
    bench.office.running.index.make_ready()
    again = bench.upload(data, f"rider-{next(seeds)}")
    assert is_worst(bench, again)
    with bench.database.reading() as session:
        labels = select(BankedSignal.labels).where(BankedSignal.external_id == one.id)
        assert set(session.scalars(labels)) == {"A1"}

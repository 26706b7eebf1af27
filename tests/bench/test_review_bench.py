"""The benchmark of review measures what it says, with few cases. No timing."""

from __future__ import annotations

from bench import databases, review


def test_pages_come_and_no_case_is_given_twice():
    here = [engine for engine in databases.ENGINES if not databases.missing(engine)]
    records = {record.name: record for record in review.measured(600, takes=40, runs=2)}
    assert sum(name.endswith("next case") for name in records) == len(here)
    once = [one.same_answer for name, one in records.items() if name.endswith("takes at once")]
    assert once == [True] * len(here)
    assert all(one.ours > 0 for name, one in records.items() if len(name.split()) > 1)

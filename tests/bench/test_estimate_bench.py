"""The benchmark of estimates measures what it says, with few resamples. No timing."""

from __future__ import annotations

from bench import estimate


def test_each_procedure_and_number_of_lists_has_a_row():
    records = list(estimate.measured(100, (3, 8), runs=1))
    assert [record.name.split(",")[0] for record in records] == [
        "UK five lists", "UK five lists", "3 lists", "8 lists",
    ]  # fmt: skip
    assert records[0].same_answer is True and all(one.ours > 0 for one in records)


def test_more_lists_are_more_lists():
    assert [len(estimate.made(t).lists) for t in (3, 8)] == [3, 8]

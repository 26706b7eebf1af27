"""The benchmark of reports measures what it says, with few reports. No timing."""

from __future__ import annotations

import pytest

from bench import databases, report


def test_papers_are_made_and_are_well():
    """Each is another, and none is refused by the schema."""
    record = report.made(3)
    assert record.same_answer is None and record.ours > 0


@pytest.mark.soak
def test_what_waits_is_filed_once():
    """By a real service, on each database that is here."""
    for engine in databases.ENGINES:
        if not databases.missing(engine):
            record = report.drained(engine, 5)
            assert record.same_answer is True and record.more["filed"] == 5

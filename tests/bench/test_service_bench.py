"""The benchmark of the service measures what it says, on a small bank. No timing."""

from __future__ import annotations

import shutil

from conftest import missing

from bench import service


def test_uploads_and_lookups_are_answered_as_they_should_be(photos, monkeypatch):
    if shutil.which("wrk") is None:
        missing("wrk", "wrk is not installed")
    monkeypatch.setattr(service, "FILES", 10)
    records = {record.name: record for record in service.measured(500, seconds=1, runs=1)}
    rates = [records["service/uploads"], records["service/lookups"]]
    assert all(record.same_answer is True and record.ours > 0 for record in rates)
    assert len(records) == 5 and records["service/memory"].ours > 50

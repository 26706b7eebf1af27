"""The benchmark of the clamd door measures what it says, on a small bank. No timing."""

from __future__ import annotations

from bench import clamd, service


def test_files_are_answered_as_they_should_be(photos, monkeypatch):
    monkeypatch.setattr(service, "FILES", 10)
    (record,) = clamd.measured(500, seconds=1, runs=1)
    assert record.name == "clamd/files" and record.same_answer is True and record.ours > 0

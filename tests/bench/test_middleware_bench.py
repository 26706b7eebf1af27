"""The benchmark of the middleware measures what it says, on a small bank. No timing."""

from __future__ import annotations

from bench import middleware, service


def test_uploads_are_answered_as_they_should_be(photos, monkeypatch):
    monkeypatch.setattr(service, "FILES", 6)
    (record,) = middleware.measured(500, rounds=1)
    assert record.name == "middleware/added" and record.same_answer is True and record.ours > 0

"""The benchmark of HMA's routes measures what it says, on a small bank. No timing."""

from __future__ import annotations

import shutil

import pytest

from bench import hma, service


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_both_ways_to_ask_get_the_same_answers(photos, monkeypatch):
    monkeypatch.setattr(service, "FILES", 10)
    for record in hma.measured(500, seconds=1, runs=1):
        assert record.name in ("hma/lookups", "hma/uploads")
        assert record.same_answer is True and record.ours > 0 and record.peer

"""Clocks: a file is kept while one of them runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from evidence.test_keeping import HOUR, kept
from tutela import evidence
from tutela.evidence import clocks
from tutela.evidence.errors import NoSuchEvidence
from tutela.evidence.models import File


def test_a_clock_runs_until_its_last_moment_or_until_it_is_ended(database, sealer):
    """At the last moment it no longer does; to end it again ends nothing."""
    file = kept(database, sealer)
    with database.writing() as session:
        now = database.now()
        clocks.start(session, now, file.id, "receipt", "rpt_1", "a law", now + HOUR)
        clocks.start(session, now, file.id, "draft", "rpt_1", "", None)
        assert [one.kind for one in clocks.running(session, now, file.id)] == ["receipt", "draft"]
        (left,) = clocks.running(session, now + HOUR, file.id)
        assert left.kind == "draft"
        assert clocks.end(session, now + HOUR, "draft", "rpt_1") == 1
        assert clocks.end(session, now + HOUR, "draft", "rpt_1") == 0
        assert clocks.running(session, now + HOUR, file.id) == []
        assert len(clocks.listed(session, [file.id])) == 2


def test_the_same_clock_started_again_only_runs_longer(database, sealer):
    """Never shorter, and one without an end has none."""
    file = kept(database, sealer)
    with database.writing() as session:
        now = database.now()
        for given, until in (
            (now + 2 * HOUR, now + 2 * HOUR), (now + HOUR, now + 2 * HOUR), (None, None),
            (now + HOUR, None),
        ):  # fmt: skip
            clock = clocks.start(session, now, file.id, "request", "prq_1", "", given)
            assert clock is not None and clock.until == until
        assert len(clocks.listed(session, [file.id])) == 1


def test_clocks_of_one_file_can_be_ended_alone(database, sealer):
    """Those of the same subject on other files run on."""
    one, two = kept(database, sealer), kept(database, sealer)
    with database.writing() as session:
        now = database.now()
        for file in (one, two):
            clocks.start(session, now, file.id, "receipt", "rpt_1", "", None)
        assert clocks.end(session, now, "receipt", "rpt_1", one.id) == 1
        free = session.scalars(select(File.id).where(clocks.free(File.id, now))).all()
        assert free == [one.id]


def test_no_clock_starts_on_what_is_gone_or_never_was(database, sealer, store, monkeypatch):
    """Who starts one is told."""
    file = kept(database, sealer, HOUR)
    then = database.now() + HOUR
    monkeypatch.setattr(database, "now", lambda: then)
    evidence.purge(database, store)
    with database.writing() as session:
        assert clocks.start(session, then, file.id, "hold", "prq_1", "", None) is None
        with pytest.raises(NoSuchEvidence):
            clocks.start(session, then, "ev_none", "hold", "prq_1", "", None)


def test_a_clock_that_begins_while_a_purge_waits_saves_the_file(
    database, sealer, store, monkeypatch
):
    """Rows are locked first and clocks looked at then: on Postgres, the purge waits for who starts
    one and sees it; on SQLite one of them begins after the other."""
    import threading

    file = kept(database, sealer, HOUR)
    then = database.now() + timedelta(hours=2)
    monkeypatch.setattr(database, "now", lambda: then)
    done: list[int] = []
    purging = threading.Thread(target=lambda: done.append(evidence.purge(database, store)))
    with database.writing() as session:
        clocks.start(session, then, file.id, "hold", "prq_1", "", None)
        purging.start()
        purging.join(0.5)
        assert purging.is_alive(), "it waits for the row"
    purging.join(30)
    assert done == [0] and store.exists(file.name)

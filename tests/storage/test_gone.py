"""A database that goes while it is written to: an error that says so, never the driver's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tutela.screening.models import Count
from tutela.storage import Database, bulk, schema
from tutela.storage.errors import StorageError


def test_a_connection_that_is_cut_in_a_copy(database):
    if database.is_sqlite:
        pytest.skip("SQLite has no connection to cut")

    def rows(backend: int) -> Iterator[tuple]:
        yield database.now(), "allow", "public", 1
        with database.reading() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
        for number in range(100_000):
            yield database.now(), "allow", f"channel-{number}", 1

    columns = ("hour", "outcome", "channel", "count")
    with pytest.raises(StorageError), database.writing() as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
        bulk.upsert(session, Count.__table__, columns, rows(backend), "ON CONFLICT DO NOTHING")


def test_a_file_that_was_moved_or_replaced_is_not_written_to(tmp_path: Path):
    path, away = tmp_path / "tutela.db", tmp_path / "away.db"
    with Database(f"sqlite:///{path}") as opened:
        schema.upgrade(opened)
        insert = text(
            "INSERT INTO events_event (kind, subject, at, facts) VALUES ('k', '', '', '')"
        )
        with opened.writing() as session:
            session.execute(insert)
        path.rename(away)
        for begin in (opened.reading, opened.writing):
            with pytest.raises(StorageError, match="cannot be read"), begin() as session:
                session.execute(text("SELECT 1"))
        assert not path.exists()
        with Database(f"sqlite:///{path}") as other:
            schema.upgrade(other)
        with opened.writing() as session:
            session.execute(insert)
        with opened.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM events_event")) == 1

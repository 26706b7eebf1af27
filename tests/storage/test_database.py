"""One database behind one URL: times, transactions, and errors that say what to do."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text

from tutela.banks.models import Clock, Removal
from tutela.people.models import Key
from tutela.storage import Database, StorageError, schema
from tutela.storage.errors import Busy, NotSetUp


def test_times_are_aware_and_in_utc(database):
    east = datetime(2026, 11, 24, 15, 30, tzinfo=timezone(timedelta(hours=5)))
    with database.writing() as session:
        session.add(Key(name="k", digest=b"d", scopes="admin", made_by="", created_at=east))
    with database.reading() as session:
        found = session.query(Key).one().created_at
    assert found == east and found.tzinfo is UTC and found.hour == 10
    with pytest.raises(Exception, match="without a zone"), database.writing() as session:
        session.add(
            Key(name="n", digest=b"n", scopes="", made_by="", created_at=datetime(2026, 1, 1))
        )


def test_who_reads_cannot_write(database):
    with pytest.raises(StorageError), database.reading() as session:
        session.execute(text("UPDATE banks_clock SET number = 7"))


def test_who_reads_sees_one_state(database):
    with database.reading() as session:
        before = session.query(Clock).one().number
        with database.writing() as other:
            other.execute(text("UPDATE banks_clock SET number = 7"))
        session.expire_all()
        assert session.query(Clock).one().number == before


def test_no_update_is_lost_between_reading_and_writing(database):
    def count(_: int) -> None:
        for _ in range(20):
            with database.writing() as session:
                clock = session.query(Clock).with_for_update().one()
                clock.number += 1

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(4)))
    with database.reading() as session:
        assert session.query(Clock).one().number == 80


def test_an_error_undoes_the_whole_transaction(database):
    with pytest.raises(RuntimeError), database.writing() as session:
        session.add(Removal(number=1, type="pdq", value=b"x"))
        session.flush()
        raise RuntimeError
    with database.reading() as session:
        assert not session.query(Removal).all()


def test_sqlite_outlives_a_power_failure_and_is_its_owners_alone(tmp_path):
    with Database.in_folder(tmp_path / "data") as database:
        schema.upgrade(database)
        with database.writing() as session:
            assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert session.execute(text("PRAGMA synchronous")).scalar() == 2
        path = tmp_path / "data" / "tutela.db"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nothing",
        "mysql://x/y",
        "sqlite://",
        "postgresql",
        "sqlite:///",
        "://",
        "sqlite:///:memory:",
        "postgresql://host:port/x",
    ],
)
def test_what_is_no_database_says_what_to_write(url):
    with pytest.raises(StorageError, match="postgresql://user@host/name"):
        Database(url)


def test_a_server_that_does_not_answer_is_named_without_its_password():
    with Database("postgresql://ann:bicycle@127.0.0.1:9/x") as database:
        assert "bicycle" not in database.name
        with pytest.raises(StorageError, match="See that it runs") as error:
            schema.require(database)
        assert "bicycle" not in str(error.value)


def test_a_file_that_is_no_database_or_is_not_there_says_so(tmp_path):
    with Database(f"sqlite:///{tmp_path}/no.db") as database:
        with pytest.raises(NotSetUp, match="tutela init"):
            schema.require(database)
        assert not Path(tmp_path, "no.db").exists()
    Path(tmp_path, "odd.db").write_text("weather" * 1000)
    with (
        Database(f"sqlite:///{tmp_path}/odd.db") as database,
        pytest.raises(StorageError, match="last backup"),
    ):
        schema.require(database)


def test_a_writer_that_waited_long_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("tutela.storage.database.PATIENCE", 0.1)
    url = f"sqlite:///{tmp_path}/t.db"
    with Database(url) as one, Database(url) as two:
        schema.upgrade(one)
        with one.writing() as first:
            first.execute(text("SELECT 1"))
            with (
                pytest.raises(StorageError, match="writing for long"),
                two.writing() as second,
            ):
                second.execute(text("SELECT 1"))


def test_who_waited_too_long_for_another_is_told_that_it_can_be_tried_again(database, monkeypatch):
    """On SQLite: one writes, so that the other cannot begin. On Postgres: all connections of the
    pool are lent."""
    monkeypatch.setattr("tutela.storage.database.PATIENCE", 0.05)
    url = database.url.render_as_string(hide_password=False)
    with Database(url) as other, ExitStack() as lent:
        if other.is_sqlite:
            lent.enter_context(database.writing()).execute(text("SELECT 1"))
        else:
            other.engine.pool._timeout = 0.05
            for _ in range(15):
                lent.enter_context(other.writing()).execute(text("SELECT 1"))
        with pytest.raises(Busy), other.writing() as session:
            session.execute(text("SELECT 1"))
    with Database(url) as other, other.writing() as session:
        assert session.scalar(text("SELECT 1")) == 1

"""One database behind one URL: sessions that read, sessions that write.

SQLite: WAL, `synchronous=FULL`, and every writing transaction takes the write lock when it begins:
read-then-write in the default mode loses updates. Readers have an engine of their own, since they
would take that lock too.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from tutela.storage.errors import NotSetUp, StorageError, explained
from tutela.storage.models import utc_now

__all__ = ["Database", "Session"]

PATIENCE = 30
"""Seconds that a writer waits for another: an import commits every second or so."""

PAGES_KIB = 64 * 1024
"""Memory for pages of a SQLite connection that writes: an import touches indices in no order."""

LOG_PAGES = 16_384
"""Pages of SQLite's log, 64 MiB, before they are copied to their places: a page that an import
writes again and again is copied once. With SQLite's own 1000, all of it is written twice."""

READ_PAGES_KIB = 4 * 1024
"""The same of one that only reads: every process has several, and the system holds the file too."""


class Database:
    """Opens sessions on one database. Not for use across a fork; `close` ends its connections."""

    def __init__(self, url: str, now: Callable[[], datetime] = utc_now) -> None:
        self.url = parsed(url)
        self.now = now
        self.info: dict[str, Any] = {}
        """What every session carries as `Session.info`."""
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writing = self._engine(writing=True)
        self._reading = self._engine(writing=False)

    @classmethod
    def in_folder(cls, folder: Path, now: Callable[[], datetime] = utc_now) -> Database:
        """The SQLite database of a data directory."""
        return cls(URL.create("sqlite", database=str(folder / "tutela.db")).render_as_string(), now)

    @property
    def name(self) -> str:
        """What to call it in messages: never with a password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed when the block ends, and rolled back if it raises.

        Raises `StorageError` if the database fails.
        """
        with (
            explained(self.name),
            Session(self._writing, expire_on_commit=False, info=self.info) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one state of the database, which cannot write.

        Raises `StorageError` if the database fails.
        """
        with (
            explained(self.name),
            Session(self._reading, expire_on_commit=False, info=self.info) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        self._writing.dispose()
        self._reading.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _engine(self, *, writing: bool) -> Engine:
        if not self.is_sqlite:
            return create_engine(
                self.url,
                isolation_level="READ COMMITTED" if writing else "REPEATABLE READ",
                execution_options={"postgresql_readonly": not writing},
                pool_pre_ping=True,
                connect_args={"connect_timeout": 10, "application_name": "tutela"},
            )
        engine = create_engine(self.url, connect_args={"timeout": PATIENCE})
        event.listen(engine, "do_connect", self._require_some_file)
        event.listen(engine, "connect", _prepare_writer if writing else _prepare_reader)
        event.listen(engine, "connect", lambda _, held: held.info.update(file=self._file()))
        event.listen(engine, "checkout", self._require_same_file)
        begin = "BEGIN IMMEDIATE" if writing else "BEGIN"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    def _file(self) -> tuple[int, int]:
        """Which file the path leads to. Raises `StorageError` if to none: to open it would make an
        empty one."""
        try:
            found = os.stat(self.url.database or "")  # noqa: PTH116 - each time one is lent
        except OSError as error:
            raise StorageError(
                f"The database {self.name} cannot be read: {error.strerror}.",
                "Restore the file, or run: tutela init",
            ) from None
        return found.st_dev, found.st_ino

    def _require_some_file(self, *_: Any) -> None:
        self._file()

    def _require_same_file(self, _: Any, held: ConnectionPoolEntry, __: Any) -> None:
        """What was moved away or replaced is not written to any more: that would be lost."""
        if held.info["file"] != self._file():
            raise DisconnectionError

    @property
    def engine(self) -> Engine:
        """The engine that writes, for migrations."""
        return self._writing

    def make_folder(self) -> None:
        """Make the folder and the file of a SQLite database, readable by this user only."""
        if not self.is_sqlite or not self.url.database:
            return
        path = Path(self.url.database)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise StorageError(
                f"The database {path} could not be made: {error.strerror}.",
                "Choose a folder that the service's user may write to (setting data).",
            ) from error

    def require_file(self) -> None:
        """Raises `NotSetUp` if there is no SQLite file: opening it would make an empty one."""
        if self.is_sqlite and self.url.database and not Path(self.url.database).exists():
            raise NotSetUp(f"There is no database {self.url.database}.", "Run: tutela init")


def parsed(text: str) -> URL:
    """The URL, with the driver that Tutela uses. Raises `StorageError`."""
    what = "The setting database_url is not the URL of a database."
    hint = "Write sqlite:////folder/tutela.db or postgresql://user@host/name."
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StorageError(what, hint) from None
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite")
    if backend == "postgresql":
        try:
            import psycopg  # noqa: F401 - only whether it is there
        except ImportError as error:
            raise StorageError(
                "Postgres needs a package that is not installed.", "Install tutela[postgres]."
            ) from error
        return url.set(drivername="postgresql+psycopg")
    raise StorageError(what, hint)


def _prepare(connection: sqlite3.Connection) -> sqlite3.Cursor:
    connection.isolation_level = None  # transactions begin where we say so
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA trusted_schema=OFF")
    cursor.execute(f"PRAGMA cache_size=-{PAGES_KIB}")
    return cursor


def _prepare_writer(connection: sqlite3.Connection, _: Any) -> None:
    cursor = _prepare(connection)
    cursor.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    cursor.close()


def _prepare_reader(connection: sqlite3.Connection, _: Any) -> None:
    cursor = _prepare(connection)
    cursor.execute(f"PRAGMA cache_size=-{READ_PAGES_KIB}")
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()

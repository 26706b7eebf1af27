"""Databases for tests, with the tables of this version: made once, and then copied or emptied."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

from tutela.storage import Database, schema

if TYPE_CHECKING:
    import psycopg

POSTGRES = os.environ.get("TUTELA_POSTGRES", "postgresql://127.0.0.1:5432/test")
"""A database of a Postgres where databases may be made; each test has one of its own."""

SHAPE = """
SELECT md5(string_agg(part, '|' ORDER BY part)) FROM (
    SELECT concat_ws(' ', 'class', oid, relname, relkind) FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT concat_ws(' ', 'column', attrelid, attname, atttypid, attnotnull, atthasdef)
        FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0
    UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat_ws(' ', 'function', oid, prosrc) FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT concat_ws(' ', 'constraint', oid, convalidated) FROM pg_constraint
    UNION ALL SELECT concat_ws(' ', 'schema', oid, nspname) FROM pg_namespace WHERE oid >= 16384
        AND nspname !~ '^pg_'
) AS parts(part)
"""
"""What differs once a test has changed more than rows; 16384 is the first number not of Postgres
itself (FirstNormalObjectId)."""

OTHERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@cache
def _template() -> tuple[Path, TemporaryDirectory[str]]:
    """A SQLite database to copy, and the folder that ends with this process."""
    folder = TemporaryDirectory(prefix="tutela-template-")
    with Database.in_folder(Path(folder.name)) as database:
        schema.upgrade(database)
    return Path(folder.name) / "tutela.db", folder


def sqlite(path: Path) -> str:
    """The URL of a new database with tables in a file."""
    shutil.copy(_template()[0], path)
    return f"sqlite:///{path}"


class Prepared:
    """A Postgres database with tables, that can be as new again."""

    def __init__(self) -> None:
        import psycopg

        self.name = f"tutela_test_{uuid4().hex}"
        self.url = POSTGRES.rsplit("/", 1)[0] + f"/{self.name}"
        with _admin() as admin:
            admin.execute(f"CREATE DATABASE {self.name}")
        with Database(self.url) as database:
            schema.upgrade(database)
        with psycopg.connect(self.url, autocommit=True) as held:
            self.shape = _one(held, SHAPE)
            tables = held.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            self.rows = {
                name: _one(held, f"SELECT json_agg(held)::text FROM {name} AS held")
                for (name,) in tables.fetchall()
            }

    def emptied(self) -> bool:
        """Take out what a test put in; no, if it changed more than rows or still holds it open."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as held:
            for _ in range(50):  # a connection that was closed takes a moment to be gone
                if not _one(held, OTHERS):
                    break
                time.sleep(0.01)
            else:
                return False
            if _one(held, SHAPE) != self.shape:
                return False
            with held.transaction():
                # no trigger that keeps rows, no foreign key that wants an order
                held.execute("SET LOCAL session_replication_role = replica")
                held.execute(";".join(f"DELETE FROM {name}" for name in self.rows))
                for name, rows in self.rows.items():
                    if rows is not None:
                        held.execute(
                            f"INSERT INTO {name} OVERRIDING SYSTEM VALUE"
                            f" SELECT * FROM json_populate_recordset(NULL::{name}, %s::json)",
                            [rows],
                        )
                held.execute("SELECT setval(seqrelid, seqstart, false) FROM pg_sequence")
        return True

    def drop(self) -> None:
        with _admin() as admin:
            admin.execute(f"DROP DATABASE {self.name} WITH (FORCE)")


_FREE: list[Prepared] = []


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a Postgres database with tables, as new."""
    prepared = _FREE.pop() if _FREE else Prepared()
    kept = False
    try:
        yield prepared.url
        kept = _may_empty() and prepared.emptied()
    finally:
        if kept:
            _FREE.append(prepared)
        else:
            prepared.drop()


@contextmanager
def empty_postgres() -> Iterator[str]:
    """A new Postgres database without tables, dropped when the block ends."""
    name = f"tutela_test_{uuid4().hex}"
    with _admin() as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def drop_all() -> None:
    """End what was kept for further tests."""
    while _FREE:
        _FREE.pop().drop()


@cache
def why_no_postgres() -> str:
    """Why there is no Postgres here, or nothing."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed: it needs tutela[postgres]"
    import psycopg

    try:
        _admin().close()
    except psycopg.OperationalError:
        return f"no Postgres answers at {POSTGRES} (TUTELA_POSTGRES)"
    return ""


def _admin() -> psycopg.Connection[tuple[object, ...]]:
    import psycopg

    return psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)


@cache
def _may_empty() -> bool:
    """Only a superuser may say which triggers fire."""
    with _admin() as admin:
        return _one(admin, "SELECT current_setting('is_superuser')") == "on"


def _one(held: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    row = held.execute(query).fetchone()
    assert row is not None
    return row[0]

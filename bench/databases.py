"""Empty databases to measure on: a SQLite file, and a Postgres where one answers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg

from tutela.banks.made_picture import ensure
from tutela.storage import Database, schema

POSTGRES = os.environ.get("TUTELA_POSTGRES", "postgresql://127.0.0.1:5432/test")
ENGINES = ("SQLite", "Postgres")


def missing(engine: str) -> str:
    """Why an engine cannot be measured, or an empty text."""
    if engine == "Postgres":
        try:
            psycopg.connect(POSTGRES, connect_timeout=3).close()
        except psycopg.OperationalError:
            return f"no Postgres answers at {POSTGRES} (TUTELA_POSTGRES)"
    return ""


@contextmanager
def fresh(engine: str) -> Iterator[tuple[str, Path]]:
    """The URL of a new database with its tables, and a folder for an index; both are temporary."""
    with tempfile.TemporaryDirectory(prefix="tutela-bench-") as place, _new(engine, place) as url:
        with Database(url) as database:
            schema.upgrade(database)
            with database.writing() as session:
                ensure(session, database.now(), "bench")
        yield url, Path(place, "index")


@contextmanager
def _new(engine: str, place: str) -> Iterator[str]:
    if engine == "SQLite":
        yield f"sqlite:///{place}/tutela.db"
        return
    name = f"tutela_bench_{uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield f"{POSTGRES.rsplit('/', 1)[0]}/{name}"
        finally:
            with suppress(psycopg.Error):
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

"""What every test may use. What is not present here is named, and fails where it is required."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest

from tutela.decoding import DecoderPool
from tutela.errors import TutelaError
from tutela.storage import Database, schema
from tutela.testing import photographs

REQUIRED = set(filter(None, os.environ.get("TUTELA_REQUIRE", "").split(",")))


def missing(what: str, why: str) -> None:
    """Skip, saying what is lacking; fail where CI said that it must be there."""
    if what in REQUIRED:
        pytest.fail(f"{why} (required here)")
    pytest.skip(why)


@pytest.fixture(scope="session")
def photos() -> list[Path]:
    try:
        return photographs.find()
    except TutelaError as error:
        missing("photographs", str(error))
        raise


@pytest.fixture(scope="session")
def pdqhash():
    if find_spec("pdqhash") is None:
        missing("oracles", "PyPI pdqhash is not installed: it needs a compiler (make oracles)")
    import pdqhash

    return pdqhash


@pytest.fixture(scope="session")
def native():
    from tutela.signals.kernels import NATIVE

    if not NATIVE:
        missing("native", "the compiled kernel is not here: it needs a compiler")
    from tutela import _native

    yield _native
    _native.use(_native.family())


@pytest.fixture(scope="session")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(size=1) as shared:
        yield shared


POSTGRES = os.environ.get("TUTELA_POSTGRES", "postgresql://127.0.0.1:5432/test")
"""A database of a Postgres where databases may be made; each test has one of its own."""


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database: the same test runs on both engines."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/tutela.db"
        return
    with fresh_postgres() as url:
        yield url


@contextmanager
def fresh_postgres() -> Iterator[str]:
    """A new database, dropped when the block ends."""
    if find_spec("psycopg") is None:
        missing("postgres", "psycopg is not installed: it needs tutela[postgres]")
    import psycopg

    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        missing("postgres", f"no Postgres answers at {POSTGRES} (TUTELA_POSTGRES)")
        raise
    name = f"tutela_test_{uuid4().hex}"
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with the tables of this version."""
    with Database(database_url) as opened:
        schema.upgrade(opened)
        yield opened

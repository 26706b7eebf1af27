"""What every test may use. What is not present here is named, and fails where it is required."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import argon2
import commands
import databases
import pytest
from databases import POSTGRES
from hypothesis import settings

from tutela.decoding import DecoderPool
from tutela.errors import TutelaError
from tutela.people import passwords
from tutela.storage import Database
from tutela.testing import photographs

__all__ = ["POSTGRES", "fresh_postgres", "missing"]

settings.register_profile("untimed", deadline=None)  # a busy machine fails no test
settings.load_profile("untimed")

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


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[tuple[Callable[[], argon2.PasswordHasher], Callable[[], str]]]:
    """Passwords cost next to nothing: in earnest it is a fifth of a second, on purpose. Gives what
    hashes them in earnest, and what is compared with where there is none."""
    earnest = passwords._hasher, passwords._nobody
    quick = argon2.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    nobody = quick.hash("nobody has this")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: quick)
        patch.setattr(passwords, "_nobody", lambda: nobody)
        yield earnest


@pytest.fixture
def earnest_passwords(quick_passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as in production, where that is what is tested."""
    hasher, nobody = quick_passwords
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_nobody", nobody)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with the tables of this version: the same test runs on both engines."""
    if request.param == "sqlite":
        yield databases.sqlite(tmp_path / "tutela.db")
        return
    _require_postgres()
    with databases.postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/tutela.db"
        return
    with fresh_postgres() as url:
        yield url


@contextmanager
def fresh_postgres() -> Iterator[str]:
    """A new database without tables, dropped when the block ends."""
    _require_postgres()
    with databases.empty_postgres() as url:
        yield url


def _require_postgres() -> None:
    if why := databases.why_no_postgres():
        missing("postgres", why)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # thousands of tests, which stay: to look at them again and again takes minutes
    gc.set_threshold(50_000)


def pytest_sessionfinish() -> None:
    databases.drop_all()
    commands.end()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with the tables of this version."""
    with Database(database_url) as opened:
        yield opened

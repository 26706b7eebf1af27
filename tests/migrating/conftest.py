"""A real service's database on SQLite and on Postgres, and an HMA to move from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tutela.migrating.copying import Copier, Report
from tutela.migrating.hma import Hma as Reader
from tutela.migrating.sources import OldExchange, Source
from tutela.outbound import Outbound
from tutela.storage import Database, Session
from tutela.testing.hma import Hma


@pytest.fixture
def hma() -> Iterator[Hma]:
    with Hma(slow=0.1) as server:
        yield server


def reader(server: Hma, **how: Any) -> Reader:
    how = {"gap": 20, "rate": 0, "private": True} | how
    return Reader(Outbound(), server.url, server.clock, **how)


def nobody(_: Session, one: OldExchange) -> None:
    from tutela.errors import TutelaError

    raise TutelaError(f"{one.api} is no partner here.")


def copier(database: Database, source: Source, **how: Any) -> Copier:
    purposes, join = how.pop("purposes", {}), how.pop("join", ())
    connect = how.pop("connect", nobody)
    return Copier(database, "test", source, "hma", purposes, "test", join, connect, **how)


def copied(database: Database, server: Hma, **how: Any) -> Report:
    read = {name: how.pop(name) for name in ("gap", "each_bank") if name in how}
    return copier(database, reader(server, **read), **how).run()

"""Desks: on each database where rows are asked for, else on the smaller one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import databases
import pytest

from bundles.desk import Desk
from tutela.storage import Database


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Database(databases.sqlite(tmp_path / "tutela.db")) as database:
        yield Desk(database, tmp_path)


@pytest.fixture
def each(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)

"""Matches that are drawn for people, on each database."""

from __future__ import annotations

import pytest

from records.bench import Bench
from tutela.storage import Database


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)

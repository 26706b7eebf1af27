"""A shelf on each database."""

from __future__ import annotations

import pytest

from preservation.holding import Shelf
from tutela.storage import Database


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)

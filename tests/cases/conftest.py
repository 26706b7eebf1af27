"""People who work on cases, on both databases."""

from __future__ import annotations

import pytest

from cases.matters import Matters
from tutela.storage import Database


@pytest.fixture
def matters(database: Database) -> Matters:
    return Matters(database)

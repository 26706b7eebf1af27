"""A desk where people sign in."""

from __future__ import annotations

import pytest

from people.desk import Desk
from tutela.storage import Database


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)

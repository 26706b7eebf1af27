"""Cases of accounts, and a service that laws apply to, on each database."""

from __future__ import annotations

import pytest

from law.courts import Court
from tutela.storage import Database


@pytest.fixture
def court(database: Database) -> Court:
    return Court(database)

"""Cases with sealed files, on both databases."""

from __future__ import annotations

import pytest

from tutela.storage import Database
from views.watched import Watched


@pytest.fixture
def watched(database: Database) -> Watched:
    return Watched(database)

"""A test server of the CyberTipline, and a desk that sends to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reporting.desks import Desk
from reporting.scenes import Scene
from tutela.storage import Database
from tutela.testing.cybertipline import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(slow=0.3) as made:
        yield made


@pytest.fixture
def desk(database: Database, server: Server, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(database, server, tmp_path)
    made.open_vault()
    yield made
    made.close_vault()


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)

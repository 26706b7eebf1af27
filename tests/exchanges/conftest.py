"""A partner whose pages a test says, on both engines."""

from __future__ import annotations

import pytest

from exchanges.feeds import Desk, Feed, known_as
from tutela.storage import Database


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    made = Feed()
    known_as(monkeypatch, made)
    return made


@pytest.fixture
def desk(database: Database, feed: Feed) -> Desk:
    return Desk(database, feed)

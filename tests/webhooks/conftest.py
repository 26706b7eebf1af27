"""A receiver on this machine, and endpoints that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tutela.outbound import Options as Limits
from tutela.outbound import Outbound
from tutela.storage import Database
from tutela.testing.receiver import Receiver
from tutela.webhooks import Sealing, endpoints, sending, service
from tutela.webhooks.models import Delivery, State
from tutela.webhooks.options import Options


class Desk:
    """Sends messages by a clock that a test moves."""

    def __init__(self, database: Database, receiver: Receiver, folder: Path) -> None:
        self.now = datetime(2031, 5, 1, 12, tzinfo=UTC)
        database.now = lambda: self.now
        self.database, self.receiver = database, receiver
        self.sealing = Sealing.make(folder / "webhooks.key")
        self.outbound = Outbound(Limits(connect_seconds=2, read_seconds=1))
        self.options = Options(seconds=1)

    def add(self, name: str = "bikes", url: str = "", *kinds: str) -> str:
        """The secret of a new endpoint."""
        with self.database.writing() as session:
            return endpoints.add(
                session, self.now, "shell:ann", self.sealing, name,
                url or self.receiver.url(), kinds or ["*"], private=True,
            )[1]  # fmt: skip

    def enqueue(self, **data: object) -> int:
        with self.database.writing() as session:
            return service.enqueue(session, self.now, "item.decided", data)

    def due(self, limit: int = 100) -> list[int]:
        with self.database.reading() as session:
            return [*sending.due(session, self.now, self.options, limit)]

    def deliver(self, number: int) -> State | None:
        return sending.deliver(self.database, self.outbound, self.sealing, number, self.options)

    def run(self) -> list[State | None]:
        return [self.deliver(number) for number in self.due()]

    def all(self) -> list[Delivery]:
        with self.database.reading() as session:
            return [one for one, _ in service.deliveries(session)]

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def desk(database: Database, receiver: Receiver, tmp_path: Path) -> Desk:
    return Desk(database, receiver, tmp_path)

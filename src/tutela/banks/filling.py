"""Fills a bank with signals of files that were hashed here."""

from __future__ import annotations

from types import TracebackType

from tutela import __version__
from tutela.banks import changes, service
from tutela.banks.changes import From, New
from tutela.banks.errors import BankError
from tutela.banks.values import bankable, packed
from tutela.signals import Signal
from tutela.storage import Database

CHUNK = 10_000
"""Signals stored in one transaction."""

MOST_EXTERNAL = 256


class BankFiller:
    """Adds signals to a bank, many at a time; what is left is added when the block ends."""

    def __init__(self, database: Database, actor: str, bank: str, labels: str = "") -> None:
        """Raises `BankError` if there is no such bank, or it takes none."""
        self.database = database
        self.actor = actor
        self.labels = labels
        self.added = self.known = 0
        self._waiting: list[New] = []
        with database.reading() as session:
            self.bank_id = service.fillable(session, bank).id

    def add(self, signal: Signal, owner: str) -> None:
        """Add a signal; `owner` is kept as its external id. Passes over types that banks do not
        take."""
        try:
            kind = bankable(signal.type)
        except BankError:
            return
        origin = From(hashed_by=f"tutela {__version__}")
        external = owner[-MOST_EXTERNAL:]
        value = packed(kind, signal.value)
        self._waiting.append(New(signal.type, value, origin, external, signal.quality, self.labels))
        if len(self._waiting) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Store what waits."""
        if self._waiting:
            with self.database.writing() as session:
                made = changes.add(
                    session, self.database.now(), self.actor, self.bank_id, self._waiting
                )
            self.added += made.added
            self.known += len(self._waiting) - made.added
            self._waiting.clear()

    def __enter__(self) -> BankFiller:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.flush()

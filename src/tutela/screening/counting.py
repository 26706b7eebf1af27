"""Counts of what was screened: all that is kept of what matched nothing, written once a second."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

from sqlalchemy import Table

from tutela.screening.models import BankHour, Count
from tutela.storage import Session, bulk

ADD = "SET count = {table}.count + excluded.count"


class Counts:
    """Counted in memory, safe to use from many threads. What was counted since the last `write` is
    lost if the process is killed: a second's worth."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: Counter[tuple[datetime, str, str]] = Counter()
        self._banks: Counter[tuple[str, datetime]] = Counter()

    def item(self, now: datetime, outcome: str, channel: str, banks: tuple[str, ...] = ()) -> None:
        """An item, or a lookup, of which these banks knew something."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            self._items[hour, outcome, channel] += 1
            for bank in banks:
                self._banks[bank, hour] += 1

    def taken(self) -> tuple[Counter[tuple[datetime, str, str]], Counter[tuple[str, datetime]]]:
        """What was counted, which now counts from nothing."""
        with self._lock:
            taken = self._items, self._banks
            self._items, self._banks = Counter(), Counter()
            return taken

    def give_back(
        self,
        taken: tuple[Counter[tuple[datetime, str, str]], Counter[tuple[str, datetime]]],
    ) -> None:
        """What could not be written, for the next time."""
        with self._lock:
            self._items += taken[0]
            self._banks += taken[1]


def write(
    session: Session,
    items: Counter[tuple[datetime, str, str]],
    banks: Counter[tuple[str, datetime]],
) -> None:
    """Add counts to those in the database."""
    for model, keys, rows in (
        (Count, ("hour", "outcome", "channel"), [(*key, n) for key, n in sorted(items.items())]),
        (BankHour, ("bank", "hour"), [(*key, n) for key, n in sorted(banks.items())]),
    ):
        table = model.__table__
        assert isinstance(table, Table)  # noqa: S101 - as every model's is
        if rows:
            conflict = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE "
            bulk.upsert(
                session, table, (*keys, "count"), rows, conflict + ADD.format(table=table.name)
            )

"""Reads an HMA's own database: a Postgres with the tables of HMA 2. Nothing is written there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from tutela.migrating.errors import MigrationError
from tutela.migrating.sources import OldBank, OldContent, OldExchange
from tutela.storage.database import parsed

PAGE = 1_000
TABLES = frozenset({"bank", "bank_content", "content_signal", "exchange"})
LATER = {"bank_content_metadata": "NULL", "note": "NULL"}
"""Columns that older HMAs have not, and what stands for them."""

OURS = "See that the URL is that of an HMA 2, and that its user may read its tables."


class HmaDatabase:
    """Reads within one transaction that cannot write, so that all is of one moment. Raises
    `MigrationError`."""

    def __init__(self, url: str) -> None:
        chosen = parsed(url)
        if chosen.get_backend_name() != "postgresql":
            raise MigrationError("HMA's database is a Postgres.", "postgresql://user@host/name")
        self._engine = create_engine(chosen, pool_size=1, max_overflow=0)
        self._name = chosen.render_as_string(hide_password=True)
        self._line: Connection | None = None
        self._bank_contents: list[str] = []

    def __enter__(self) -> HmaDatabase:
        with self._explained():
            self._line = self._engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            there = inspect(self._line)
            missing = sorted(TABLES - set(there.get_table_names()))
            if not missing:
                self._bank_contents = [one["name"] for one in there.get_columns("bank_content")]
        if missing:
            self.__exit__()
            raise MigrationError(f"{self._name} has no table {missing[0]}.", OURS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.close()
        self._engine.dispose()

    def banks(self) -> list[OldBank]:
        rows = self._rows(
            "SELECT b.name, b.enabled_ratio, e.name AS exchange FROM bank b"
            " LEFT JOIN exchange e ON e.id = b.import_from_exchange_id ORDER BY b.id"
        )
        return [OldBank(row.name, float(row.enabled_ratio), row.exchange or "") for row in rows]

    def exchanges(self) -> list[OldExchange]:
        rows = self._rows(
            "SELECT name, api_cls, fetching_enabled, typed_config FROM exchange ORDER BY id"
        )
        said = ("name", "api", "enabled")
        return [
            OldExchange(
                row.name, row.api_cls, bool(row.fetching_enabled),
                {k: v for k, v in (row.typed_config or {}).items() if k not in said},
            )
            for row in rows
        ]  # fmt: skip

    def contents(
        self, is_known: Callable[[int], bool], tell: Callable[[int], object]
    ) -> Iterator[OldContent]:
        columns = ", ".join(
            f"c.{name}" if name in self._bank_contents else f"{other} AS {name}"
            for name, other in LATER.items()
        )
        query = (
            f"SELECT c.id, b.name AS bank, c.disable_until_ts, {columns} FROM bank_content c"  # noqa: S608 - names of ours
            " JOIN bank b ON b.id = c.bank_id WHERE c.id > :after ORDER BY c.id LIMIT :page"
        )
        after = 0
        while rows := self._rows(query, after=after, page=PAGE):
            after = rows[-1].id
            values: dict[int, dict[str, str]] = {}
            for one in self._rows(
                "SELECT content_id, signal_type, signal_val FROM content_signal"
                " WHERE content_id BETWEEN :first AND :last",
                first=rows[0].id, last=after,
            ):  # fmt: skip
                values.setdefault(one.content_id, {})[one.signal_type] = one.signal_val
            for row in rows:
                tell(row.id)
                if not is_known(row.id):
                    yield OldContent.of(
                        row.id, row.bank, values.get(row.id, {}), row.note,
                        row.bank_content_metadata, row.disable_until_ts,
                    )  # fmt: skip

    def sizes(self) -> Counter[str]:
        rows = self._rows(
            "SELECT signal_type, count(*) AS size FROM content_signal GROUP BY signal_type"
        )
        return Counter({row.signal_type: row.size for row in rows})

    def _rows(self, query: str, **values: Any) -> list[Any]:
        with self._explained():
            assert self._line is not None  # noqa: S101 - it is used as a block
            return list(self._line.execute(text(query), values))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or type(error).__name__).split("\n")[0][:200]
            raise MigrationError(f"{self._name} cannot be read: {why}.", OURS) from None

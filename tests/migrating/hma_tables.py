"""The tables of HMA 2 that a move reads, typed from what its own database was seen to have."""

from __future__ import annotations

import json
from typing import Any

import psycopg

TABLES = """
CREATE TABLE exchange (
    id serial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE, api_cls varchar(255) NOT NULL,
    retain_api_data boolean NOT NULL DEFAULT false,
    fetching_enabled boolean NOT NULL DEFAULT true,
    retain_data_with_unknown_signal_types boolean NOT NULL DEFAULT false,
    typed_config json NOT NULL
);
CREATE TABLE bank (
    id serial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE,
    enabled_ratio double precision NOT NULL,
    import_from_exchange_id integer UNIQUE REFERENCES exchange (id) ON DELETE CASCADE
);
CREATE TABLE exchange_data (
    id serial PRIMARY KEY, collab_id integer NOT NULL REFERENCES exchange (id) ON DELETE CASCADE,
    fetch_id text NOT NULL, pickled_fetch_signal_metadata bytea,
    fetched_metadata_summary json NOT NULL, matched boolean NOT NULL DEFAULT false,
    verification_result boolean, UNIQUE (collab_id, fetch_id)
);
CREATE TABLE bank_content (
    id serial PRIMARY KEY, bank_id integer NOT NULL REFERENCES bank (id) ON DELETE CASCADE,
    imported_from_id integer UNIQUE REFERENCES exchange_data (id) ON DELETE CASCADE,
    disable_until_ts integer NOT NULL, original_content_uri varchar,
    bank_content_metadata json, note varchar(255)
);
CREATE TABLE content_signal (
    content_id integer NOT NULL REFERENCES bank_content (id) ON DELETE CASCADE,
    signal_type varchar NOT NULL, signal_val text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (content_id, signal_type)
);
"""

OLDER = """
ALTER TABLE bank_content DROP COLUMN bank_content_metadata;
ALTER TABLE bank_content DROP COLUMN note;
"""
"""What a version before notes and metadata has not."""


class Tables:
    """Fills them, as HMA does."""

    def __init__(self, url: str) -> None:
        self._line = psycopg.connect(url, autocommit=True)
        self.run(TABLES)

    def close(self) -> None:
        self._line.close()

    def run(self, words: str, *values: Any) -> Any:
        done = self._line.execute(words, values or None)  # type: ignore[call-overload] # of ours
        return done.fetchone()[0] if done.description else None

    def bank(self, name: str, ratio: float = 1.0, exchange: int | None = None) -> int:
        return self.run(
            "INSERT INTO bank (name, enabled_ratio, import_from_exchange_id)"
            " VALUES (%s, %s, %s) RETURNING id", name, ratio, exchange,
        )  # fmt: skip

    def exchange(self, name: str, api: str, **config: Any) -> int:
        said = json.dumps(config | {"name": name, "api": api, "enabled": True})
        number = self.run(
            "INSERT INTO exchange (name, api_cls, typed_config) VALUES (%s, %s, %s) RETURNING id",
            name, api, said,
        )  # fmt: skip
        self.bank(name, exchange=number)
        return number

    def put(
        self, bank: int, signals: dict[str, str], note: str | None = None,
        metadata: dict[str, Any] | None = None, until: int = 1,
    ) -> int:  # fmt: skip
        number = self.run(
            "INSERT INTO bank_content (bank_id, disable_until_ts, bank_content_metadata, note)"
            " VALUES (%s, %s, %s, %s) RETURNING id",
            bank, until, None if metadata is None else json.dumps(metadata), note,
        )  # fmt: skip
        self.sign(number, signals)
        return number

    def sign(self, number: int, signals: dict[str, str]) -> None:
        for kind, value in signals.items():
            self.run(
                "INSERT INTO content_signal (content_id, signal_type, signal_val)"
                " VALUES (%s, %s, %s)", number, kind, value,
            )  # fmt: skip

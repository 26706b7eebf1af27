"""Stores what a page says: what an entry put into a bank before is replaced by what it says now.

All of a page is in the caller's transaction, in which `banks.changes.locked` comes first. An entry
owns the signals that it put into a bank, by its member and external id; what another entry says too
stays when it goes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from tutela.banks import changes
from tutela.banks.changes import From, New
from tutela.banks.models import Bank, BankedSignal, Origin
from tutela.banks.values import keyer_of, unpacked
from tutela.exchanges.errors import TooManyGone
from tutela.exchanges.models import Exchange, Held
from tutela.exchanges.partners import Entry
from tutela.exchanges.reading import Kept, Reader
from tutela.storage import Session, bulk

BATCH = 500
"""Values in one statement."""

SWEPT = 5_000
"""Entries that a whole list no longer has, removed in one transaction: others write in between."""

SHARE = 0.05
"""Of a list, that may be deleted between two complete fetches unseen."""

COLUMNS = (
    "exchange_id", "key", "bank_id", "member", "external_id", "at", "seen", "digest", "signals",
    "extra",
)  # fmt: skip
AGAIN = "ON CONFLICT (exchange_id, key) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in COLUMNS[2:]
)
NONE = "[]"

Owned = tuple[int, str, str, str, bytes]
"""What an entry owns of: bank, member, external id, type and value."""

EntryRow = Row[str, int, str, str, datetime | None, bytes, str]


@dataclass(slots=True)
class Stored:
    """What a page came to: entries, and signals of banks."""

    received: int = 0
    added: int = 0
    removed: int = 0
    gone: int = 0
    """Entries that had signals and have none now."""
    faults: Mapping[str, int] = field(default_factory=dict)


def store(
    session: Session,
    now: datetime,
    actor: str,
    exchange: Exchange,
    banks: Mapping[str, int],
    entries: Sequence[Entry],
    most_gone: int,
) -> Stored:
    """Store entries; `banks` are the banks' numbers by role. Raises `TooManyGone` if they would
    delete more than the setting lets pass, `Unreadable`, `NoSuchBank`."""
    reader = Reader(frozenset(banks), now, keyer_of(session))
    latest: dict[str, Kept] = {}
    for entry in entries:
        kept = reader.read(entry)
        if kept is not None and not _older(kept.at, latest.get(kept.key)):
            latest[kept.key] = kept
    held = _held(session, exchange.id, list(latest))
    stored = Stored(received=len(entries), faults=reader.faults)
    same: list[str] = []
    rows, gone, new = [], set[Owned](), defaultdict[int, list[New]](list)
    alive = 0
    for key, kept in latest.items():
        before = held.get(key)
        bank_id = banks[kept.role]
        digest = kept.digest(bank_id)
        if before is not None and (
            _is_older(kept.at, before.at) or (before.digest == digest and kept.at == before.at)
        ):
            same.append(key)
            continue
        signals = json.dumps([[kind, unpacked(value)] for kind, value in kept.values])
        rows.append((
            exchange.id, key, bank_id, kept.member, kept.external_id, kept.at, exchange.pages,
            digest, signals, kept.extra,
        ))  # fmt: skip
        was = set(owned(before)) if before is not None else set()
        alive += bool(kept.values) - bool(was)
        if was and not kept.values:
            stored.gone += 1
        if before is not None and before.digest == digest:
            continue
        own = {(bank_id, kept.member, kept.external_id, *value) for value in kept.values}
        gone |= was - own
        origin = From(member=kept.member)
        new[bank_id] += [
            New(kind, value, origin, kept.external_id, quality, kept.labels, opinion=kept.opinion)
            for (kind, value), quality in kept.values.items()
        ]
    require_few(exchange, stored.gone, most_gone)
    _touch(session, exchange, same)
    bulk.upsert(session, Held.__table__, COLUMNS, rows, AGAIN)  # type: ignore[arg-type] # a Table
    stored.removed = _remove(session, now, actor, exchange.id, gone)
    for bank_id in sorted(new):
        stored.added += changes.add(
            session, now, actor, bank_id, new[bank_id], exchange=exchange.id
        ).added
    exchange.entries += alive
    exchange.deleted += stored.gone
    exchange.received += stored.received
    exchange.rejected += sum(reader.faults.values())
    return stored


def require_few(exchange: Exchange, more: int, most: int) -> None:
    """Raises `TooManyGone` if `more` deletions are too many since the last complete fetch."""
    limit = max(most, int((exchange.entries + exchange.deleted) * SHARE), exchange.allowed)
    if more and exchange.deleted + more > limit:
        raise TooManyGone(exchange.name, exchange.deleted + more, limit)


def missing(session: Session, exchange: Exchange) -> int:
    """Entries that have signals, and did not come since the fetch began."""
    return int(
        session.scalar(
            select(func.count()).where(_unseen(exchange), Held.signals != NONE)
        )
        or 0
    )  # fmt: skip


def sweep(
    session: Session, now: datetime, actor: str, exchange: Exchange, after: str
) -> tuple[str, int]:
    """Remove some of the entries that did not come since the fetch began, those after a key; gives
    the key of the last, empty if there are no more, and how many signals went."""
    rows = session.execute(
        _entries().where(_unseen(exchange), Held.key > after).order_by(Held.key).limit(SWEPT)
    ).all()
    removed = drop(session, now, actor, exchange, rows)
    return (rows[-1].key if len(rows) == SWEPT else ""), removed


def drop(
    session: Session, now: datetime, actor: str, exchange: Exchange, rows: Sequence[EntryRow]
) -> int:
    """Forget entries with what they own; gives how many signals went."""
    gone = {one for row in rows for one in owned(row)}
    for part in _parts([row.key for row in rows]):
        session.execute(
            delete(Held).where(Held.exchange_id == exchange.id, Held.key.in_(part))
        )  # fmt: skip
    removed = _remove(session, now, actor, exchange.id, gone)
    alive = sum(row.signals != NONE for row in rows)
    exchange.entries -= alive
    exchange.deleted += alive
    return removed


def owned(row: EntryRow) -> Iterator[Owned]:
    """What a stored entry owns."""
    for kind, value in json.loads(row.signals):
        yield row.bank_id, row.member, row.external_id, kind, bytes.fromhex(value)


def _remove(session: Session, now: datetime, actor: str, exchange_id: int, gone: set[Owned]) -> int:
    """Remove from banks what no entry owns any more."""
    gone = gone - _still(session, exchange_id, {one[2] for one in gone})
    by_bank: dict[int, dict[str, set[tuple[bytes, int, str]]]]
    by_bank = defaultdict(lambda: defaultdict(set))
    origins = _origins(session, {(one[0], one[1]) for one in gone})
    for bank_id, member, external, kind, value in gone:
        origin = origins.get((bank_id, member))
        if origin is not None:
            by_bank[bank_id][kind].add((value, origin, external))
    removed = 0
    for bank_id in sorted(by_bank):
        numbers = [
            row.id
            for kind, wanted in by_bank[bank_id].items()
            for part in _parts(sorted(wanted))
            for row in session.execute(
                select(
                    BankedSignal.id,
                    BankedSignal.value,
                    BankedSignal.origin_id,
                    BankedSignal.external_id,
                ).where(
                    BankedSignal.type == kind,
                    BankedSignal.value.in_({one[0] for one in part}),
                    BankedSignal.bank_id == bank_id,
                    BankedSignal.external_id.in_({one[2] for one in part}),
                )
            )
            if (row.value, row.origin_id, row.external_id) in wanted
        ]
        removed += changes.remove(
            session, now, actor, bank_id, numbers, exchange=exchange_id
        ).removed
    return removed


def _still(session: Session, exchange_id: int, externals: set[str]) -> set[Owned]:
    """What entries with these external ids own now."""
    return {
        one
        for part in _parts(sorted(externals))
        for row in session.execute(
            _entries().where(
                Held.exchange_id == exchange_id, Held.external_id.in_(part), Held.signals != NONE
            )
        )
        for one in owned(row)
    }


def _origins(session: Session, wanted: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The numbers of the origins of members in banks, as `banks.changes` made them."""
    members: dict[int, list[str]] = defaultdict(list)
    for bank_id, member in sorted(wanted):
        members[bank_id].append(member)
    found: dict[tuple[int, str], int] = {}
    for bank_id, some in members.items():
        for part in _parts(some):
            rows = session.execute(
                select(Origin.id, Origin.member)
                .join(Bank, Bank.id == Origin.bank_id)
                .where(
                    Origin.bank_id == bank_id, Origin.source == Bank.source,
                    Origin.hashed_by == "", Origin.member.in_(part),
                )
            )  # fmt: skip
            found |= {(bank_id, row.member): row.id for row in rows}
    return found


def _entries() -> Any:
    """A query of `EntryRow`s."""
    return select(
        Held.key, Held.bank_id, Held.member, Held.external_id, Held.at, Held.digest, Held.signals
    )


def _held(session: Session, exchange_id: int, keys: Sequence[str]) -> dict[str, EntryRow]:
    return {
        row.key: row
        for part in _parts(keys)
        for row in session.execute(
            _entries().where(Held.exchange_id == exchange_id, Held.key.in_(part))
        )
    }


def _touch(session: Session, exchange: Exchange, keys: Sequence[str]) -> None:
    """Write down that entries came again as they are."""
    for part in _parts(keys):
        session.execute(
            update(Held)
            .where(Held.exchange_id == exchange.id, Held.key.in_(part))
            .values(seen=exchange.pages)
            .execution_options(synchronize_session=False)
        )


def _unseen(exchange: Exchange) -> ColumnElement[bool]:
    return (Held.exchange_id == exchange.id) & (Held.seen <= exchange.began_pages)


def _older(at: datetime | None, other: Kept | None) -> bool:
    return other is not None and _is_older(at, other.at)


def _is_older(at: datetime | None, other: datetime | None) -> bool:
    return at is not None and other is not None and at < other


def _parts(items: Sequence[object] | Iterable[object]) -> Iterator[list]:  # type: ignore[type-arg]
    given = list(items)
    for at in range(0, len(given), BATCH):
        yield given[at : at + BATCH]

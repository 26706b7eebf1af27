"""From signals to matches: what the index proposes, the database confirms."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, case, exists, false, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from tutela.banks import service
from tutela.banks.live import BankIndex
from tutela.banks.models import Bank, BankedSignal, Origin
from tutela.banks.values import has_bits, limit, unpacked
from tutela.matching.models import EXACT, FORGEABLE, Match
from tutela.signals import Signal
from tutela.signals.urls import KEYWORD, LISTED
from tutela.storage import Database, Session

BankRow = Row[bytes, int, int, int, int | None, int, int]
"""Of a value in a bank: value, bank_id, owners, members, quality, best, worst (opinions)."""

Owned = dict[tuple[str, bytes], list[BankRow]]

BATCH = 500
"""Values in one statement."""

REVIEWED = 40
"""The largest distance of a bank that can decide by itself; a wider one asks a person."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One signal of a bank, with all that is known of where it comes from."""

    number: int
    bank: str
    type: str
    value: str
    source: str
    member: str
    external_id: str
    hashed_by: str
    quality: int | None
    labels: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Proposed:
    """The signals of an item that banks take, and which known values are how near to which."""

    signals: list[Signal]
    near: list[tuple[Signal, bytes, int]]


class BankSearch:
    """Searches all banks that are on."""

    def __init__(self, index: BankIndex, database: Database) -> None:
        self.index = index
        self.database = database

    def __len__(self) -> int:
        with self.database.reading() as session:
            return int(session.scalar(select(func.sum(Bank.signals))) or 0)

    def search(self, signals: Iterable[Signal], distance: int | None = None) -> list[Match]:
        """All matches, nearest first: one for each bank that has a value near a signal.

        `distance` overrides the banks' own for types that have distances, where it is less.
        Raises `IndexNotReady` or `StorageError`: what could not be searched is never passed over.
        """
        proposed = self.propose(signals)
        return self.confirm(proposed, distance) if proposed.near else []

    def propose(self, signals: Iterable[Signal]) -> Proposed:
        """What the index holds near these signals: microseconds, and no database. Raises
        `IndexNotReady`."""
        asked: dict[str, list[Signal]] = defaultdict(list)
        for signal in signals:
            if signal.type in self.index.types:
                asked[signal.type].append(signal)
        near: list[tuple[Signal, bytes, int]] = []
        for name, some in asked.items():
            queries = [bytes.fromhex(signal.value) for signal in some]
            found = self.index.search(self.index.types[name], queries)
            near += [(some[number], value, apart) for number, value, apart in found]
        return Proposed([signal for some in asked.values() for signal in some], near)

    def confirm(self, proposed: Proposed, distance: int | None = None) -> list[Match]:
        """The matches, nearest first: whose a value is, and whether that counts, the database
        says. Raises `StorageError`."""
        item = item_of(proposed.signals)
        whole = {s.type: bytes.fromhex(s.value) for s in proposed.signals if s.type in EXACT}
        matches = []
        with self.database.reading() as session:
            owned = owners_by_bank(session, {(s.type, value) for s, value, _ in proposed.near})
            numbers = {row.bank_id for rows in owned.values() for row in rows}
            found = session.scalars(select(Bank).where(Bank.id.in_(numbers)))
            banks = {bank.id: bank for bank in found}
            now = self.database.now()
            for signal, value, apart in proposed.near:
                for row in owned.get((signal.type, value), ()):
                    bank = banks[row.bank_id]
                    if (
                        service.is_on(bank, now)
                        and apart <= self._limit(bank, signal.type, distance)
                        and share_of(item, bank.salt) < bank.rollout
                    ):
                        matches.append(_match(session, signal, value, apart, bank, row, whole))
        return sorted(matches, key=lambda match: match.distance)

    def _limit(self, bank: Bank, name: str, distance: int | None) -> int:
        kind = self.index.types[name]
        own = limit(kind, bank.distance)
        return own if distance is None or not has_bits(kind) else min(own, distance)


def _match(
    session: Session,
    signal: Signal,
    value: bytes,
    apart: int,
    bank: Bank,
    row: BankRow,
    whole: Mapping[str, bytes],
) -> Match:
    labels = session.scalars(
        select(BankedSignal.labels)
        .where(
            BankedSignal.type == signal.type,
            BankedSignal.value == value,
            BankedSignal.bank_id == bank.id,
            BankedSignal.labels != "",
        )
        .distinct()
    )
    return Match(
        signal,
        apart,
        bank.name,
        Signal(signal.type, unpacked(value), row.quality),
        purpose=str(bank.purpose),
        source=bank.source,
        labels=tuple(sorted({code for text in labels for code in text.split()})),
        owners=row.owners,
        members=row.members,
        vetoes=bank.purpose.vetoes and row.best > 0,
        agreed=agreed(session, signal.type, bank.id, whole) if signal.type in EXACT else None,
        only_review=signal.type == KEYWORD
        or (bank.distance is not None and bank.distance > REVIEWED),
        disputed=row.worst < 0,
        seed=row.best == 0,
    )


def agreed(session: Session, name: str, bank: int, whole: Mapping[str, bytes]) -> bool:
    """Whether a source of a bank means this very file: one that gives the item's hash of type
    `name`, and of which no exact hash of the same id differs from the item's (`whole`, by type),
    with one among them that cannot be forged."""
    owner = aliased(BankedSignal)

    def given(kind: str, value: bytes | None = None) -> ColumnElement[bool]:
        """Whether the owner's source gives a hash of this type for the same file."""
        other = aliased(BankedSignal)
        return exists().where(
            other.origin_id == owner.origin_id,
            other.external_id == owner.external_id,
            other.type == kind,
            other.external_id != literal_column("''"),  # as the partial index has it
            other.type.in_([literal_column(f"'{one}'") for one in sorted(EXACT)]),
            *(() if value is None else (other.value == value,)),
        )

    same = {kind: given(kind, value) for kind, value in whole.items()}
    agrees = [or_(~given(kind), is_same) for kind, is_same in same.items() if kind != name]
    if name in FORGEABLE:
        agrees.append(or_(false(), *(s for kind, s in same.items() if kind not in FORGEABLE)))
    return bool(
        session.scalar(
            select(
                exists().where(
                    owner.type == name,
                    owner.value == whole[name],
                    owner.bank_id == bank,
                    owner.opinion >= 0,
                    *agrees,
                )
            )
        )
    )


def owners_by_bank(session: Session, wanted: Iterable[tuple[str, bytes]]) -> Owned:
    """Of each type and value, a row a bank that has it: bank_id, owners, members, quality, and the
    best and worst opinion. A value of which all owners say that it does not belong is in no
    bank."""
    values: dict[str, list[bytes]] = defaultdict(list)
    for name, value in sorted(wanted):
        values[name].append(value)
    found: Owned = defaultdict(list)
    for name, some in values.items():
        for at in range(0, len(some), BATCH):
            rows = session.execute(
                select(
                    BankedSignal.value,
                    BankedSignal.bank_id,
                    func.count().label("owners"),
                    func.count(case((BankedSignal.opinion > 0, Origin.member)).distinct()).label(
                        "members"
                    ),
                    func.max(BankedSignal.quality).label("quality"),
                    func.max(BankedSignal.opinion).label("best"),
                    func.min(BankedSignal.opinion).label("worst"),
                )
                .join(Origin, Origin.id == BankedSignal.origin_id)
                .where(BankedSignal.type == name, BankedSignal.value.in_(some[at : at + BATCH]))
                .group_by(BankedSignal.value, BankedSignal.bank_id)
                .having(func.max(BankedSignal.opinion) >= 0)
            )
            for row in rows:
                found[name, row.value].append(row)
    return found


def owners(
    session: Session,
    *,
    type: str | None = None,  # noqa: A002 - the field's name
    value: bytes | None = None,
    bank: Bank | None = None,
    after: int = 0,
    limit: int = 100,
    only_positive: bool = False,
) -> list[Owner]:
    """Signals in the order of their numbers, from the one after `after`: of a value, of a bank, or
    of both; or those alone of which their owners say that they belong there. All there are, a page
    at a time."""
    query = (
        select(BankedSignal, Origin, Bank.name)
        .join(Origin, Origin.id == BankedSignal.origin_id)
        .join(Bank, Bank.id == BankedSignal.bank_id)
        .where(BankedSignal.id > after, Bank.deleted_at.is_(None))
        .order_by(BankedSignal.id)
        .limit(limit)
    )
    if bank is not None:
        query = query.where(BankedSignal.bank_id == bank.id)
    if only_positive:
        query = query.where(BankedSignal.opinion > 0)
    if type is not None:
        query = query.where(BankedSignal.type == type)
    if value is not None:
        query = query.where(BankedSignal.value == value)
    return [
        Owner(
            signal.id, name, signal.type, unpacked(signal.value), origin.source, origin.member,
            signal.external_id, origin.hashed_by, signal.quality, tuple(signal.labels.split()),
            signal.first_seen, signal.last_seen,
        )
        for signal, origin, name in session.execute(query)
    ]  # fmt: skip


def item_of(signals: Sequence[Signal]) -> bytes:
    """What is the same for an item whenever it comes: its strongest exact hash, if it has one."""
    of_file = [signal for signal in signals if signal.type not in LISTED] or signals
    whole = [signal for signal in of_file if signal.frame is None] or list(of_file)
    return max(whole, key=lambda signal: (len(signal.value), signal.value)).value.encode()


def share_of(item: bytes, salt: bytes) -> float:
    """Where an item stands from 0 to 1 in a bank's rollout: the same each time."""
    number = int.from_bytes(hashlib.sha256(salt + item).digest()[:7])
    return number / (1 << 56)

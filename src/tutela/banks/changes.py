"""Adds signals to a bank and removes them: numbered, in the bank's root, and in the audit log.

Each function here locks the one row of `banks_clock` first, until its session ends. So numbers are
committed in their order, and whether a value has owners left cannot change meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, tuple_

from tutela import audit
from tutela.banks import roots
from tutela.banks.errors import NoSuchBank
from tutela.banks.models import Bank, BankedSignal, Clock, Origin, Removal
from tutela.storage import Session, bulk

COLUMNS = (
    "id", "bank_id", "type", "value", "origin_id", "external_id",
    "quality", "labels", "opinion", "first_seen", "last_seen",
)  # fmt: skip
AGAIN = """ON CONFLICT (type, value, bank_id, origin_id, external_id) DO UPDATE SET
    quality = coalesce(excluded.quality, banks_signal.quality),
    labels = excluded.labels,
    opinion = excluded.opinion,
    first_seen = {least}(banks_signal.first_seen, excluded.first_seen),
    last_seen = {greatest}(banks_signal.last_seen, excluded.last_seen)"""
"""What a list says of a signal again. Times never go back, whatever the clock does."""

BATCH = 500
"""Values in one statement: databases limit how many it may have."""


@dataclass(frozen=True, slots=True)
class From:
    """Where a signal comes from, and how it was hashed. `source` is the bank's if it is empty."""

    source: str = ""
    member: str = ""
    hashed_by: str = ""


@dataclass(frozen=True, slots=True)
class New:
    """A signal to add. `labels` are codes in order, separated by spaces. `opinion`: 1 it belongs
    here, 0 not checked, -1 it does not."""

    type: str
    value: bytes
    origin: From = From()
    external_id: str = ""
    quality: int | None = None
    labels: str = ""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    opinion: int = 1


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change came to. `version` and `root` are the bank's after it."""

    added: int
    removed: int
    version: int
    root: str


def locked(session: Session) -> Clock:
    """The clock, which nobody else can now advance.

    Whoever changes banks locks it first, and what else they lock then: so no two wait for each
    other.
    """
    return session.execute(select(Clock).with_for_update()).scalar_one()


def open_bank(session: Session, bank_id: int) -> Bank:
    """The bank as it is now. Raises `NoSuchBank` if it was deleted meanwhile."""
    bank = session.get(Bank, bank_id, populate_existing=True, with_for_update=True)
    if bank is None or bank.deleted_at is not None:
        raise NoSuchBank(f"number {bank_id}" if bank is None else bank.name)
    return bank


def add(
    session: Session, now: datetime, actor: str, bank_id: int, signals: Iterable[New], **facts: int
) -> Changed:
    """Add signals, or say again of those it has; tens of thousands at a time at most.

    Of the same signal given twice the last counts. Raises `NoSuchBank`.
    """
    clock = locked(session)
    bank = open_bank(session, bank_id)
    places = _Places(bank)
    given = list({
        (s.type, s.value, place := places.of(s.origin), s.external_id): (s, place) for s in signals
    }.values())  # fmt: skip
    origins = _origins(session, bank, places.spoken)
    bank_id, salt, spoken = bank.id, bank.salt, places.spoken
    first = clock.number + 1
    clock.number += len(given)
    bulk.upsert(
        session,
        BankedSignal.__table__,  # type: ignore[arg-type]
        COLUMNS,
        (
            (
                number, bank_id, s.type, s.value, origins[place], s.external_id, s.quality,
                s.labels, s.opinion, s.first_seen or s.last_seen or now,
                s.last_seen or s.first_seen or now,
            )
            for number, (s, place) in enumerate(given, first)
        ),
        AGAIN,
    )  # fmt: skip
    fresh = _fresh(session, first, given)
    elements = (
        roots.element(salt, s.type, s.value, spoken[place], s.external_id) for s, place in fresh
    )
    return _changed(session, now, actor, bank, "bank.add", elements, (), len(fresh), 0, facts)


def _fresh(session: Session, first: int, given: list[tuple[New, int]]) -> Sequence[tuple[New, int]]:
    """Those that were not there: their numbers, from the first on, are rows."""
    between = BankedSignal.id.between(first, first + len(given) - 1)
    if session.scalar(select(func.count()).where(between)) == len(given):
        return given
    return [
        given[number - first] for number in session.scalars(select(BankedSignal.id).where(between))
    ]


def remove(
    session: Session, now: datetime, actor: str, bank_id: int, ids: Sequence[int], **facts: int
) -> Changed:
    """Remove signals by their numbers; those of other banks, and those not there, are passed over.

    Raises `NoSuchBank`.
    """
    clock = locked(session)
    bank = open_bank(session, bank_id)
    rows = [
        row
        for at in range(0, len(ids), BATCH)
        for row in session.execute(
            select(
                BankedSignal.id, BankedSignal.type, BankedSignal.value, BankedSignal.external_id,
                Origin.source, Origin.member, Origin.hashed_by,
            )
            .join(Origin, Origin.id == BankedSignal.origin_id)
            .where(BankedSignal.bank_id == bank.id, BankedSignal.id.in_(ids[at : at + BATCH]))
        )
    ]  # fmt: skip
    withdraw(session, clock, [(row.id, row.type, row.value) for row in rows])
    elements = (
        roots.element(bank.salt, r.type, r.value, (r.source, r.member, r.hashed_by), r.external_id)
        for r in rows
    )
    return _changed(session, now, actor, bank, "bank.remove", (), elements, 0, len(rows), facts)


def withdraw(session: Session, clock: Clock, rows: Sequence[tuple[int, str, bytes]]) -> None:
    """Delete rows (number, type, value), and leave tombstones of values that have no owner left."""
    for at in range(0, len(rows), BATCH):
        part = rows[at : at + BATCH]
        session.execute(delete(BankedSignal).where(BankedSignal.id.in_([row[0] for row in part])))
        gone = []
        for kind in sorted({row[1] for row in part}):
            values = {value for _, other, value in part if other == kind}
            owned = session.scalars(
                select(BankedSignal.value)
                .where(BankedSignal.type == kind, BankedSignal.value.in_(values))
                .distinct()
            )
            gone += [(kind, value) for value in sorted(values.difference(owned))]
        if gone:
            session.execute(
                insert(Removal),
                [
                    {"number": number, "type": kind, "value": value}
                    for number, (kind, value) in enumerate(gone, clock.number + 1)
                ],
            )
            clock.number += len(gone)


def recomputed_root(session: Session, bank: Bank) -> str:
    """The root of the signals that the database holds: differs from the bank's if rows were changed
    behind its back. About 10 us a signal."""
    rows = session.execute(
        select(
            BankedSignal.type, BankedSignal.value, BankedSignal.external_id,
            Origin.source, Origin.member, Origin.hashed_by,
        )
        .join(Origin, Origin.id == BankedSignal.origin_id)
        .where(BankedSignal.bank_id == bank.id)
        .execution_options(yield_per=10_000)
    )  # fmt: skip
    total = roots.summed(
        roots.element(bank.salt, r.type, r.value, (r.source, r.member, r.hashed_by), r.external_id)
        for r in rows
    )
    return roots.root(total.astype("<u2").tobytes())


def _changed(
    session: Session,
    now: datetime,
    actor: str,
    bank: Bank,
    action: str,
    elements_in: Iterable[bytes],
    elements_out: Iterable[bytes],
    added: int,
    removed: int,
    facts: dict[str, int],
) -> Changed:
    """Count and log a change, if it is one."""
    if added or removed:
        bank.state = roots.changed(
            bank.state, roots.summed(elements_in), roots.summed(elements_out)
        )
        bank.signals += added - removed
        bank.version += 1
        bank.changed_at = now
        count = {"added": added} if added else {"removed": removed}
        audit.append(
            session, now, actor, action, f"bank:{bank.name}", version=bank.version,
            root=roots.root(bank.state), signals=bank.signals, **count, **facts,
        )  # fmt: skip
    return Changed(added, removed, bank.version, roots.root(bank.state))


class _Places:
    """Where signals come from as rows say it, `spoken`, each at its place: with type, value and
    external id, what makes one another signal."""

    def __init__(self, bank: Bank) -> None:
        self.spoken: list[tuple[str, str, str]] = []
        self._source = bank.source
        self._places: dict[tuple[str, str, str], int] = {}
        self._last, self._place = From(), -1

    def of(self, origin: From) -> int:
        """The place of an origin. Signals of one come one after the other."""
        if origin is not self._last or self._place < 0:
            said = origin.source or self._source, origin.member, origin.hashed_by
            self._place = self._places.setdefault(said, len(self._places))
            if self._place == len(self.spoken):
                self.spoken.append(said)
            self._last = origin
        return self._place


def _origins(session: Session, bank: Bank, wanted: Sequence[tuple[str, str, str]]) -> list[int]:
    """The number of each origin, made if it is new."""
    numbers: dict[tuple[str, str, str], int] = {}
    chosen = sorted(wanted)
    for at in range(0, len(chosen), BATCH):
        part = chosen[at : at + BATCH]
        found = session.execute(
            select(Origin.id, Origin.source, Origin.member, Origin.hashed_by).where(
                Origin.bank_id == bank.id,
                tuple_(Origin.source, Origin.member, Origin.hashed_by).in_(part),
            )
        )
        numbers |= {(source, member, by): number for number, source, member, by in found}
    fresh = [
        Origin(bank_id=bank.id, source=source, member=member, hashed_by=by)
        for source, member, by in chosen
        if (source, member, by) not in numbers
    ]
    session.add_all(fresh)
    session.flush()
    numbers |= {(o.source, o.member, o.hashed_by): o.id for o in fresh}
    return [numbers[said] for said in wanted]

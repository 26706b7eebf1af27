"""Signals that are of one thing: added, switched off and removed together, with what was said of
it.

While a content is off, its signals are out of the bank, by the same removal as any other, and kept
aside; they come back when it is switched on, or at their time. So nothing that searches banks need
know of contents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from tutela import audit
from tutela.banks import changes
from tutela.banks.changes import From, New
from tutela.banks.models import (
    Bank,
    BankedSignal,
    Content,
    ContentSignal,
    Origin,
    Withheld,
)
from tutela.storage import Database, Session

WORKER = "worker"
KEPT = (
    "type", "value", "origin_id", "external_id", "quality", "labels", "opinion", "first_seen",
    "last_seen",
)  # fmt: skip
"""What it takes to put a signal back as it was."""


def add(
    session: Session,
    now: datetime,
    actor: str,
    bank: Bank,
    signals: Sequence[New],
    *,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Content:
    """A new content of a bank, and its signals. What the bank has already gets one more owner.
    Raises `NoSuchBank`."""
    clock = changes.locked(session)
    changes.open_bank(session, bank.id)
    clock.number += 1
    content = Content(
        id=clock.number, bank_id=bank.id, note=note, facts=json.dumps(facts or {}, sort_keys=True),
        off=False, until=None, created_at=now, changed_at=now,
    )  # fmt: skip
    session.add(content)
    session.flush()
    named = [replace(one, external_id=f"content:{content.id}") for one in signals]
    changes.add(session, now, actor, bank.id, named, content=content.id)
    numbers = session.scalars(
        select(BankedSignal.id).where(
            BankedSignal.bank_id == bank.id, BankedSignal.id > content.id,
            BankedSignal.id <= clock.number,
        )
    )  # fmt: skip
    _link(session, content, list(numbers))
    return content


def add_all(
    session: Session,
    now: datetime,
    actor: str,
    bank: Bank,
    some: Sequence[tuple[Sequence[New], str, Mapping[str, Any]]],
) -> list[Content]:
    """Many new contents of a bank at once: of each its signals, its note, and what was said of it.
    Raises `NoSuchBank`."""
    clock = changes.locked(session)
    changes.open_bank(session, bank.id)
    made, named = [], []
    for signals, note, facts in some:
        clock.number += 1
        made.append(Content(
            id=clock.number, bank_id=bank.id, note=note,
            facts=json.dumps(dict(facts), sort_keys=True), off=False, until=None,
            created_at=now, changed_at=now,
        ))  # fmt: skip
        named += [replace(one, external_id=f"content:{clock.number}") for one in signals]
    session.add_all(made)
    session.flush()
    first = clock.number
    changes.add(session, now, actor, bank.id, named, contents=len(made))
    rows = session.execute(
        select(BankedSignal.id, BankedSignal.external_id).where(
            BankedSignal.bank_id == bank.id, BankedSignal.id > first,
            BankedSignal.id <= clock.number,
        )
    ).all()  # fmt: skip
    if rows:
        session.execute(insert(ContentSignal), [
            {"number": row.id, "content_id": int(row.external_id.removeprefix("content:"))}
            for row in rows
        ])  # fmt: skip
    return made


def find(session: Session, bank: Bank, number: int, *, lock: bool = False) -> Content | None:
    """The content of this number, if the bank has it."""
    query = select(Content).where(Content.id == number, Content.bank_id == bank.id)
    return session.scalar(query.with_for_update() if lock else query)


def values(session: Session, content: Content) -> dict[str, str]:
    """Its value of each signal type, be it in the bank or kept aside."""
    there = session.execute(
        select(BankedSignal.type, BankedSignal.value)
        .join(ContentSignal, ContentSignal.number == BankedSignal.id)
        .where(ContentSignal.content_id == content.id)
    ).all()
    aside = session.execute(
        select(Withheld.type, Withheld.value).where(Withheld.content_id == content.id)
    ).all()
    return {kind: value.hex() for kind, value in (*there, *aside)}


def describe(session: Session, now: datetime, actor: str, bank: Bank, content: Content, note: str
) -> None:  # fmt: skip
    """Give it another note."""
    if content.note == note:
        return
    content.note, content.changed_at = note, now
    audit.append(session, now, actor, "bank.content", f"bank:{bank.name}", content=content.id)


def switch_off(
    session: Session, now: datetime, actor: str, content: Content, until: datetime | None
) -> None:
    """From now on it matches nowhere, until a time or until it is switched on. Raises
    `NoSuchBank`."""
    changes.locked(session)
    rows = session.execute(
        select(BankedSignal.id, *(getattr(BankedSignal, name) for name in KEPT))
        .join(ContentSignal, ContentSignal.number == BankedSignal.id)
        .where(ContentSignal.content_id == content.id)
    ).all()
    if rows:
        kept = [
            {"content_id": content.id, **{name: getattr(row, name) for name in KEPT}}
            for row in rows
        ]
        session.execute(insert(Withheld), kept)
        numbers = [row.id for row in rows]
        changes.remove(session, now, actor, content.bank_id, numbers, content=content.id)
    if not content.off or content.until != until:
        _told(session, now, actor, content, "off", until)
    content.off, content.until, content.changed_at = True, until, now


def switch_on(
    session: Session, now: datetime, actor: str, content: Content, since: datetime | None = None
) -> None:
    """It matches again, with all that it had. `since`: the time that was given for this. Raises
    `NoSuchBank`."""
    changes.locked(session)
    rows = session.execute(
        select(Withheld, Origin)
        .join(Origin, Origin.id == Withheld.origin_id)
        .where(Withheld.content_id == content.id)
    ).all()
    if rows:
        back = [
            New(
                one.type, one.value, From(origin.source, origin.member, origin.hashed_by),
                one.external_id, one.quality, one.labels, one.first_seen, one.last_seen,
                one.opinion,
            )
            for one, origin in rows
        ]  # fmt: skip
        changes.add(session, now, actor, content.bank_id, back, content=content.id)
        numbers = [
            session.execute(
                select(BankedSignal.id).where(
                    BankedSignal.bank_id == content.bank_id, BankedSignal.type == one.type,
                    BankedSignal.value == one.value, BankedSignal.origin_id == one.origin_id,
                    BankedSignal.external_id == one.external_id,
                )
            ).scalar_one()
            for one, _ in rows
        ]  # fmt: skip
        session.execute(delete(Withheld).where(Withheld.content_id == content.id))
        _link(session, content, numbers)
    if content.off:
        _told(session, now, actor, content, "on", None)
    content.off, content.until, content.changed_at = False, since, now


def remove(session: Session, now: datetime, actor: str, content: Content) -> None:
    """Take it out of its bank for good. Raises `NoSuchBank`."""
    changes.locked(session)
    numbers = session.scalars(
        select(ContentSignal.number).where(ContentSignal.content_id == content.id)
    ).all()
    changes.remove(session, now, actor, content.bank_id, numbers, content=content.id)
    _told(session, now, actor, content, "removed", None)
    session.execute(delete(Withheld).where(Withheld.content_id == content.id))
    session.execute(delete(Content).where(Content.id == content.id))


def forget_value(
    session: Session, now: datetime, actor: str, bank: Bank, kind: str, value: bytes
) -> int:
    """Let a value that was taken out of a bank not come back with a content that is off; says how
    many were kept aside."""
    numbers = session.scalars(
        select(Withheld.id)
        .join(Content, Content.id == Withheld.content_id)
        .where(Withheld.type == kind, Withheld.value == value, Content.bank_id == bank.id)
    ).all()
    if numbers:
        session.execute(delete(Withheld).where(Withheld.id.in_(numbers)))
        audit.append(
            session, now, actor, "bank.remove", f"bank:{bank.name}", kept_aside=len(numbers)
        )
    return len(numbers)


def of_signals(session: Session, numbers: Sequence[int]) -> dict[int, int]:
    """Of signals that are of a content, the content."""
    made: dict[int, int] = {}
    for at in range(0, len(numbers), changes.BATCH):
        rows = session.execute(
            select(ContentSignal.number, ContentSignal.content_id).where(
                ContentSignal.number.in_(numbers[at : at + changes.BATCH])
            )
        )
        made |= {row.number: row.content_id for row in rows}
    return made


def due(session: Session, now: datetime, limit: int) -> list[str]:
    """Contents whose time has come."""
    found = session.scalars(
        select(Content.id)
        .join(Bank, Bank.id == Content.bank_id)
        .where(Content.off, Content.until <= now, Bank.deleted_at.is_(None))
        .order_by(Content.until)
        .limit(limit)
    )
    return [str(number) for number in found]


def put_back(database: Database, number: int) -> None:
    """Switch a content on whose time has come."""
    with database.writing() as session:
        now = database.now()
        changes.locked(session)
        content = session.get(Content, number, with_for_update=True)
        if content is None or not content.off or content.until is None or content.until > now:
            return
        bank = session.get(Bank, content.bank_id)
        if bank is not None and bank.deleted_at is None:
            switch_on(session, now, WORKER, content, content.until)


def _link(session: Session, content: Content, numbers: Sequence[int]) -> None:
    taken = of_signals(session, numbers)
    rows = [
        {"number": number, "content_id": content.id} for number in numbers if number not in taken
    ]
    if rows:
        session.execute(insert(ContentSignal), rows)


def _told(
    session: Session, now: datetime, actor: str, content: Content, what: str, until: datetime | None
) -> None:
    bank = session.get_one(Bank, content.bank_id)
    shown = until.isoformat(timespec="seconds") if until else None
    audit.append(
        session, now, actor, "bank.content", f"bank:{bank.name}", content=content.id,
        change=what, until=shown,
    )  # fmt: skip

"""Looks into the log: who did what, to what, when; the latest first, by pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, select

from tutela.audit.models import Entry, Head
from tutela.audit.service import PAGE
from tutela.storage import Session


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; what is empty does not matter. An action that ends in a dot is the
    beginning of one: `person.`"""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is too late."""


def found(
    session: Session, sought: Sought, before: int | None = None, limit: int = 50
) -> Sequence[Entry]:
    """Entries backwards, from the one before a number."""
    query = select(Entry).where(*_which(session, sought)).order_by(Entry.number.desc())
    if before is not None:
        query = query.where(Entry.number < before)
    return session.scalars(query.limit(limit)).all()


def all_found(session: Session, sought: Sought, through: int) -> Iterator[Entry]:
    """All of them in order, up to a number: however many, a page is in memory at a time."""
    where = _which(session, sought)
    after = 0
    while True:
        page = session.scalars(
            select(Entry)
            .where(Entry.number > after, Entry.number <= through, *where)
            .order_by(Entry.number)
            .limit(PAGE)
        ).all()
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].number
        session.expunge_all()


def length(session: Session) -> int:
    """How many entries there are."""
    return session.scalar(select(Head.number)) or 0


def _which(session: Session, sought: Sought) -> list[ColumnElement[bool]]:
    where = []
    if sought.actor:
        where.append(Entry.actor == sought.actor)
    if sought.action.endswith("."):
        where.append(Entry.action.between(sought.action, sought.action[:-1] + "/"))
    elif sought.action:
        where.append(Entry.action == sought.action)
    if sought.subject:
        where.append(Entry.subject == sought.subject)
    # Times grow with numbers, and by number the rest is read: so a time becomes a number.
    if sought.since is not None:
        where.append(Entry.number >= _first(session, sought.since))
    if sought.until is not None:
        where.append(Entry.number < _first(session, sought.until))
    return where


def _first(session: Session, at: datetime) -> int:
    """The number of the first entry at a time or later; past the end, if there is none."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds")
    number = session.scalar(
        select(Entry.number).where(Entry.at >= text).order_by(Entry.at, Entry.number).limit(1)
    )
    return length(session) + 1 if number is None else number

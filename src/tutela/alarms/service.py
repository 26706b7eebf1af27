"""Sounds alarms, lists them, closes them.

An alarm is part of the transaction that sounds it: if that is undone, so is the alarm. Who must
sound one although the act failed opens a session of its own. Neither text nor facts ever hold
content of a file, its name, a signal's value or a person.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import rfc8785
from sqlalchemy import event, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tutela import audit
from tutela.alarms.errors import NoSuchAlarm
from tutela.alarms.models import OPEN, Alarm
from tutela.events import emit
from tutela.storage import Session

Fact = str | int | float | bool | None

KIND = re.compile(r"[a-z]+(\.[a-z][a-z-]*)+")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlarmSounded:
    """An alarm was opened; not told again while it sounds on."""

    number: int
    kind: str
    subject: str
    text: str
    at: datetime


def sound(
    session: Session, now: datetime, kind: str, subject: str, text: str, **facts: Fact
) -> int:
    """Open an alarm, or count once more the one that is open; gives its number.

    `kind` is `noun.what`. Any number of processes may sound the same one at once; who sounds
    several in one transaction does so in the order of their names, or two may wait for each other.
    """
    if not KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is not the kind of an alarm")
    values = {
        "kind": kind, "subject": subject, "text": text, "facts": rfc8785.dumps(facts).decode(),
        "times": 1, "sounded_at": now, "last_at": now, "closed_by": "",
    }  # fmt: skip
    is_sqlite = session.connection().dialect.name == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(Alarm).values(values)
    number, times = session.execute(
        insert.on_conflict_do_update(
            index_elements=["kind", "subject"],
            index_where=OPEN,
            set_={
                "text": text, "facts": insert.excluded.facts, "times": Alarm.times + 1,
                "last_at": insert.excluded.last_at,
            },
        ).returning(Alarm.id, Alarm.times)
    ).one()  # fmt: skip
    if times == 1:
        _log(session, f"alarm {number} {kind} of {subject}: {text}")
        emit(session, AlarmSounded(number, kind, subject, text, now))
    return int(number)


def clear(session: Session, now: datetime, kind: str, subject: str) -> bool:
    """Close an alarm whose cause is gone by itself; says whether one was open."""
    number = session.scalar(
        update(Alarm)
        .where(Alarm.kind == kind, Alarm.subject == subject, Alarm.closed_at.is_(None))
        .values(closed_at=now)
        .returning(Alarm.id)
    )
    if number is not None:
        _log(session, f"alarm {number} {kind} of {subject} is over")
    return number is not None


def close(session: Session, now: datetime, actor: str, number: int, why: str = "") -> Alarm:
    """Close an alarm that was looked at: if its cause remains, it sounds again. `why` is kept in
    the audit log.

    Raises `NoSuchAlarm`.
    """
    alarm = session.get(Alarm, number, with_for_update=True)
    if alarm is None or alarm.closed_at is not None:
        raise NoSuchAlarm(f"No alarm {number} is open.", "Run: tutela alarm list")
    alarm.closed_at, alarm.closed_by = now, actor
    said = {"why": why} if why else {}
    audit.append(session, now, actor, "alarm.close", f"alarm:{number}", kind=alarm.kind, **said)
    return alarm


def numbered(session: Session, number: int) -> Alarm:
    """The alarm of a number, be it closed. Raises `NoSuchAlarm`."""
    found = session.get(Alarm, number)
    if found is None:
        raise NoSuchAlarm(f"There is no alarm {number}.", "Run: tutela alarm list --closed")
    return found


def latest(
    session: Session, before: int | None = None, limit: int = 100, *, is_open: bool | None = None
) -> Sequence[Alarm]:
    """Alarms from the last that sounded first, those before a number: open ones, closed ones, or
    both."""
    query = select(Alarm).order_by(Alarm.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Alarm.id < before)
    if is_open is not None:
        closed = Alarm.closed_at
        query = query.where(closed.is_(None) if is_open else closed.is_not(None))
    return session.scalars(query).all()


def listed(
    session: Session, after: int = 0, limit: int = 100, *, only_open: bool = True
) -> Sequence[Alarm]:
    """Alarms in the order in which they first sounded, those after a number."""
    query = select(Alarm).where(Alarm.id > after).order_by(Alarm.id).limit(limit)
    return session.scalars(query.where(Alarm.closed_at.is_(None)) if only_open else query).all()


def sounding(session: Session, kind: str) -> frozenset[str]:
    """Subjects of alarms of a kind that are open."""
    return frozenset(
        session.scalars(select(Alarm.subject).where(Alarm.kind == kind, Alarm.closed_at.is_(None)))
    )


def closed_since(session: Session, kind: str, since: datetime) -> frozenset[str]:
    """Subjects of alarms of a kind that a person closed since then."""
    return frozenset(
        session.scalars(
            select(Alarm.subject).where(
                Alarm.kind == kind, Alarm.closed_at > since, Alarm.closed_by != ""
            )
        )
    )


def counted(session: Session) -> dict[str, int]:
    """How many are open of each kind, for the metric."""
    rows = session.execute(
        select(Alarm.kind, func.count()).where(Alarm.closed_at.is_(None)).group_by(Alarm.kind)
    )
    return {row[0]: row[1] for row in rows}


def _log(session: Session, text: str) -> None:
    """Into the log once it is true: when the session is committed."""
    event.listen(session, "after_commit", lambda _: log.warning(text), once=True)

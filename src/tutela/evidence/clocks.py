"""Clocks: reasons for which a file's bytes are kept for a time. Several may run at once, and
nothing is deleted while one does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, not_, or_, select

from tutela.evidence import service
from tutela.evidence.models import Clock, File
from tutela.storage import Session


def start(
    session: Session,
    now: datetime,
    file_id: str,
    kind: str,
    subject: str,
    basis: str,
    until: datetime | None,
) -> Clock | None:
    """Start a clock; one of the same kind and subject that was not ended runs on, to the later of
    both times. `until` None: until it is ended. None: the bytes are gone already.

    The file's row waits for who deletes it, and who deletes it waits for this. Raises
    `NoSuchEvidence`.
    """
    service.found(session, file_id)
    file = session.get_one(File, file_id, with_for_update=True, populate_existing=True)
    if file.deleted_at is not None:
        return None
    clock = session.scalar(
        select(Clock)
        .where(
            Clock.file_id == file_id, Clock.kind == kind, Clock.subject == subject,
            Clock.ended_at.is_(None),
        )
        .with_for_update()
    )  # fmt: skip
    if clock is None:
        clock = Clock(
            file_id=file_id, kind=kind, subject=subject, basis=basis, began_at=now, until=until,
            ended_at=None,
        )  # fmt: skip
        session.add(clock)
    elif clock.until is not None and (until is None or until > clock.until):
        clock.until = until
    session.flush()
    return clock


def end(
    session: Session, now: datetime, kind: str, subject: str, file_id: str | None = None
) -> int:
    """End the clocks of a kind and subject, on one file or on all; says how many ran."""
    query = (
        select(Clock)
        .where(Clock.kind == kind, Clock.subject == subject, Clock.ended_at.is_(None))
        .order_by(Clock.id)
        .with_for_update()
    )
    if file_id is not None:
        query = query.where(Clock.file_id == file_id)
    found = session.scalars(query).all()
    ran = sum(runs(clock, now) for clock in found)
    for clock in found:
        clock.ended_at = now
    session.flush()
    return ran


def running(session: Session, now: datetime, file_id: str) -> Sequence[Clock]:
    """The clocks that run on a file, in the order in which they began."""
    return session.scalars(
        select(Clock).where(Clock.file_id == file_id, is_running(now)).order_by(Clock.id)
    ).all()


def listed(session: Session, file_ids: Sequence[str]) -> Sequence[Clock]:
    """All clocks that ever ran on some files, in the order in which they began."""
    return session.scalars(
        select(Clock).where(Clock.file_id.in_(file_ids)).order_by(Clock.id)
    ).all()


def runs(clock: Clock, now: datetime) -> bool:
    """Whether a clock runs: at its last moment it no longer does."""
    return clock.ended_at is None and (clock.until is None or clock.until > now)


def is_running(now: datetime) -> ColumnElement[bool]:
    """The same of a query of clocks."""
    return and_(Clock.ended_at.is_(None), or_(Clock.until.is_(None), Clock.until > now))


def free(file_id: SQLColumnExpression[str], now: datetime) -> ColumnElement[bool]:
    """What a query of files is limited by, given its column of the id: no clock runs."""
    return not_(exists().where(Clock.file_id == file_id, is_running(now)))

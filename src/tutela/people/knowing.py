"""Need to know: who of those who see cases sees which. A queue or case for which some are named is
seen by these alone; who is walled off from one never sees it, whatever else was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, not_, or_, select, true

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import callers
from tutela.people.models import Need
from tutela.people.permissions import Caller
from tutela.storage import Session

QUEUE, CASE = "queue", "case"
SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def name(
    session: Session,
    now: datetime,
    by: Caller,
    kind: str,
    subject: str,
    actor: str,
    allowed: bool,
) -> Need:
    """Name someone for a queue or a case, or wall them off from it; what was said of them before
    counts no more. Raises `TutelaError`."""
    _checked(kind, subject)
    if callers.current(session, actor) is None or actor.startswith(callers.SHELL):
        raise TutelaError(
            f"There is no {actor[:80]!r}, or they can do nothing more.",
            "Name someone as in the audit log: person:NAME or key:NAME.",
        )
    found = _found(session, kind, subject, actor)
    if found is None:
        found = Need(kind=kind, subject=subject, actor=actor, allowed=allowed)
        session.add(found)
    found.allowed = allowed
    session.flush()
    action = "need.name" if allowed else "need.wall"
    audit.append(session, now, by.actor, action, f"{kind}:{subject}", whom=actor)
    return found


def forget(
    session: Session, now: datetime, by: Caller, kind: str, subject: str, actor: str
) -> None:
    """Say nothing more of someone. Raises `TutelaError` if nothing was said."""
    found = _found(session, kind, subject, actor)
    if found is None:
        raise TutelaError(f"Nothing is said of {actor[:80]!r} and this {kind[:8]}.",
                          "Run: tutela know list")  # fmt: skip
    allowed = found.allowed
    session.delete(found)
    session.flush()
    audit.append(
        session, now, by.actor, "need.forget", f"{kind}:{subject}", whom=actor, allowed=allowed
    )


def listed(
    session: Session,
    after: int = 0,
    limit: int = 100,
    *,
    kind: str | None = None,
    subject: str | None = None,
    actor: str | None = None,
) -> Sequence[Need]:
    """What is said, in order, that after a number."""
    query = select(Need).where(Need.id > after).order_by(Need.id).limit(limit)
    for column, value in ((Need.kind, kind), (Need.subject, subject), (Need.actor, actor)):
        query = query if value is None else query.where(column == value)
    return session.scalars(query).all()


def visible(
    caller: Caller, queue: SQLColumnExpression[Any], case: SQLColumnExpression[Any]
) -> ColumnElement[bool]:
    """What a query of cases is limited by, given its columns of the queue and of the case's id.

    Who is named for a case sees it although others alone are named for its queue. What is said of a
    person holds for the keys that they made.
    """
    if caller.actor.startswith(callers.SHELL):
        return true()
    who = Need.actor.in_({caller.actor, caller.human})

    def said(kind: str, column: SQLColumnExpression[Any], *more: ColumnElement[bool]) -> Any:
        return exists().where(Need.kind == kind, Need.subject == column, *more)

    named = Need.allowed.is_(True)
    walled = Need.allowed.is_(False)
    return and_(
        not_(said(CASE, case, walled, who)),
        not_(said(QUEUE, queue, walled, who)),
        or_(
            said(CASE, case, named, who),
            and_(
                not_(said(CASE, case, named)),
                or_(not_(said(QUEUE, queue, named)), said(QUEUE, queue, named, who)),
            ),
        ),
    )


def _found(session: Session, kind: str, subject: str, actor: str) -> Need | None:
    return session.scalar(
        select(Need)
        .where(Need.kind == kind, Need.subject == subject, Need.actor == actor)
        .with_for_update()
    )


def _checked(kind: str, subject: str) -> None:
    if kind not in (QUEUE, CASE):
        raise TutelaError(f"{kind[:80]!r} is neither a queue nor a case.", "Say queue or case.")
    if not SUBJECT.fullmatch(subject):
        raise TutelaError(f"{subject[:80]!r} cannot be a {kind}.", "Give its name or its id.")

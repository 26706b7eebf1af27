"""What is known of cases, for those who need to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from tutela.cases import queues
from tutela.cases.alerts import put_alert, report
from tutela.cases.errors import NoSuchCase
from tutela.cases.models import Alert, Case
from tutela.cases.rank import DANGER
from tutela.people import knowing
from tutela.people.permissions import Caller
from tutela.storage import Session

__all__ = [
    "Filters", "alerts", "earlier", "found", "listed", "put_alert", "report", "summary", "waiting",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """A case and how many alerts are on it."""

    case: Case
    alerts: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a queue is asked for."""

    queue: str = ""
    role: str = ""
    danger: bool = False
    mine: bool = False
    """Locked by or assigned to who asks."""


def listed(
    session: Session,
    caller: Caller,
    after: str = "",
    limit: int = 100,
    *,
    only_open: bool = True,
    queue: str = "",
) -> Sequence[Summary]:
    """Cases that the caller needs to know of, in the order in which they were opened, those after
    the case of an id."""
    query = (
        select(Case)
        .where(knowing.visible(caller, Case.queue, Case.id))
        .order_by(Case.opened_at, Case.id)
        .limit(limit)
    )
    if after:
        last = found(session, caller, after)
        query = query.where(
            (Case.opened_at > last.opened_at)
            | ((Case.opened_at == last.opened_at) & (Case.id > last.id))
        )
    if only_open:
        query = query.where(Case.closed_at.is_(None))
    if queue:
        query = query.where(Case.queue == queue)
    return [Summary(case, case.alerts) for case in session.scalars(query)]


def waiting(
    session: Session,
    caller: Caller,
    asked: Filters,
    after: tuple[int, datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[Case]:
    """Open cases in the order in which they are given out, those after a rank, a time and an id."""
    if asked.queue or asked.mine:
        return session.scalars(_waiting(caller, asked, asked.queue, after, limit)).all()
    found: list[Case] = []  # each queue has its order in an index, all of them together have none
    for name in queues.in_use(session):
        found += session.scalars(_waiting(caller, asked, name, after, limit)).all()
    return sorted(found, key=place)[:limit]


def place(case: Case) -> tuple[int, datetime, str]:
    """Where a case stands among those that wait."""
    return case.rank, case.opened_at, case.id


def _waiting(
    caller: Caller,
    asked: Filters,
    queue: str,
    after: tuple[int, datetime, str] | None,
    limit: int,
) -> Select[Case]:
    query: Select[Case] = (
        select(Case)
        .where(
            Case.closed_at.is_(None), Case.test.is_(False),
            knowing.visible(caller, Case.queue, Case.id),
        )
        .order_by(Case.rank, Case.opened_at, Case.id)
        .limit(limit)
    )  # fmt: skip
    if queue:
        query = query.where(Case.queue == queue)
    if asked.role:
        query = query.where(Case.role == asked.role)
    if asked.danger:
        query = query.where(Case.rank < DANGER)
    if asked.mine:
        query = query.where(
            (Case.locked_by == caller.human) | (Case.assigned_to == caller.human)
        )  # fmt: skip
    if after is not None:
        rank, at, case_id = after
        query = query.where(
            Case.rank >= rank,  # what the index begins at
            (Case.rank > rank)
            | ((Case.rank == rank) & (Case.opened_at > at))
            | ((Case.rank == rank) & (Case.opened_at == at) & (Case.id > case_id)),
        )
    return query


def summary(session: Session, caller: Caller, case_id: str) -> Summary:
    """A case and how many alerts are on it. Raises `NoSuchCase`."""
    case = found(session, caller, case_id)
    return Summary(case, case.alerts)


def found(session: Session, caller: Caller, case_id: str) -> Case:
    """The case of an id. Raises `NoSuchCase`, also of one that the caller need not know of."""
    case = session.scalar(
        select(Case).where(Case.id == case_id, knowing.visible(caller, Case.queue, Case.id))
    )
    if case is None:
        raise NoSuchCase(f"There is no case {case_id}.", "Ask for the list of cases.")
    return case


def alerts(
    session: Session, case_id: str, after: int = 0, limit: int = 100, *, detached: bool = True
) -> Sequence[Alert]:
    """What is on a case, in order; with `detached`, what was taken off it too."""
    query = (
        select(Alert)
        .where(Alert.case_id == case_id, Alert.id > after)
        .order_by(Alert.id)
        .limit(limit)
    )
    return session.scalars(query if detached else query.where(Alert.detached_at.is_(None))).all()


def earlier(
    session: Session, caller: Caller, kind: str, subject: str, limit: int = 20
) -> Sequence[Case]:
    """Cases of a subject that the caller needs to know of, the newest first."""
    return session.scalars(
        select(Case)
        .where(
            Case.subject_kind == kind, Case.subject == subject,
            knowing.visible(caller, Case.queue, Case.id),
        )
        .order_by(Case.opened_at.desc(), Case.id.desc())
        .limit(limit)
    ).all()  # fmt: skip

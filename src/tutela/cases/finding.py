"""Finds the next case for someone, and locks it: each step is an index's, however many wait."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, Update, and_, exists, literal, or_, select
from sqlalchemy import update as changing

from tutela.cases import opening, queues
from tutela.cases.models import Alert, Case, Step
from tutela.people import knowing
from tutela.people.permissions import Caller
from tutela.screening.models import ItemMatch
from tutela.storage import Session

Columns = TypeVarTuple("Columns")
SKIPPED = "skipped"
"""The step that says that someone was given a case and did not want it."""


def ready(
    session: Session, now: datetime, caller: Caller, without: Collection[str]
) -> ColumnElement[bool]:
    """What a case must be to be given to the caller, beside its queue."""
    since = now - opening.options_of(session).skip
    skipped = exists().where(
        Step.case_id == Case.id, Step.what == SKIPPED, Step.actor == caller.human, Step.at > since
    )
    wanted = [
        Case.closed_at.is_(None),
        Case.test.is_(False),
        or_(Case.locked_until.is_(None), Case.locked_until <= now),
        or_(Case.assigned_to.is_(None), Case.assigned_to == caller.human),
        ~skipped,
        knowing.visible(caller, Case.queue, Case.id),
    ]
    if without:
        on_it = and_(Alert.case_id == Case.id, Alert.detached_at.is_(None))
        labels = literal(" ").concat(ItemMatch.labels).concat(" ")
        wanted += [
            ~exists().where(on_it, Alert.code.in_(without)),
            ~exists().where(
                on_it,
                ItemMatch.item_id == Alert.item_id,
                or_(*(labels.contains(f" {code} ", autoescape=True) for code in without)),
            ),
        ]
    return and_(*wanted)


def places(
    session: Session, caller: Caller, queue: str | None, ready: ColumnElement[bool]
) -> list[tuple[int, datetime, str, str]]:
    """The case that comes next in each queue, the most urgent first."""
    names: Iterable[str] = [queue] if queue is not None else queues.in_use(session)
    found = []
    for name in names:
        best = session.execute(
            in_order(select(Case.rank, Case.opened_at, Case.id), caller, session, name, ready)
        ).first()
        if best is not None:
            found.append((best[0], best[1], name, best[2]))
    return sorted(found)


def locking(
    session: Session,
    now: datetime,
    caller: Caller,
    ready: ColumnElement[bool],
    only: ColumnElement[bool],
) -> Update:
    """Locks the case that `only` names, if it may still be given out: one statement, so that of two
    who try, one finds nothing. What others are taking just now is passed over, not waited for."""
    one = select(Case.id).where(only, ready).with_for_update(skip_locked=True, of=Case)
    return (
        changing(Case)
        .where(Case.id == one.scalar_subquery())
        .values(locked_by=caller.human, locked_until=now + opening.options_of(session).lock)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )


def in_order(
    query: Select[*Columns],
    caller: Caller,
    session: Session,
    queue: str,
    ready: ColumnElement[bool],
) -> Select[*Columns]:
    """The first case of a queue that may be given to the caller."""
    chosen = query.where(Case.queue == queue, ready)
    named = queues.only_named(session, caller, queue)
    if named is not None:  # else a queue that one may not see would be read to its end
        chosen = chosen.where(Case.id.in_(named))
    return chosen.order_by(Case.rank, Case.opened_at, Case.id).limit(1)

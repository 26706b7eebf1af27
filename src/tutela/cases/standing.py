"""How the queue stands: how many cases wait, and how long the oldest has waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import ColumnElement, case, func, select

from tutela.cases.models import Case
from tutela.storage import Session

MOST = 5_000
"""Open cases that are counted: past so many, nobody reads the number."""

AGES = (timedelta(days=1), timedelta(days=3), timedelta(days=7))


@dataclass(frozen=True, slots=True)
class Standing:
    """The open cases of a queue. `by_age`: younger than each of `AGES`, and the rest."""

    queue: str
    cases: int
    oldest: datetime
    by_age: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Queues:
    """All queues. `more`: there are more cases than were counted, and these are the oldest."""

    each: Sequence[Standing]
    more: bool

    @property
    def cases(self) -> int:
        return sum(queue.cases for queue in self.each)


def standing(session: Session, now: datetime, visible: ColumnElement[bool]) -> Queues:
    """How the queues stand, as far as `visible` says that the cases may be seen. Cases of tests do
    not count: nobody waits for them."""
    opened = (
        select(Case.queue, Case.opened_at)
        .where(Case.closed_at.is_(None), Case.test.is_(False), visible)
        .order_by(Case.opened_at)
        .limit(MOST + 1)
        .subquery()
    )
    bounds = [now - age for age in AGES]
    ages = [func.sum(case((opened.c.opened_at > young, 1), else_=0)) for young in bounds]
    rows = session.execute(
        select(opened.c.queue, func.count(), func.min(opened.c.opened_at), *ages)
        .group_by(opened.c.queue)
        .order_by(func.min(opened.c.opened_at))
    ).all()
    each = []
    for queue, count, oldest, *younger in rows:
        reached = [0, *map(int, younger), int(count)]
        between = tuple(b - a for a, b in pairwise(reached))
        each.append(Standing(queue, int(count), oldest, between))
    return Queues(each, sum(queue.cases for queue in each) > MOST)

"""Decisions as they were recorded, for a policy to be replayed against."""

from __future__ import annotations

from sqlalchemy import select

from tutela.policy import Facts, Recorded
from tutela.screening.models import Decided
from tutela.storage import Session


def recorded(session: Session, after: str = "", limit: int = 1000) -> list[Recorded]:
    """Decisions in the order of their items' ids, those after an item."""
    rows = session.scalars(
        select(Decided).where(Decided.item_id > after).order_by(Decided.item_id).limit(limit)
    )
    return [_of(row) for row in rows]


def of_item(session: Session, item: str) -> Recorded | None:
    """The decision on an item."""
    row = session.get(Decided, item)
    return _of(row) if row else None


def _of(row: Decided) -> Recorded:
    return Recorded(row.item_id, row.at.date(), Facts.loads(row.facts), row.verdict, row.rule)

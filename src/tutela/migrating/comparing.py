"""Compares an answer of here with that of an HMA, and keeps where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, select

from tutela.banks.models import Bank
from tutela.migrating.differences import Rows, Unlike, between
from tutela.migrating.models import CopiedContent, Difference
from tutela.storage import Session

BATCH = 500
"""Values in one statement."""


def unlike(
    session: Session, source: str, ours: Rows, theirs: Rows, *, drawn: bool = False
) -> list[Unlike]:
    """What the two have not in common. `drawn`: each drew for itself which banks take part, so
    that those of a share of items are not compared."""
    became, known = copied(session, source, ours, theirs)
    skip = shares(session, {*ours, *theirs}) if drawn else frozenset[str]()
    return between(ours, theirs, became | known, skip)


def copied(
    session: Session, source: str, ours: Rows, theirs: Rows
) -> tuple[dict[int, int], dict[int, int]]:
    """What the contents there became, and from which those here came."""
    olds = [number for rows in theirs.values() for number, _ in rows]
    news = [number for rows in ours.values() for number, _ in rows]
    pairs = []
    for column, numbers in ((CopiedContent.old, olds), (CopiedContent.new, news)):
        made: dict[int, int] = {}
        for at in range(0, len(numbers), BATCH):
            rows = session.execute(
                select(CopiedContent.old, CopiedContent.new).where(
                    CopiedContent.source == source, column.in_(numbers[at : at + BATCH])
                )
            )
            made |= {row.old: row.new for row in rows}
        pairs.append(made)
    return pairs[0], pairs[1]


def shares(session: Session, names: Iterable[str]) -> frozenset[str]:
    """Of banks by HMA's names, those that are asked of a share of items alone."""
    own = {name.lower(): name for name in names}
    found = session.scalars(
        select(Bank.name).where(Bank.name.in_(own), Bank.rollout > 0, Bank.rollout < 1)
    )
    return frozenset(own[name] for name in found)


def keep(
    session: Session,
    now: datetime,
    route: str,
    kind: str,
    value: str,
    found: Sequence[Unlike],
    most: int,
) -> None:
    """Write down that a lookup was not answered alike; the newest `most` are kept."""
    row = Difference(
        at=now, route=route, signal_type=kind, value=value,
        found=json.dumps([asdict(one) for one in found]),
    )  # fmt: skip
    session.add(row)
    session.flush()
    last = session.scalar(
        select(Difference.id).order_by(Difference.id.desc()).offset(most).limit(1)
    )
    if last is not None:
        session.execute(delete(Difference).where(Difference.id <= last))


def listed(session: Session, after: int = 0, limit: int = 100) -> Sequence[Difference]:
    """Those that are kept, the oldest first."""
    return session.scalars(
        select(Difference).where(Difference.id > after).order_by(Difference.id).limit(limit)
    ).all()


def pairs(
    session: Session, source: str, after: int = 0, limit: int = 10_000
) -> list[Mapping[str, int | str]]:
    """The id here of each content that was copied, in the order of those there."""
    rows = session.execute(
        select(CopiedContent.old, CopiedContent.new, Bank.name)
        .join(Bank, Bank.id == CopiedContent.bank_id)
        .where(CopiedContent.source == source, CopiedContent.old > after)
        .order_by(CopiedContent.old)
        .limit(limit)
    )
    return [{"old": row.old, "new": row.new, "bank": row.name.upper()} for row in rows]

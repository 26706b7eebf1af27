"""Acts that take two people. Until there are accounts, a person is a key.

The first who asks leaves a request that says exactly what is to be done; another key approves it;
whoever asked does it, once, within a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import rfc8785
from sqlalchemy import select

from tutela import audit
from tutela.audit.service import Fact
from tutela.errors import TutelaError
from tutela.people.errors import KeyRefused
from tutela.people.models import Approval, Key
from tutela.storage import Session

VALID = timedelta(days=1)
"""How long a request or an approval stands: what was meant yesterday may not be meant today."""


def requested(
    session: Session, now: datetime, key: Key, act: str, subject: str, facts: Mapping[str, Fact]
) -> tuple[Approval, bool]:
    """The request for this very act, and whether it was approved and is now used up.

    If none stands, one is made. An approved one is used up at once: commit it with the act.
    """
    exactly = rfc8785.dumps(dict(facts)).decode()
    found = session.scalar(
        select(Approval)
        .where(
            Approval.act == act,
            Approval.subject == subject,
            Approval.facts == exactly,
            Approval.asked_by == key.id,
            Approval.used_at.is_(None),
            Approval.asked_at > now - VALID,
        )
        .order_by(Approval.approved_at.is_(None), Approval.id)
        .limit(1)
        .with_for_update()
    )
    if found is not None and found.approved_by is not None:
        approver = session.get_one(Key, found.approved_by)
        if approver.revoked_at is None:
            found.used_at = now
            return found, True
        found.approved_by = found.approved_at = None  # it waits for someone else
    if found is None:
        found = Approval(act=act, subject=subject, facts=exactly, asked_by=key.id, asked_at=now)
        session.add(found)
        session.flush()
        audit.append(
            session, now, f"key:{key.name}", "approval.ask", subject, act=act, request=found.id
        )
    return found, False


def approve(session: Session, now: datetime, key: Key, number: int) -> Approval:
    """Approve a request of another key. Raises `TutelaError`."""
    found = session.get(Approval, number, with_for_update=True)
    if found is None or found.used_at is not None or found.asked_at <= now - VALID:
        raise TutelaError(
            f"No request {number} waits for approval.",
            "Each stands for a day and is used once: tutela approve",
        )
    if found.asked_by == key.id:
        raise KeyRefused(
            f"The key {key.name} asked for this itself.", "Another person must approve it."
        )
    if found.approved_at is None:
        found.approved_by, found.approved_at = key.id, now
        audit.append(
            session, now, f"key:{key.name}", "approval.give", found.subject,
            act=found.act, request=found.id,
        )  # fmt: skip
    return found


def waiting(
    session: Session, now: datetime, after: int = 0, limit: int = 100
) -> Sequence[tuple[Approval, str]]:
    """Requests that nobody approved yet, each with the name of the key that asked: those after a
    number."""
    rows = session.execute(
        select(Approval, Key.name)
        .join(Key, Key.id == Approval.asked_by)
        .where(Approval.approved_at.is_(None), Approval.asked_at > now - VALID, Approval.id > after)
        .order_by(Approval.id)
        .limit(limit)
    )
    return [(approval, name) for approval, name in rows]

"""Requests that stand: what was asked for about a subject, and was not done, refused or lapsed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from tutela.people.approvals import DANGER
from tutela.people.models import Approval
from tutela.storage import Session

MOST = 20
"""Requests about one subject that are shown: more than a day brings."""


def about(session: Session, now: datetime, acts: Sequence[str], subject: str) -> Sequence[Approval]:
    """Requests for one of these acts on a subject, the latest first."""
    return session.scalars(
        select(Approval)
        .where(
            Approval.act.in_(acts), Approval.subject == subject, Approval.mode != DANGER,
            Approval.used_at.is_(None), Approval.refused_at.is_(None), Approval.lapses_at > now,
        )
        .order_by(Approval.id.desc())
        .limit(MOST)
    ).all()  # fmt: skip


def numbered(
    session: Session, now: datetime, acts: Sequence[str], subject: str, number: int
) -> Approval | None:
    """One of these, by its number."""
    return next((one for one in about(session, now, acts, subject) if one.id == number), None)

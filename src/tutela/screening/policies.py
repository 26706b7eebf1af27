"""Which policy decides, and which did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import defer

from tutela import audit
from tutela.errors import TutelaError
from tutela.policy import Policy, load
from tutela.screening.policy_models import Applied
from tutela.storage import Session


class NoPolicy(TutelaError):
    """There is no policy yet, so nothing may be decided."""

    def __init__(self) -> None:
        super().__init__(
            "No policy was applied.",
            "Write one with tutela init --preset, then: tutela policy apply",
        )


def apply(session: Session, now: datetime, actor: str, text: str | bytes) -> Applied:
    """From the end of this transaction on, the policy decides. Raises `PolicyError`, and
    `TutelaError` if this very text decides already."""
    policy = load(text)
    before = current(session)
    if before is not None and before.text == policy.text:
        raise TutelaError("This policy decides already.", "Nothing was changed.")
    row = Applied(version=policy.version, text=policy.text, applied_at=now, applied_by=actor)
    session.add(row)
    session.flush()
    audit.append(
        session,
        now,
        actor,
        "policy.apply",
        f"policy:{row.number}",
        version=policy.version,
        before=before.version if before else None,
    )
    return row


def current(session: Session) -> Applied | None:
    """The policy that decides, if one was ever applied."""
    return session.scalar(select(Applied).order_by(Applied.number.desc()).limit(1))


def required(session: Session) -> Applied:
    """The policy that decides. Raises `NoPolicy`."""
    found = current(session)
    if found is None:
        raise NoPolicy
    return found


def numbered(session: Session, number: int) -> Applied:
    """The policy that was applied under a number. Raises `TutelaError`."""
    found = session.get(Applied, number)
    if found is None:
        raise TutelaError(f"There is no policy {number}.", "Run: tutela policy history")
    return found


def history(session: Session, after: int = 0, limit: int = 100) -> Sequence[Applied]:
    """What was applied, in order, from the one after a number."""
    return session.scalars(
        select(Applied).where(Applied.number > after).order_by(Applied.number).limit(limit)
    ).all()


def latest(session: Session, before: int | None = None, limit: int = 100) -> Sequence[Applied]:
    """What was applied, without its text, the last first, from the one before a number."""
    query = select(Applied).options(defer(Applied.text, raiseload=True))
    if before is not None:
        query = query.where(Applied.number < before)
    return session.scalars(query.order_by(Applied.number.desc()).limit(limit)).all()


def loaded(row: Applied) -> Policy:
    """A policy that was applied, ready to decide. Raises `PolicyError` if a newer Tutela no longer
    reads it."""
    return load(row.text, f"policy {row.number}")

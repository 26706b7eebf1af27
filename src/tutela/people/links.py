"""Links that let someone in, once. Of the secret in a link only its SHA-256 is kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute

from tutela.people import keys
from tutela.people.models import Invitation
from tutela.storage import Session

VALID = timedelta(days=7)
"""How long a link can be used: who sets up on a Friday begins on a Monday."""


def make(session: Session, now: datetime, actor: str, person_id: int | None, role: str = "") -> str:
    """The secret of a new link, which takes the place of those before it for the same person."""
    void(session, now, person_id)
    secret = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            digest=keys.digest(secret), role=role, person_id=person_id, made_by=actor, made_at=now,
            lapses_at=now + VALID, used_at=None,
        )
    )  # fmt: skip
    session.flush()
    return secret


def void(session: Session, now: datetime, person_id: int | None) -> bool:
    """End the links of a person, or those of the first administrator; says whether any stood."""
    ended = session.scalars(
        update(Invitation)
        .where(_of(person_id), _stands(now))
        .values(lapses_at=now)
        .returning(Invitation.digest)
    ).all()
    return bool(ended)


def standing(session: Session, now: datetime, secret: str) -> Invitation | None:
    """The row of a link that can be used."""
    return session.scalar(
        select(Invitation).where(Invitation.digest == keys.digest(secret), _stands(now))
    )


def use_up(session: Session, now: datetime, secret: str) -> bool:
    """Whether the link could be used: of two at once, one can."""
    used = session.scalar(
        update(Invitation)
        .where(Invitation.digest == keys.digest(secret), _stands(now))
        .values(used_at=now)
        .returning(Invitation.digest)
        .execution_options(synchronize_session=False)
    )
    return used is not None


def stands(session: Session, now: datetime, person_id: int | None) -> bool:
    """Whether a person has a link that was not used yet: then nothing else lets them in."""
    return bool(session.scalar(select(exists().where(_of(person_id), _stands(now)))))


def of_person(now: datetime, column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """The same, for a query over people."""
    return exists().where(Invitation.person_id == column, _stands(now))


def _stands(now: datetime) -> ColumnElement[bool]:
    return and_(Invitation.used_at.is_(None), Invitation.lapses_at > now)


def _of(person_id: int | None) -> ColumnElement[bool]:
    if person_id is None:
        return Invitation.person_id.is_(None)
    return Invitation.person_id == person_id

"""What a browser or a provider must give back, once and soon. Only its SHA-256 is kept."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from tutela.people import keys
from tutela.people.models import Challenge
from tutela.storage import Session

LASTS = timedelta(minutes=5)
"""Time to find a phone and unlock it; WebAuthn recommends 5 to 10 minutes (15.1)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written down when a challenge was made."""

    person_id: int | None
    data: dict[str, Any]


def make(
    session: Session,
    now: datetime,
    kind: str,
    data: Mapping[str, Any],
    person_id: int | None = None,
    *,
    secret: str = "",
    lasts: timedelta = LASTS,
) -> str:
    """The secret of a new challenge: 256 random bits, if none is given; one that is takes the place
    of what was kept under it."""
    secret = secret or secrets.token_urlsafe(32)
    is_sqlite = session.connection().dialect.name == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(Challenge)
    insert = insert.values(
        digest=_digest(kind, secret), kind=kind, person_id=person_id, data=json.dumps(dict(data)),
        lapses_at=now + lasts,
    )  # fmt: skip
    new = insert.excluded
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["digest"], set_={"data": new.data, "lapses_at": new.lapses_at}
        )
    )
    return secret


def take(session: Session, now: datetime, kind: str, secret: str) -> Kept | None:
    """What was kept with a challenge, which then is none any more; of two at once, one gets it."""
    row = session.execute(
        delete(Challenge)
        .where(Challenge.digest == _digest(kind, secret), Challenge.lapses_at > now)
        .returning(Challenge.person_id, Challenge.data)
        .execution_options(synchronize_session=False)
    ).first()
    return Kept(row[0], json.loads(row[1])) if row is not None else None


def peek(session: Session, now: datetime, kind: str, secret: str) -> Kept | None:
    """The same, left where it is; others who take or peek wait."""
    return _kept(session, now, kind, secret, lock=True)


def look(session: Session, now: datetime, kind: str, secret: str) -> Kept | None:
    """The same, for a session that only reads."""
    return _kept(session, now, kind, secret, lock=False)


def drop(session: Session, person_id: int) -> None:
    """Forget all that was asked of a person."""
    session.execute(
        delete(Challenge)
        .where(Challenge.person_id == person_id)
        .execution_options(synchronize_session=False)
    )


def purge(session: Session, now: datetime) -> int:
    """Delete what lapsed; gives how many."""
    gone = session.scalars(
        delete(Challenge)
        .where(Challenge.lapses_at <= now)
        .returning(Challenge.digest)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone)


def _kept(session: Session, now: datetime, kind: str, secret: str, *, lock: bool) -> Kept | None:
    query = select(Challenge.person_id, Challenge.data).where(
        Challenge.digest == _digest(kind, secret), Challenge.lapses_at > now
    )
    row = session.execute(query.with_for_update() if lock else query).first()
    return Kept(row[0], json.loads(row[1])) if row is not None else None


def _digest(kind: str, secret: str) -> bytes:
    return keys.digest(f"{kind} {secret}")

"""Links that make someone a member, once. Of the secret in a link only its SHA-256 is kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import keys
from tutela.people.models import Invitation, Key
from tutela.storage import Session

VALID = timedelta(days=7)
"""How long a link can be used: who sets up on a Friday begins on a Monday."""

ADMINISTRATOR = "administrator"


def invite_first(session: Session, now: datetime, actor: str, *, anew: bool) -> str | None:
    """The secret of a link that makes the first administrator; None if there is an administrator,
    or a link that was not used. With `anew`, another takes that link's place."""
    waiting = select(Invitation.digest).where(
        Invitation.used_at.is_(None), Invitation.lapses_at > now
    )
    if not anew and session.scalar(waiting.limit(1)) is not None:
        return None
    rows = session.scalars(select(Key.scopes).where(Key.revoked_at.is_(None)))
    if any(keys.Scope.ADMIN in scopes.split() for scopes in rows):
        return None
    session.execute(update(Invitation).where(Invitation.used_at.is_(None)).values(lapses_at=now))
    secret = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            digest=keys.digest(secret), role=ADMINISTRATOR, made_at=now, lapses_at=now + VALID,
            used_at=None,
        )
    )  # fmt: skip
    session.flush()
    audit.append(session, now, actor, "invitation.make", ADMINISTRATOR)
    return secret


def is_valid(session: Session, now: datetime, secret: str) -> bool:
    found = session.get(Invitation, keys.digest(secret))
    return found is not None and found.used_at is None and found.lapses_at > now


def redeem(session: Session, now: datetime, secret: str) -> tuple[str, str]:
    """Use a link up; gives name and secret of the key that it makes. Raises `TutelaError`."""
    used = session.scalar(
        update(Invitation)
        .where(
            Invitation.digest == keys.digest(secret), Invitation.used_at.is_(None),
            Invitation.lapses_at > now,
        )
        .values(used_at=now)
        .returning(Invitation.role)
    )  # fmt: skip
    if used is None:
        raise TutelaError("This link is not valid, or was used.", "Run: tutela init")
    taken = set(session.scalars(select(Key.name).where(Key.name.startswith(ADMINISTRATOR))))
    name, number = ADMINISTRATOR, 1
    while name in taken:
        number += 1
        name = f"{ADMINISTRATOR}-{number}"
    key, made = keys.create(session, now, "invitation", name, [keys.Scope.ADMIN])
    return key.name, made

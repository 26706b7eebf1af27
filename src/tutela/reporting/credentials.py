"""How we sign in at an authority: sealed in the database, opened only by who sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from tutela import alarms, audit
from tutela.people.errors import NotPermitted
from tutela.people.permissions import Caller, Permission
from tutela.reporting import authorities
from tutela.reporting.authorities import Environment
from tutela.reporting.errors import NotConfigured
from tutela.reporting.models import Credentials
from tutela.sealing import Sealing
from tutela.storage import Session

ALARM = "report.credentials"
LONGEST = 1_000
"""Characters of a name or a password."""


def put(
    session: Session,
    now: datetime,
    caller: Caller,
    sealing: Sealing,
    authority: str,
    environment: str,
    user: str,
    password: str,
) -> Credentials:
    """Set them; what was refused before is tried with these. Raises `NotPermitted`,
    `NoSuchAuthority`, `NotConfigured`."""
    if not caller.may(Permission.ADMIN):
        raise NotPermitted(caller, Permission.ADMIN)
    name, where = authorities.named(authority).name, _environment(environment)
    if not user or ":" in user or not password or not _plain(user) or not _plain(password):
        raise NotConfigured(
            "A user's name or a password is missing, or cannot be sent.",
            f"Give both, in up to {LONGEST} letters of one line; the name has no colon.",
        )
    row = session.get(Credentials, (name, str(where)), with_for_update=True)
    if row is None:
        row = Credentials(authority=name, environment=str(where))
        session.add(row)
    secret = json.dumps([user, password]).encode()
    row.sealed = sealing.seal(secret, _bound(name, where))
    row.set_at, row.set_by, row.refused_at = now, caller.actor, None
    session.flush()
    alarms.clear(session, now, ALARM, _subject(name, where))
    audit.append(session, now, caller.actor, "credentials.set", _subject(name, where))
    return row


def opened(session: Session, sealing: Sealing, authority: str, environment: str) -> tuple[str, str]:
    """User and password. Raises `NotConfigured`, `SealingError`."""
    require(session, authority, environment)
    row = session.get_one(Credentials, (authority, environment))
    user, password = json.loads(sealing.opened(row.sealed, _bound(authority, environment)))
    return user, password


def require(session: Session, authority: str, environment: str) -> None:
    """Raises `NotConfigured` if none were set."""
    if session.get(Credentials, (authority, environment)) is None:
        raise NotConfigured(
            f"There are no credentials for {authority} ({environment}).",
            f"Run: {_command(authority, environment)}",
        )


def listed(session: Session) -> Sequence[Credentials]:
    """All of them, sealed, in order."""
    return session.scalars(
        select(Credentials).order_by(Credentials.authority, Credentials.environment)
    ).all()


def set_at(session: Session, authority: str, environment: str) -> datetime | None:
    """When they were set last."""
    row = session.get(Credentials, (authority, environment))
    return None if row is None else row.set_at


def refused(
    session: Session,
    now: datetime,
    authority: str,
    environment: str,
    why: str,
    signed: datetime | None,
) -> None:
    """Write down that the authority does not take those that were set at `signed`: nothing is sent
    until they are set anew. If they were meanwhile, nothing is known of these yet."""
    row = session.get(
        Credentials, (authority, environment), with_for_update=True, populate_existing=True
    )
    if row is None or row.refused_at is not None or row.set_at != signed:
        return
    row.refused_at = now
    session.flush()
    alarms.sound(
        session, now, ALARM, _subject(authority, environment),
        f"{authority} ({environment}) refuses our credentials: {why} No report is sent until they"
        f" are set: {_command(authority, environment)}",
    )  # fmt: skip


def taken(
    session: Session, now: datetime, authority: str, environment: str, signed: datetime | None
) -> None:
    """Write down that the authority takes those that were set at `signed`: what waited because they
    were refused goes on."""
    row = session.get(
        Credentials, (authority, environment), with_for_update=True, populate_existing=True
    )
    if row is not None and row.refused_at is not None and row.set_at == signed:
        row.refused_at = None
        session.flush()
        alarms.clear(session, now, ALARM, _subject(authority, environment))


def closed(session: Session, now: datetime, authority: str, environment: str, why: str) -> None:
    """Tell somebody that they cannot be opened here: nothing is sent until that is mended."""
    alarms.sound(session, now, ALARM, _subject(authority, environment), why)


def _environment(name: str) -> Environment:
    try:
        return Environment(name)
    except ValueError:
        raise NotConfigured(
            f"There is no environment {name[:40]!r}.", "Say test or production."
        ) from None


def _plain(text: str) -> bool:
    return len(text) <= LONGEST and text.isprintable()


def _bound(authority: str, environment: str) -> bytes:
    return f"tutela reporting {authority} {environment}".encode()


def _command(authority: str, environment: str) -> str:
    return f"tutela report credentials set {authority} --user NAME --environment {environment}"


def _subject(authority: str, environment: str) -> str:
    return f"{authority}:{environment}"

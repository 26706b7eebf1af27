"""Keys of people and programs. Of a secret, which is 256 random bits, only its SHA-256 is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from tutela import audit
from tutela.errors import TutelaError
from tutela.people.errors import KeyRefused
from tutela.people.models import Key
from tutela.storage import Session

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
PREFIX = "tut_"
"""Before each secret, so that scanners of repositories know one when they see it."""


class Scope(StrEnum):
    """What a key may do."""

    SCREEN = "screen"
    LOOKUP = "lookup"
    MATCH_DETAIL = "match:detail"
    BANKS_READ = "banks:read"
    BANKS_WRITE = "banks:write"
    REPORTS = "reports"
    METRICS = "metrics"
    ADMIN = "admin"


def create(
    session: Session,
    now: datetime,
    actor: str,
    name: str,
    scopes: Iterable[str],
    rate: int | None = None,
) -> tuple[Key, str]:
    """A new key, and its secret, which is shown this once. `rate` is how many requests a second it
    may make, where not as many as others. Raises `TutelaError`."""
    if not NAME.fullmatch(name):
        raise TutelaError(
            f"{name!r} cannot be the name of a key.",
            "Use up to 64 of a-z, 0-9, dot, dash and underscore.",
        )
    unknown = sorted(set(scopes) - set(Scope))
    if unknown or not scopes:
        raise TutelaError(
            f"{unknown[0]!r} is not a scope." if unknown else "A key needs a scope.",
            f"Scopes are {', '.join(Scope)}.",
        )
    if session.scalar(select(Key).where(Key.name == name)) is not None:
        raise TutelaError(f"There is a key {name} already.", "Names are not used twice.")
    secret = PREFIX + secrets.token_urlsafe(32)
    key = Key(
        name=name,
        digest=digest(secret),
        scopes=" ".join(sorted(set(scopes))),
        rate=rate,
        created_at=now,
        revoked_at=None,
    )
    session.add(key)
    session.flush()
    audit.append(session, now, actor, "key.create", name, scopes=key.scopes)
    return key, secret


def listed(session: Session, after: str = "", limit: int = 100) -> Sequence[Key]:
    """Keys by name, those revoked too."""
    return session.scalars(
        select(Key).where(Key.name > after).order_by(Key.name).limit(limit)
    ).all()


def revoke(session: Session, now: datetime, actor: str, name: str) -> Key:
    """From now on the key opens nothing. Raises `TutelaError` if there is none."""
    key = session.scalar(select(Key).where(Key.name == name))
    if key is None:
        raise TutelaError(f"There is no key {name!r}.", "Run: tutela key list")
    if key.revoked_at is None:
        key.revoked_at = now
        audit.append(session, now, actor, "key.revoke", name)
    return key


def known(session: Session, secret: str) -> Key:
    """The key that a secret opens. Raises `KeyRefused`, and never says which part was wrong."""
    key = session.scalar(select(Key).where(Key.digest == digest(secret.strip())))
    if key is None or key.revoked_at is not None:
        raise KeyRefused("This key is not valid.", "Ask an administrator: tutela key create")
    return key


def owner(session: Session, secret: str, scope: Scope) -> Key:
    """The key that a secret opens, if it may do this. Raises `KeyRefused`."""
    key = known(session, secret)
    if not {scope, Scope.ADMIN} & set(key.scopes.split()):
        raise KeyRefused(f"The key {key.name} has no scope {scope}.", "Use one that has.")
    return key


def digest(secret: str) -> bytes:
    """What is kept of a secret: it has 256 random bits, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode()).digest()

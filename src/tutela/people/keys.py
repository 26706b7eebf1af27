"""Keys of people and programs. Of a secret, which is 256 random bits, only its SHA-256 is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from tutela import audit
from tutela.errors import TutelaError
from tutela.people.errors import KeyRefused
from tutela.people.models import Key
from tutela.people.permissions import RESTRICTED, Caller, Permission
from tutela.storage import Session

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
PREFIX = "tut_"
"""Before each secret, so that scanners of repositories know one when they see it."""


def create(
    session: Session,
    now: datetime,
    made_by: Caller | str,
    name: str,
    scopes: Iterable[str],
    rate: int | None = None,
) -> tuple[Key, str]:
    """A new key, and its secret, which is shown this once. `rate` is how many requests a second it
    may make, where not as many as others.

    Nobody makes a key that may do more than they, but for an administrator, as far as it is not
    restricted. A `made_by` that is a text is the service's own: of the shell. Raises `TutelaError`.
    """
    scopes = set(scopes)
    if isinstance(made_by, str) and made_by.startswith(("key:", "person:")):
        raise ValueError("what a key or a person may do must be known: give the caller")
    by = made_by if isinstance(made_by, Caller) else Caller(made_by, frozenset(Permission))
    if not NAME.fullmatch(name):
        raise TutelaError(
            f"{name!r} cannot be the name of a key.",
            "Use up to 64 of a-z, 0-9, dot, dash and underscore.",
        )
    unknown = sorted(scopes - set(Permission))
    if unknown or not scopes:
        raise TutelaError(
            f"{unknown[0]!r} is not a scope." if unknown else "A key needs a scope.",
            f"Scopes are {', '.join(Permission)}.",
        )
    given = by.permissions | (set(Permission) - RESTRICTED if by.may(Permission.ADMIN) else set())
    if not scopes <= given:
        more = ", ".join(sorted(scopes - given))
        raise KeyRefused(
            f"{by.actor} makes no key that may do what they may not: {more}.",
            "Leave it out, or have someone make it who may do this themselves.",
        )
    if session.scalar(select(Key).where(Key.name == name)) is not None:
        raise TutelaError(f"There is a key {name} already.", "Names are not used twice.")
    secret = PREFIX + secrets.token_urlsafe(32)
    key = Key(
        name=name,
        digest=digest(secret),
        scopes=" ".join(sorted(scopes)),
        rate=rate,
        made_by=by.human,
        created_at=now,
        revoked_at=None,
    )
    session.add(key)
    session.flush()
    audit.append(session, now, by.actor, "key.create", name, scopes=key.scopes)
    return key, secret


def listed(session: Session, after: str = "", limit: int = 100) -> Sequence[Key]:
    """Keys by name, those revoked too."""
    return session.scalars(
        select(Key).where(Key.name > after).order_by(Key.name).limit(limit)
    ).all()


def revoke(session: Session, now: datetime, by: Caller | str, name: str) -> Key:
    """From now on the key opens nothing. Raises `TutelaError` if there is none."""
    key = session.scalar(select(Key).where(Key.name == name))
    if key is None:
        raise TutelaError(f"There is no key {name!r}.", "Run: tutela key list")
    if key.revoked_at is None:
        key.revoked_at = now
        actor = by.actor if isinstance(by, Caller) else by
        audit.append(session, now, actor, "key.revoke", name)
    return key


def known(session: Session, secret: str) -> Key:
    """The key that a secret opens. Raises `KeyRefused`, and never says which part was wrong."""
    key = session.scalar(select(Key).where(Key.digest == digest(secret.strip())))
    if key is None or key.revoked_at is not None:
        raise KeyRefused("This key is not valid.", "Ask an administrator: tutela key create")
    return key


def digest(secret: str) -> bytes:
    """What is kept of a secret: it has 256 random bits, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()

"""What someone may do now: read anew each time, since roles and keys change while they are used."""

from __future__ import annotations

from sqlalchemy import select

from tutela.people import accounts, keys
from tutela.people.errors import KeyRefused
from tutela.people.models import Key, Person
from tutela.people.permissions import RESTRICTED, Caller, Permission
from tutela.storage import Session

SHELL, KEY, PERSON = "shell:", "key:", "person:"
"""What an actor's name begins with."""

OF_PROGRAMS = frozenset({
    Permission.SCREEN, Permission.LOOKUP, Permission.MATCH_DETAIL, Permission.METRICS,
    Permission.INTAKE,
})  # fmt: skip


def shell(actor: str) -> Caller:
    """The service's own user: who has the files and the keys has all."""
    return Caller(actor, frozenset(Permission))


def of_key(session: Session, key: Key) -> Caller:
    """Who asks with a key. Whoever made it saw its secret, and so is behind it: what is restricted
    it opens only as long as they may do it themselves; and once they are shut out, it opens only
    what programs need, since uploads must go on being screened."""
    behind = key.made_by if key.made_by.startswith((PERSON, KEY)) else ""
    permissions = frozenset(key.scopes.split())
    if behind and not permissions <= OF_PROGRAMS:
        maker = current(session, behind)
        if maker is None:
            permissions &= OF_PROGRAMS
        else:
            permissions -= RESTRICTED - maker.permissions
    return Caller(KEY + key.name, permissions, behind)


def of_secret(session: Session, secret: str) -> Caller:
    """Who asks with the secret of a key. Raises `KeyRefused`."""
    return of_key(session, keys.known(session, secret))


def current(session: Session, actor: str) -> Caller | None:
    """What an actor of the log may do now; None if there is none, or they can do nothing more."""
    if actor.startswith(SHELL):
        return shell(actor)
    if actor.startswith(KEY):
        key = session.scalar(select(Key).where(Key.name == actor.removeprefix(KEY)))
        return of_key(session, key) if key is not None and key.revoked_at is None else None
    person = session.scalar(select(Person).where(Person.name == actor.removeprefix(PERSON)))
    if not actor.startswith(PERSON) or person is None or person.disabled_at is not None:
        return None
    return accounts.caller(session, person)


def still(session: Session, caller: Caller) -> Caller:
    """The same caller as they stand now. Raises `KeyRefused` if they can do nothing more."""
    found = current(session, caller.actor)
    if found is None:
        raise KeyRefused(f"{caller.actor} can do nothing any more.", "Ask an administrator.")
    return found

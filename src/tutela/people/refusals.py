"""Refusals: each is in the audit log, and each can be explained."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import callers
from tutela.people.models import Key, Need, Person, PersonRole, Role
from tutela.people.permissions import RESTRICTED, Caller, Permission
from tutela.storage import Database, Session

EACH = timedelta(minutes=1)
"""How often the same refusal is logged: a program that asks all day must not fill the log."""

HELD = 10_000
"""Refusals remembered at a time, of all callers."""

LONGEST_PLACE = 128

log = logging.getLogger(__name__)
_last: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why someone may or may not do something."""

    actor: str
    permission: str
    known: bool
    """Whether there is such an actor who can do anything at all."""
    may: bool
    has: dict[str, tuple[str, ...]]
    """Each permission that they have, and what gives it: `role NAME` or `key NAME`."""
    through: tuple[str, ...]
    """What gives the permission that was asked about."""
    roles: tuple[str, ...]
    """Roles that would give it."""
    needs: Sequence[Need]
    """What is said of them and of single queues and cases."""
    sentences: tuple[str, ...]
    """The same for a person to read."""


def due(now: datetime, caller: Caller, permission: Permission, place: str) -> bool:
    """Whether this refusal is to be logged: that is, not within a minute in this process."""
    which = caller.actor, str(permission), place
    with _lock:
        last = _last.get(which)
        if last is not None and last <= now < last + EACH:
            return False
        _last[which] = now
        _last.move_to_end(which)
        while len(_last) > HELD:
            _last.popitem(last=False)
    return True


def refused(
    session: Session, now: datetime, caller: Caller, permission: Permission, place: str
) -> None:
    """Log that someone was refused something, at most once a minute."""
    place = place[:LONGEST_PLACE]
    if due(now, caller, permission, place):
        _append(session, now, caller, permission, place)


def tell(database: Database, caller: Caller, permission: Permission, place: str) -> None:
    """The same in a transaction of its own. If it cannot be logged, the refusal stands."""
    place = place[:LONGEST_PLACE]
    now = database.now()
    if not due(now, caller, permission, place):
        return
    try:
        with database.writing() as session:
            _append(session, now, caller, permission, place)
    except TutelaError as error:
        with _lock:
            _last.pop((caller.actor, str(permission), place), None)
        log.error("a refusal of %s could not be logged: %s", caller.actor, error)


def _append(
    session: Session, now: datetime, caller: Caller, permission: Permission, place: str
) -> None:
    audit.append(session, now, caller.actor, "access.refuse", place, permission=str(permission))


def explain(session: Session, actor: str, permission: Permission) -> Explanation:
    """Why someone, named as in the audit log, may or may not do something now."""
    caller = callers.current(session, actor)
    given = _given(session, actor) if caller else {}
    has = {
        name: given.get(name, ("the service's own user",))
        for name in sorted(caller.permissions if caller else ())
    }
    may = caller is not None and caller.may(permission)
    roles = tuple(
        role.name
        for role in session.scalars(select(Role).order_by(Role.name))
        if permission in role.permissions.split()
    )
    who = {actor, caller.human} if caller else {actor}
    needs = session.scalars(select(Need).where(Need.actor.in_(who)).order_by(Need.id)).all()
    through = has.get(permission, ())
    return Explanation(
        actor, str(permission), caller is not None, may, has, through, roles, needs,
        tuple(_sentences(session, actor, caller, permission, given, roles, needs)),
    )  # fmt: skip


def _given(session: Session, actor: str) -> dict[str, tuple[str, ...]]:
    """What is written of an actor: each permission, and where it is."""
    found: dict[str, tuple[str, ...]] = {}
    if actor.startswith(callers.KEY):
        name = actor.removeprefix(callers.KEY)
        scopes = session.scalar(select(Key.scopes).where(Key.name == name)) or ""
        return dict.fromkeys(scopes.split(), (f"key {name}",))
    rows = session.execute(
        select(Role.name, Role.permissions)
        .join(PersonRole, PersonRole.role_id == Role.id)
        .join(Person, Person.id == PersonRole.person_id)
        .where(Person.name == actor.removeprefix(callers.PERSON))
        .order_by(Role.name)
    )
    for role, permissions in rows:
        for permission in permissions.split():
            found[permission] = (*found.get(permission, ()), f"role {role}")
    return found


def _sentences(
    session: Session,
    actor: str,
    caller: Caller | None,
    permission: Permission,
    given: dict[str, tuple[str, ...]],
    roles: tuple[str, ...],
    needs: Sequence[Need],
) -> list[str]:
    if caller is None:
        return [_why_none(session, actor)]
    said = []
    if caller.may(permission):
        through = " and ".join(given.get(permission, ("being the service's own user",)))
        said.append(f"{actor} may {permission.what}: through {through}.")
    else:
        said.append(f"{actor} may not {permission.what}: they lack the permission {permission}.")
        if permission in given:
            said.append(
                f"The key has it, but it is restricted, and {caller.principal}, who made the key,"
                " does not have it any more."
                if permission in RESTRICTED and caller.principal
                else "It is written of them, but they cannot use it now."
            )
        elif actor.startswith(callers.KEY):
            said.append("What a key may do is fixed: make another with this scope.")
        else:
            said.append(
                f"Roles that would give it: {', '.join(roles)}." if roles else "No role gives it."
            )
    for need in needs:
        verb = "is named for" if need.allowed else "is walled off from"
        said.append(f"{need.actor} {verb} the {need.kind} {need.subject}.")
    if permission == Permission.CASES:
        closed = session.scalars(
            select(Need.subject)
            .where(Need.kind == "queue", Need.allowed.is_(True))
            .distinct()
            .order_by(Need.subject)
        ).all()
        named = {need.subject for need in needs if need.kind == "queue" and need.allowed}
        said += [
            f"The queue {queue} is seen by those alone who are named for it."
            for queue in closed
            if queue not in named
        ]
    return said


def _why_none(session: Session, actor: str) -> str:
    if actor.startswith(callers.KEY):
        key = session.scalar(select(Key).where(Key.name == actor.removeprefix(callers.KEY)))
        if key is not None and key.revoked_at is not None:
            return f"{actor} was revoked on {key.revoked_at:%Y-%m-%d}: it opens nothing."
    elif actor.startswith(callers.PERSON):
        name = actor.removeprefix(callers.PERSON)
        person = session.scalar(select(Person).where(Person.name == name))
        if person is not None and person.disabled_at is not None:
            return f"{actor} was disabled on {person.disabled_at:%Y-%m-%d}: they may do nothing."
    return f"There is no {actor[:80]}: name someone as in the audit log, person:NAME or key:NAME."

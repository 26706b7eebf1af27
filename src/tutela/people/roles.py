"""Roles: named sets of permissions, which an operator may edit. What a role gives is read at each
request, so that a change counts at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import accounts, callers
from tutela.people.errors import KeyRefused, NoSuchRole
from tutela.people.keys import NAME
from tutela.people.models import Person, PersonRole, Role
from tutela.people.permissions import RESTRICTED, Caller, Permission
from tutela.storage import Session

LONGEST_NOTE = 1000
P = Permission
REVIEWER = (P.CASES, P.GRADE, P.MATCH_DETAIL, P.BANKS_READ)
BUILT_IN: dict[str, tuple[str, tuple[Permission, ...]]] = {
    "administrator": (
        "Runs the service: people, keys, banks and policy. Sees no case and no media.",
        (P.ADMIN, P.BANKS_READ, P.BANKS_WRITE, P.POLICY, P.METRICS, P.MATCH_DETAIL),
    ),
    "reviewer": ("Works on cases and grades.", REVIEWER),
    "senior-reviewer": (
        "A reviewer who may also open restricted media, report and release.",
        (*REVIEWER, P.MEDIA, P.REPORTS, P.RELEASE),
    ),
    "auditor": (
        "Reads and takes out the audit log, and sees cases and banks.",
        (P.AUDIT, P.EXPORT, P.BANKS_READ, P.CASES),
    ),
    "analyst": (
        "Keeps banks, and takes lists out.",
        (P.BANKS_READ, P.BANKS_WRITE, P.MATCH_DETAIL, P.EXPORT),
    ),
}
"""What a new installation begins with."""


def ensure(session: Session, now: datetime, actor: str) -> None:
    """Make the built in roles where there is no role at all: what an operator deleted stays so."""
    if session.scalar(select(Role.id).limit(1)) is None:
        by = callers.shell(actor)
        for name, (note, permissions) in BUILT_IN.items():
            create(session, now, by, name, note, permissions)


def create(
    session: Session,
    now: datetime,
    by: Caller,
    name: str,
    note: str,
    permissions: Iterable[str],
) -> Role:
    """A new role, which nobody has. Raises `TutelaError`."""
    if not NAME.fullmatch(name):
        raise TutelaError(
            f"{name[:80]!r} cannot be the name of a role.",
            "Use up to 64 of a-z, 0-9, dot, dash and underscore.",
        )
    if session.scalar(select(Role.id).where(Role.name == name)) is not None:
        raise TutelaError(f"There is a role {name} already.", "Change it, or use another name.")
    role = Role(name=name, note=_note(note), permissions=_joined(permissions))
    session.add(role)
    session.flush()
    audit.append(session, now, by.actor, "role.create", f"role:{name}", after=role.permissions)
    return role


def change(
    session: Session,
    now: datetime,
    by: Caller,
    name: str,
    *,
    note: str | None = None,
    permissions: Iterable[str] | None = None,
    agreed: bool = False,
) -> Role:
    """Change what is not None of a role. Who has it has what it gives from now on. `agreed`: a
    second person did, where `needs_two` says so. Raises `TutelaError`."""
    role = named(session, name, locked=True)
    if permissions is not None:
        permissions = set(permissions)
        if not agreed and needs_two(session, by, name, permissions):
            raise KeyRefused(
                f"To give oneself what is restricted takes two people: {by.human} has the role"
                f" {name}.",
                "Have another administrator do it.",
            )
    before = role.permissions
    if note is not None:
        role.note = _note(note)
    if permissions is not None:
        there_was = accounts.any_administrator(session, now)
        role.permissions = _joined(permissions)
        session.flush()
        taken = Permission.ADMIN in before.split() and Permission.ADMIN not in permissions
        if there_was and taken:
            accounts.require_an_administrator(session, now)
    audit.append(
        session, now, by.actor, "role.change", f"role:{name}", before=before,
        after=role.permissions,
    )  # fmt: skip
    return role


def delete(session: Session, now: datetime, by: Caller, name: str) -> None:
    """Delete a role that nobody has. Raises `TutelaError`."""
    role = named(session, name, locked=True)
    count = holders(session, role)
    if count:
        raise TutelaError(
            f"{count} people have the role {name}.", "Take it from them first: tutela person roles"
        )
    session.delete(role)
    session.flush()
    audit.append(session, now, by.actor, "role.delete", f"role:{name}", before=role.permissions)


def listed(session: Session, after: str = "", limit: int = 100) -> Sequence[Role]:
    """Roles by name, those after one."""
    return session.scalars(
        select(Role).where(Role.name > after).order_by(Role.name).limit(limit)
    ).all()


def named(session: Session, name: str, *, locked: bool = False) -> Role:
    """Raises `NoSuchRole`."""
    query = select(Role).where(Role.name == name)
    role = session.scalar(query.with_for_update() if locked else query)
    if role is None:
        raise NoSuchRole(f"There is no role {name[:80]!r}.", "Run: tutela role list")
    return role


def holders(session: Session, role: Role) -> int:
    """How many people have it, those disabled too."""
    return (
        session.scalar(
            select(func.count()).select_from(PersonRole).where(PersonRole.role_id == role.id)
        )
        or 0
    )


def needs_two(session: Session, by: Caller, name: str, permissions: Iterable[str]) -> bool:
    """Whether such a change of a role gives who makes it something restricted that they lack."""
    if not by.human.startswith(callers.PERSON):
        return False
    holds = session.scalar(
        select(Role.id)
        .join(PersonRole, PersonRole.role_id == Role.id)
        .join(Person, Person.id == PersonRole.person_id)
        .where(Person.name == by.human.removeprefix(callers.PERSON), Role.name == name)
    )
    has = callers.current(session, by.human)
    lacks = RESTRICTED - (has.permissions if has else frozenset())
    return holds is not None and not lacks.isdisjoint(permissions)


def _joined(permissions: Iterable[str]) -> str:
    given = set(permissions)
    unknown = sorted(given - set(Permission))
    if unknown:
        raise TutelaError(
            f"{unknown[0][:80]!r} is not a permission.",
            f"Permissions are {', '.join(Permission)}.",
        )
    return " ".join(sorted(given))


def _note(note: str) -> str:
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise TutelaError("This note is too long.", f"Use up to {LONGEST_NOTE} letters.")
    return note.strip()

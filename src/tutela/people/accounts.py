"""People's accounts: who is invited, what roles they have, who is shut out, who is let in again."""

from __future__ import annotations

import unicodedata
import zoneinfo
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, not_, or_, select, text

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import links, sessions
from tutela.people.errors import KeyRefused
from tutela.people.keys import NAME
from tutela.people.models import Passkey, Person, PersonRole, Role
from tutela.people.permissions import RESTRICTED, Caller, Permission
from tutela.storage import Session

ADMINISTRATOR = "administrator"
"""The role of who sets up."""

LONGEST_SHOWN = 128
GUARD = 7850452
"""Number of the Postgres lock under which the last administrator is looked for."""


class NoSuchPerson(TutelaError):
    """There is nobody of this name."""


class LastAdministrator(TutelaError):
    """After this, nobody could administer the service."""


def actor(person: Person) -> str:
    """What the audit log calls them."""
    return f"person:{person.name}"


def invite(
    session: Session,
    now: datetime,
    by: Caller,
    name: str,
    shown_as: str = "",
    roles: Iterable[str] = (),
) -> tuple[Person, str]:
    """A new account, and the secret of the link with which its owner chooses a password.

    Raises `TutelaError`.
    """
    person = new(session, now, name, shown_as)
    given = _roles(session, roles)
    session.add_all(PersonRole(person_id=person.id, role_id=role.id) for role in given)
    secret = links.make(session, now, by.actor, person.id)
    audit.append(
        session, now, by.actor, "person.invite", actor(person),
        roles=" ".join(sorted(role.name for role in given)),
    )  # fmt: skip
    return person, secret


def invite_again(session: Session, now: datetime, by: Caller, name: str) -> str:
    """Another link for who has never signed in: the first lapsed or was lost. Raises
    `TutelaError`."""
    person = named(session, name, lock=True)
    _require_enabled(person)
    if person.password is not None:
        raise TutelaError(f"{name} has an account already.", "Recover it instead.")
    secret = links.make(session, now, by.actor, person.id)
    audit.append(session, now, by.actor, "person.invite", actor(person))
    return secret


def new(session: Session, now: datetime, name: str, shown_as: str = "") -> Person:
    """A row of somebody who cannot sign in yet. Raises `TutelaError`."""
    if not NAME.fullmatch(name):
        raise TutelaError(
            f"{name[:64]!r} cannot be the name of a person.",
            "Use up to 64 of a-z, 0-9, dot, dash and underscore.",
        )
    if session.scalar(select(Person.id).where(Person.name == name)) is not None:
        raise TutelaError(f"There is someone called {name} already.", "Names are not used twice.")
    person = Person(
        name=name, shown_as=shown(shown_as) or name, zone="", created_at=now, totp_step=0,
        failures=0,
    )  # fmt: skip
    session.add(person)
    session.flush()
    return person


def named(session: Session, name: str, *, lock: bool = False) -> Person:
    """Raises `NoSuchPerson`."""
    query = select(Person).where(Person.name == name)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NoSuchPerson(f"There is nobody called {name[:64]!r}.", "Run: tutela person list")
    return found


def listed(
    session: Session, after: str = "", limit: int = 100, containing: str = ""
) -> Sequence[Person]:
    """People by name, those disabled too: those after a name, with a text in either name."""
    query = select(Person).where(Person.name > after).order_by(Person.name).limit(limit)
    if containing:
        query = query.where(
            or_(
                Person.name.icontains(containing, autoescape=True),
                Person.shown_as.icontains(containing, autoescape=True),
            )
        )
    return session.scalars(query).all()


def describe(session: Session, now: datetime, by: Caller, name: str, shown_as: str) -> Person:
    """Another name to be shown. Raises `TutelaError`."""
    person = named(session, name, lock=True)
    wanted = shown(shown_as) or name
    if wanted != person.shown_as:
        before, person.shown_as = person.shown_as, wanted
        audit.append(
            session, now, by.actor, "person.describe", actor(person), before=before, after=wanted
        )
    return person


def set_zone(session: Session, person: Person, zone: str) -> None:
    """In what zone they are shown times; empty: UTC. Raises `TutelaError`."""
    if zone and zone not in zoneinfo.available_timezones():
        raise TutelaError("There is no such time zone.", "Choose one such as Europe/Lisbon.")
    person.zone = zone
    session.flush()


def disable(session: Session, now: datetime, by: Caller, name: str) -> Person:
    """They are shut out at once, their keys too. Raises `TutelaError`, and `LastAdministrator`."""
    person = named(session, name, lock=True)
    if person.disabled_at is None:
        was = is_administrator(session, now, person)
        person.disabled_at = now
        session.flush()
        if was:
            require_an_administrator(session, now)
        links.void(session, now, person.id)
        audit.append(session, now, by.actor, "person.disable", actor(person))
        sessions.end_all(session, now, by.actor, person, "disabled")
    return person


def enable(session: Session, now: datetime, by: Caller, name: str) -> Person:
    """They may sign in again, with what they signed in with before. Raises `TutelaError`."""
    person = named(session, name, lock=True)
    if person.disabled_at is not None:
        person.disabled_at = None
        session.flush()
        audit.append(session, now, by.actor, "person.enable", actor(person))
    return person


def recover(session: Session, now: datetime, by: Caller, name: str) -> str:
    """The secret of a link with which someone chooses a new password, and drops all they signed in
    with before. Until then, or until it lapses, nothing else lets them in.

    Raises `KeyRefused` for oneself, `LastAdministrator`, `TutelaError`.
    """
    person = named(session, name, lock=True)
    _require_enabled(person)
    if by.human == actor(person):
        raise KeyRefused("Nobody recovers their own account.", "Ask another administrator.")
    if person.password is None:
        return invite_again(session, now, by, name)
    was = is_administrator(session, now, person)
    secret = links.make(session, now, by.actor, person.id)
    if was and not by.actor.startswith("shell:"):  # two who recover each other at once
        require_an_administrator(session, now)
    audit.append(session, now, by.actor, "person.recover", actor(person))
    sessions.end_all(session, now, by.actor, person, "recovery")
    return secret


def withdraw(session: Session, now: datetime, by: Caller, name: str) -> bool:
    """End the link of an invitation or a recovery; says whether there was one."""
    person = named(session, name, lock=True)
    stood = links.void(session, now, person.id)
    if stood:
        audit.append(session, now, by.actor, "person.withdraw", actor(person))
    return stood


def roles_of(session: Session, person: Person) -> Sequence[Role]:
    """Their roles, by name."""
    return session.scalars(
        select(Role)
        .join(PersonRole, PersonRole.role_id == Role.id)
        .where(PersonRole.person_id == person.id)
        .order_by(Role.name)
    ).all()


def caller(session: Session, person: Person) -> Caller:
    """What they may do now: what their roles give together; nothing if they are disabled."""
    rows = session.execute(
        select(Role.name, Role.permissions)
        .join(PersonRole, PersonRole.role_id == Role.id)
        .join(Person, Person.id == PersonRole.person_id)
        .where(PersonRole.person_id == person.id, Person.disabled_at.is_(None))
        .order_by(Role.name)
    ).all()
    permissions = frozenset(p for _, given in rows for p in given.split())
    return Caller(actor(person), permissions, "", tuple(name for name, _ in rows))


def set_roles(
    session: Session, now: datetime, by: Caller, name: str, roles: Iterable[str]
) -> Person:
    """Give someone just these roles. Whether that takes two people, `needs_two` says: ask first.

    Raises `TutelaError`, and `LastAdministrator`.
    """
    person = named(session, name, lock=True)
    wanted = _roles(session, roles)
    before = sorted(role.name for role in roles_of(session, person))
    after = sorted(role.name for role in wanted)
    if before == after:
        return person
    was = is_administrator(session, now, person)
    session.execute(delete(PersonRole).where(PersonRole.person_id == person.id))
    session.add_all(PersonRole(person_id=person.id, role_id=role.id) for role in wanted)
    session.flush()
    if was:
        require_an_administrator(session, now)
    audit.append(
        session, now, by.actor, "person.roles", actor(person),
        before=" ".join(before), after=" ".join(after),
    )  # fmt: skip
    return person


def needs_two(session: Session, by: Caller, name: str, roles: Iterable[str]) -> bool:
    """Whether these roles would give who gives them something restricted that they have not."""
    if by.human != f"person:{name}":
        return False
    person = named(session, name)
    given = {p for role in _roles(session, roles) for p in role.permissions.split()}
    return not (given & RESTRICTED) <= caller(session, person).permissions


def is_administrator(session: Session, now: datetime, person: Person) -> bool:
    """Whether they can sign in and then administer."""
    query = select(Person.id).where(Person.id == person.id, _can_sign_in(now), _ADMINISTERS)
    return session.scalar(query) is not None


def any_administrator(session: Session, now: datetime | None = None) -> bool:
    """Whether anybody can sign in and then administer."""
    return session.scalar(select(Person.id).where(_can_sign_in(now), _ADMINISTERS)) is not None


def require_an_administrator(session: Session, now: datetime | None = None) -> None:
    """Raises `LastAdministrator` if nobody who can sign in administers any more, though someone can
    sign in.

    To be asked after a change, before it is committed and before anything of it is audited: others
    who ask wait until this session ends, and who appends to the log keeps others waiting, too.
    """
    session.flush()
    if session.connection().dialect.name != "sqlite":  # whose sessions write one after another
        session.execute(text(f"SELECT pg_advisory_xact_lock({GUARD})"))
    if not any_administrator(session, now):
        raise LastAdministrator(
            "Then nobody could administer this service any more.",
            "Give someone else who can sign in a role with admin first.",
        )


def shown(text_given: str) -> str:
    """A name as it is shown: one line, no control or invisible characters. Raises `TutelaError`."""
    name = " ".join(unicodedata.normalize("NFC", text_given).split())
    bad = any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"} for c in name)
    if bad or len(name) > LONGEST_SHOWN:
        raise TutelaError(
            "This cannot be shown as a name.", f"Use up to {LONGEST_SHOWN} letters, in one line."
        )
    return name


def count(session: Session) -> int:
    """How many accounts there are, those disabled too."""
    return session.scalar(select(func.count()).select_from(Person)) or 0


_ADMINISTERS = exists().where(
    PersonRole.person_id == Person.id,
    PersonRole.role_id == Role.id,
    (" " + Role.permissions + " ").contains(f" {Permission.ADMIN} "),
)


def _can_sign_in(now: datetime | None) -> ColumnElement[bool]:
    """Who is not disabled and has something to sign in with; and, if a time is given, has no link
    that must be used first."""
    passkey = exists().where(Passkey.person_id == Person.id, Passkey.stopped_at.is_(None))
    able = and_(Person.disabled_at.is_(None), or_(Person.password.is_not(None), passkey))
    return able if now is None else and_(able, not_(links.of_person(now, Person.id)))


def _roles(session: Session, names: Iterable[str]) -> Sequence[Role]:
    wanted = set(names)
    found = session.scalars(select(Role).where(Role.name.in_(wanted)).order_by(Role.name)).all()
    missing = sorted(wanted - {role.name for role in found})
    if missing:
        raise TutelaError(f"There is no role {missing[0][:64]!r}.", "Run: tutela role list")
    return found


def _require_enabled(person: Person) -> None:
    if person.disabled_at is not None:
        raise TutelaError(f"{person.name} is disabled.", "Enable them first.")

"""Links that are used once: to become the first administrator, to accept an invitation, to get back
into an account that another administrator lets one recover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import accounts, challenges, links, passwords, sessions
from tutela.people.accounts import ADMINISTRATOR
from tutela.people.links import VALID
from tutela.people.models import Invitation, Passkey, Person, PersonRole, Role
from tutela.people.permissions import Permission
from tutela.storage import Session

__all__ = ["ADMINISTRATOR", "VALID", "Invited", "invite_first", "read", "redeem"]

FIRST, NEW, RECOVERY = "first", "new", "recovery"


@dataclass(frozen=True, slots=True)
class Invited:
    """What a link is for."""

    kind: str
    """`first` administrator, who chooses a name; `new` person; `recovery`."""
    person: Person | None
    lapses_at: datetime


def invite_first(session: Session, now: datetime, actor: str, *, anew: bool) -> str | None:
    """The secret of a link that makes the first administrator; None if there is one who can sign
    in, or a link that was not used. With `anew`, another takes that link's place."""
    if accounts.any_administrator(session, now if anew else None):
        return None
    if not anew and links.stands(session, now, None):
        return None
    secret = links.make(session, now, actor, None, ADMINISTRATOR)
    audit.append(session, now, actor, "invitation.make", ADMINISTRATOR)
    return secret


def read(session: Session, now: datetime, secret: str) -> Invited | None:
    """What a link is for; None if it is none, was used or lapsed. Uses nothing up."""
    found = links.standing(session, now, secret)
    if found is None:
        return None
    if found.person_id is None:
        late = accounts.any_administrator(session, now)  # no first one is wanted any more
        return None if late else Invited(FIRST, None, found.lapses_at)
    person = session.get_one(Person, found.person_id)
    if person.disabled_at is not None:
        return None
    return Invited(NEW if person.password is None else RECOVERY, person, found.lapses_at)


def redeem(
    session: Session,
    now: datetime,
    secret: str,
    password: str,
    name: str = "",
    shown_as: str = "",
) -> Person:
    """Use a link up, with the password that its owner chose; gives who they are. The name is for
    the first administrator.

    What someone signed in with before is gone, and so are their sessions. Raises `TutelaError`, and
    then the link still stands.
    """
    gone = TutelaError("This link is not valid, or was used.", "Ask for another one.")
    invited = read(session, now, secret)
    if invited is None:
        raise gone
    name = name if invited.person is None else invited.person.name
    shown_as = shown_as if invited.person is None else invited.person.shown_as
    passwords.require_good(password, [name, *shown_as.split()])
    kept = passwords.hashed(password)
    if not links.use_up(session, now, secret):
        raise gone
    person = invited.person or _first(session, now, name, shown_as)
    session.execute(
        update(Person)
        .where(Person.id == person.id)
        .values(
            password=kept, totp=None, totp_step=0, oidc_subject=None, failures=0, locked_until=None
        )
    )
    session.execute(delete(Passkey).where(Passkey.person_id == person.id))
    challenges.drop(session, person.id)
    actor = accounts.actor(person)
    if invited.kind == RECOVERY:
        audit.append(session, now, actor, "person.recovered", actor)
        sessions.end_all(session, now, actor, person, "recovery")
    else:
        roles = " ".join(role.name for role in accounts.roles_of(session, person))
        audit.append(session, now, actor, "person.join", actor, roles=roles)
    return person


def purge(session: Session, now: datetime) -> int:
    """Delete links that were used or lapsed; gives how many."""
    gone = session.scalars(
        delete(Invitation)
        .where((Invitation.lapses_at <= now) | Invitation.used_at.is_not(None))
        .returning(Invitation.digest)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone)


def _first(session: Session, now: datetime, name: str, shown_as: str) -> Person:
    person = accounts.new(session, now, name, shown_as)
    roles = session.scalars(select(Role).order_by(Role.name != ADMINISTRATOR, Role.name)).all()
    role = next((r for r in roles if Permission.ADMIN in r.permissions.split()), None)
    if role is None:
        raise TutelaError("No role has the permission admin.", "Run: tutela role set administrator")
    session.add(PersonRole(person_id=person.id, role_id=role.id))
    session.flush()
    return person

"""Sessions of the console: who is signed in, how far, until when. Of a secret only its SHA-256 is
kept, and it changes with each step, so that one which was planted or overheard is of no use."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import keys
from tutela.people.models import Person, SignedIn
from tutela.people.options import Console
from tutela.people.permissions import Caller
from tutela.storage import Database, Session

TOUCH = timedelta(minutes=1)
"""How often at most it is written down that a session is used: not each page is to cost a write."""

LATELY = timedelta(minutes=10)
"""How long a factor that was shown counts for what a stolen session must not do."""

SHOWN = 100
"""Sessions that a list has: nobody is signed in at so many places, and all others end at once."""

KEPT = timedelta(days=7)
"""How long an ended session is kept, to be looked into; the audit log keeps it for good."""

IN_SESSION = "console"
"""Where the settings of the console are in `Session.info`."""


class Stage(StrEnum):
    """How far someone has come."""

    SECOND_FACTOR = "second-factor"
    ENROL = "enrol"
    OPEN = "open"


LASTS = {
    Stage.SECOND_FACTOR: timedelta(minutes=5),  # a password alone is not to stand for long
    Stage.ENROL: timedelta(minutes=30),  # an app may have to be found and installed
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that stands."""

    id: int
    person: Person
    stage: Stage
    caller: Caller
    zone: str
    """IANA time zone; empty: UTC."""
    csrf: str
    how: str
    proved_at: datetime
    stale: bool = field(default=False)
    """Whether it is to be written down that it is used."""

    def proved_lately(self, now: datetime) -> bool:
        """Whether a factor was shown so short a time ago that factors may be changed."""
        return now - self.proved_at <= LATELY


def begin(
    session: Session,
    now: datetime,
    person: Person,
    how: str,
    stage: str,
    agent: str,
    address: str,
) -> str:
    """The secret of a new session."""
    secret = secrets.token_urlsafe(32)
    lasts = LASTS.get(Stage(stage), _options(session).longest)
    session.add(
        SignedIn(
            digest=keys.digest(secret), person_id=person.id, stage=Stage(stage), how=how,
            agent=_printable(agent)[:256], address=_printable(address)[:64], made_at=now,
            seen_at=now, proved_at=now, lapses_at=now + lasts, ended_at=None,
            ended_why="",
        )
    )  # fmt: skip
    session.flush()
    return secret


def read(session: Session, now: datetime, secret: str) -> Opened | None:
    """The session that a secret opens, with what its owner may do now. Writes nothing: `opened`
    does, and is what a page calls."""
    from tutela.people import accounts  # which ends sessions, and so needs this module

    row = session.execute(
        select(SignedIn, Person)
        .join(Person, Person.id == SignedIn.person_id)
        .where(
            SignedIn.digest == keys.digest(secret), _stands(session, now),
            Person.disabled_at.is_(None),
        )
    ).first()  # fmt: skip
    if row is None:
        return None
    found, person = row
    return Opened(
        found.id, person, Stage(found.stage), accounts.caller(session, person), person.zone,
        csrf(secret), found.how, found.proved_at, now - found.seen_at >= TOUCH,
    )  # fmt: skip


def opened(database: Database, secret: str) -> Opened | None:
    """The same, and it is written down that it is used, once a minute at most."""
    now = database.now()
    with database.reading() as session:
        found = read(session, now, secret)
    if found is not None and found.stale:
        with database.writing() as session:
            touch(session, now, found)
    return found


def touch(session: Session, now: datetime, found: Opened) -> None:
    session.execute(
        update(SignedIn)
        .where(SignedIn.id == found.id, SignedIn.seen_at < now)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def step_up(
    session: Session,
    now: datetime,
    secret: str,
    stage: str = Stage.OPEN,
    how: str = "",
) -> str | None:
    """The new secret of a session that has come further, or whose owner proved themselves again;
    the old one opens nothing any more. None if it ended meanwhile."""
    fresh = secrets.token_urlsafe(32)
    values = {
        "digest": keys.digest(fresh), "stage": Stage(stage), "proved_at": now, "seen_at": now,
        "lapses_at": now + LASTS.get(Stage(stage), _options(session).longest),
    } | ({"how": how} if how else {})  # fmt: skip
    if stage == Stage.OPEN:  # no session grows older by proving oneself again
        row = session.execute(
            select(SignedIn.stage, SignedIn.lapses_at).where(SignedIn.digest == keys.digest(secret))
        ).first()
        if row is not None and row[0] == Stage.OPEN:
            values["lapses_at"] = row[1]
    moved = session.scalar(
        update(SignedIn)
        .where(SignedIn.digest == keys.digest(secret), _stands(session, now))
        .values(values)
        .returning(SignedIn.id)
        .execution_options(synchronize_session=False)
    )
    return fresh if moved is not None else None


def end(
    session: Session,
    now: datetime,
    by: str,
    person: Person,
    number: int,
    why: str = "ended",
    action: str = "person.session-end",
) -> None:
    """End a session of a person; `by` is the actor. Raises `TutelaError` if it is not theirs."""
    ended = session.scalar(
        update(SignedIn)
        .where(SignedIn.id == number, SignedIn.person_id == person.id)
        .where(SignedIn.ended_at.is_(None))
        .values(ended_at=now, ended_why=why)
        .returning(SignedIn.id)
        .execution_options(synchronize_session=False)
    )
    if ended is None:
        raise TutelaError("This session ended already.", "Look at the list again.")
    audit.append(session, now, by, action, f"person:{person.name}", which=number, why=why)


def sign_out(session: Session, now: datetime, secret: str) -> None:
    """End the session of a secret, if it stands."""
    row = session.execute(
        select(SignedIn.id, Person)
        .join(Person, Person.id == SignedIn.person_id)
        .where(SignedIn.digest == keys.digest(secret), SignedIn.ended_at.is_(None))
    ).first()
    if row is not None:
        person: Person = row[1]
        end(session, now, f"person:{person.name}", person, row[0], "signed out", "person.sign-out")


def end_all(
    session: Session,
    now: datetime,
    by: str,
    person: Person,
    why: str,
    but: int | None = None,
) -> int:
    """End all sessions of a person, but one maybe; gives how many."""
    query = update(SignedIn).where(SignedIn.person_id == person.id, SignedIn.ended_at.is_(None))
    ended = session.scalars(
        (query if but is None else query.where(SignedIn.id != but))
        .values(ended_at=now, ended_why=why)
        .returning(SignedIn.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        audit.append(
            session, now, by, "person.session-end", f"person:{person.name}",
            sessions=len(ended), why=why,
        )  # fmt: skip
    return len(ended)


def listed(session: Session, now: datetime, person: Person) -> Sequence[SignedIn]:
    """The sessions of a person that stand, the last used first: those that a page can show, of who
    has very many."""
    return session.scalars(
        select(SignedIn)
        .where(SignedIn.person_id == person.id, _stands(session, now))
        .order_by(SignedIn.seen_at.desc(), SignedIn.id)
        .limit(SHOWN)
    ).all()


def purge(session: Session, now: datetime) -> int:
    """Delete those that ended or lapsed a while ago; gives how many."""
    before = now - KEPT
    gone = session.scalars(
        delete(SignedIn)
        .where(or_(SignedIn.ended_at <= before, SignedIn.lapses_at <= before))
        .returning(SignedIn.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone)


def csrf(secret: str) -> str:
    """What a form of this session carries: nobody who lacks its secret can compute it."""
    return hmac.digest(secret.encode(), b"tutela csrf", "sha256").hex()


def _stands(session: Session, now: datetime) -> ColumnElement[bool]:
    return and_(
        SignedIn.ended_at.is_(None),
        SignedIn.lapses_at > now,
        SignedIn.seen_at > now - _options(session).idle,
    )


def _options(session: Session) -> Console:
    return session.info.get(IN_SESSION) or Console()


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)

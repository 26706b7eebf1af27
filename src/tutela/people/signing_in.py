"""How people sign in: one flow, whichever way they come.

Whoever is refused has changed something, too: how often it was tried. So nothing is raised for it;
`Result` says what came of it, and the session is to be committed. Nobody learns whether a name is
known, and a password is compared before the session takes the database's only write lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from tutela import audit
from tutela.errors import TutelaError
from tutela.people import (
    accounts,
    challenges,
    invitations,
    links,
    oidc,
    passkeys,
    passwords,
    sessions,
    totp,
)
from tutela.people.back_off import Written, waits
from tutela.people.keys import NAME
from tutela.people.models import Person
from tutela.people.options import Oidc, Site
from tutela.people.sessions import Opened, Stage
from tutela.sealing import Sealing
from tutela.storage import Database, Session

ANONYMOUS = "anonymous"
UNKNOWN = "unknown-name"
FORGOTTEN = timedelta(days=1)
"""How long a wrong try with an unknown name counts."""


class SignInRefused(TutelaError):
    """Someone who was not let in."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a try. Commit it, whatever it was."""

    secret: str = ""
    """Of the session, to be kept by the browser in place of any other; empty if refused."""
    stage: Stage | None = None
    refused: TutelaError | None = None
    person: Person | None = None


class SigningIn:
    """The flow. One for a process; any thread may use it."""

    def __init__(self, database: Database, sealing: Sealing, options: Oidc | None = None) -> None:
        self.sealing = sealing
        self._database = database
        self._options = options or Oidc()
        self._written = Written()

    def with_password(
        self,
        session: Session,
        now: datetime,
        name: str,
        password: str,
        agent: str = "",
        address: str = "",
    ) -> Result:
        """The first step, or all of it for who must add a second factor. Give a session that did
        nothing yet. Raises `TutelaError` if too many try at once."""
        name = name.strip().lower()
        with self._database.reading() as reading:
            columns = Person.id, Person.password, Person.locked_until
            wanted = name if NAME.fullmatch(name) else ""  # which nobody has
            row = reading.execute(select(*columns).where(Person.name == wanted)).first()
        if row is None:
            return self._unknown(session, now, name, password, address)
        number, kept, until = row
        if until is not None and until > now:
            return _locked(until - now)
        right = passwords.fits(password, kept)
        fresh = passwords.hashed(password) if right and passwords.outdated(kept or "") else None
        person = self._locked_row(session, number)
        if person.locked_until is not None and person.locked_until > now:
            return _locked(person.locked_until - now)
        if not right or person.password != kept:
            return self._failed(session, now, person, "password", address)
        shut = _shut(session, now, person)
        if shut is not None:
            return self._turned_away(session, now, person, "password", address, shut)
        if fresh is not None:
            person.password = fresh
        return self._begun(session, now, person, "password", agent, address)

    def with_code(
        self, session: Session, now: datetime, secret: str, code: str, address: str = ""
    ) -> Result:
        """The second step, or a proof that it is still the same person: a code of the app."""
        opened = sessions.read(session, now, secret)
        if opened is None or opened.stage is Stage.ENROL:
            return late()
        person = self._locked_row(session, opened.person.id)
        if person.locked_until is not None and person.locked_until > now:
            return _locked(person.locked_until - now)
        refused = totp.refused(session, now, self.sealing, person, code)
        if refused is not None:
            return self._failed(session, now, person, "code", address, refused)
        person.failures, person.locked_until = 0, None
        return self._further(session, now, secret, opened, "code", address)

    def with_passkey(
        self,
        session: Session,
        now: datetime,
        site: Site,
        credential: str,
        agent: str = "",
        address: str = "",
        secret: str = "",
    ) -> Result:
        """All of it, or the second step of the session whose secret is given. What passwords were
        tried does not matter here."""
        answer = passkeys.sign_in(session, now, site, credential)
        person = answer.person
        if person is None:
            self._anonymous(session, now, "passkey", address)
            return Result(refused=answer.refused)
        shut = _shut(session, now, person)
        if shut is not None:
            return self._turned_away(session, now, person, "passkey", address, shut)
        opened = sessions.read(session, now, secret) if secret else None
        if opened is not None and opened.stage is not Stage.ENROL:
            if opened.person.id != person.id:
                refused = SignInRefused("This passkey is someone else's.", "Use one of yours.")
                return self._turned_away(session, now, person, "passkey", address, refused)
            if opened.stage is Stage.SECOND_FACTOR:
                person.failures, person.locked_until = 0, None
            return self._further(session, now, secret, opened, "passkey", address)
        return self._opened(session, now, person, "passkey", agent, address)

    def with_oidc(
        self,
        session: Session,
        now: datetime,
        claims: oidc.Claims,
        agent: str = "",
        address: str = "",
    ) -> Result:
        """Who a provider says it is; a second factor is still asked for, unless it is trusted with
        that, too."""
        person = session.scalar(
            select(Person).where(Person.oidc_subject == claims.linked).with_for_update()
        )
        if person is None:
            self._anonymous(session, now, "oidc", address)
            refused = SignInRefused(
                "Nobody here is linked to this account of the provider.",
                "Sign in with name and password, and link it on the page of your account.",
            )
            return Result(refused=refused)
        shut = _shut(session, now, person)
        if shut is not None:
            return self._turned_away(session, now, person, "oidc", address, shut)
        if self._options.second_factor:
            return self._begun(session, now, person, "oidc", agent, address)
        return self._opened(session, now, person, "oidc", agent, address)

    def with_link(
        self,
        session: Session,
        now: datetime,
        link: str,
        password: str,
        name: str = "",
        shown_as: str = "",
        agent: str = "",
        address: str = "",
    ) -> Result:
        """Use up a link, and begin to add a second factor. Raises `TutelaError`; the link then
        still stands."""
        person = invitations.redeem(session, now, link, password, name, shown_as)
        return self._begun(session, now, person, "link", agent, address)

    def prove(
        self, session: Session, now: datetime, secret: str, password: str, address: str = ""
    ) -> Result:
        """Show by the password that it is still the same person, who then may change factors. Give
        a session that did nothing yet."""
        with self._database.reading() as reading:
            before = sessions.read(reading, now, secret)
        if before is None or before.stage is not Stage.OPEN:
            return late()
        kept, until = before.person.password, before.person.locked_until
        if until is not None and until > now:
            return _locked(until - now)
        right = passwords.fits(password, kept)
        person = self._locked_row(session, before.person.id)
        if not right or person.password != kept:
            return self._failed(session, now, person, "password", address)
        result = self._further(session, now, secret, before, "", address)
        return replace(result, person=person) if result.secret else result

    def change_password(
        self, session: Session, now: datetime, secret: str, old: str, new: str, address: str = ""
    ) -> Result:
        """Another password, for who knows the old one; all their other sessions end. Give a session
        that did nothing yet."""
        with self._database.reading() as reading:
            before = sessions.read(reading, now, secret)
        if before is None or before.stage is not Stage.OPEN:
            return late()
        person = before.person
        try:
            passwords.require_good(new, [person.name, *person.shown_as.split()])
        except passwords.PasswordRefused as error:
            return Result(refused=error)
        fresh = passwords.hashed(new)
        proved = self.prove(session, now, secret, old, address)
        if proved.person is None:
            return proved
        proved.person.password = fresh
        session.flush()
        actor = accounts.actor(person)
        audit.append(session, now, actor, "person.password", actor)
        sessions.end_all(session, now, actor, person, "another password", but=before.id)
        return proved

    def _begun(
        self, session: Session, now: datetime, person: Person, how: str, agent: str, address: str
    ) -> Result:
        """After the first factor: the second is asked for, or must be made."""
        if person.totp is not None or passkeys.count(session, person):
            stage = Stage.SECOND_FACTOR
        else:
            stage = Stage.ENROL
            person.failures, person.locked_until = 0, None
        secret = sessions.begin(session, now, person, how, stage, agent, address)
        if stage is Stage.ENROL:
            actor = accounts.actor(person)
            audit.append(
                session, now, actor, "person.sign-in", actor,
                how=how, address=address, stage=str(stage),
            )  # fmt: skip
        return Result(secret, stage, None, person)

    def _opened(
        self, session: Session, now: datetime, person: Person, how: str, agent: str, address: str
    ) -> Result:
        secret = sessions.begin(session, now, person, how, Stage.OPEN, agent, address)
        actor = accounts.actor(person)
        audit.append(session, now, actor, "person.sign-in", actor, how=how, address=address)
        return Result(secret, Stage.OPEN, None, person)

    def _further(
        self,
        session: Session,
        now: datetime,
        secret: str,
        opened: Opened,
        factor: str,
        address: str,
    ) -> Result:
        """The session moves on, under another secret."""
        entering = opened.stage is not Stage.OPEN
        how = f"{opened.how}+{factor}" if entering else opened.how
        fresh = sessions.step_up(session, now, secret, Stage.OPEN, how)
        if fresh is None:
            return late()
        actor = accounts.actor(opened.person)
        if entering:
            audit.append(session, now, actor, "person.sign-in", actor, how=how, address=address)
        return Result(fresh, Stage.OPEN, None, opened.person)

    def _failed(
        self,
        session: Session,
        now: datetime,
        person: Person,
        what: str,
        address: str,
        refused: TutelaError | None = None,
    ) -> Result:
        """Count a wrong password or code; after some, there is a wait."""
        person.failures += 1
        wait = waits(person.failures)
        person.locked_until = now + wait if wait else None
        session.flush()
        subject = accounts.actor(person)
        audit.append(session, now, ANONYMOUS, "person.fail", subject, what=what, address=address)
        if wait:
            audit.append(
                session, now, ANONYMOUS, "person.lock", subject,
                seconds=int(wait.total_seconds()), failures=person.failures,
            )  # fmt: skip
            return _locked(wait)
        return Result(refused=refused or _wrong())

    def _unknown(
        self, session: Session, now: datetime, name: str, password: str, address: str
    ) -> Result:
        """The same for a name that nobody has. Such names share 65 536 places, found with a key, so
        that nobody can fill the database, or tell from a neighbour's wait who is known."""
        place = self.sealing.digest(name.encode("utf-8", "surrogatepass"))[:2].hex()
        with self._database.reading() as reading:
            known = challenges.look(reading, now, UNKNOWN, place)
        if known is not None and (until := datetime.fromisoformat(known.data["until"])) > now:
            return _locked(until - now)
        passwords.fits(password, None)
        kept = challenges.peek(session, now, UNKNOWN, place)
        failures = (kept.data["failures"] if kept else 0) + 1
        wait = waits(failures)
        data = {"failures": failures, "until": (now + wait).isoformat()}
        challenges.make(session, now, UNKNOWN, data, secret=place, lasts=FORGOTTEN)
        self._anonymous(session, now, "name", address)
        return _locked(wait) if wait else Result(refused=_wrong())

    def _anonymous(self, session: Session, now: datetime, what: str, address: str) -> None:
        """Into the log, unless it is one of very many."""
        times = self._written.take(now)
        if times:
            audit.append(
                session, now, ANONYMOUS, "person.fail", "person", what=what, address=address,
                times=times,
            )  # fmt: skip

    def _turned_away(
        self,
        session: Session,
        now: datetime,
        person: Person,
        how: str,
        address: str,
        refused: TutelaError,
    ) -> Result:
        """Someone who showed who they are, and is not let in."""
        audit.append(
            session, now, ANONYMOUS, "person.refuse", accounts.actor(person),
            how=how, address=address,
        )  # fmt: skip
        return Result(refused=refused)

    def _locked_row(self, session: Session, number: int) -> Person:
        query = select(Person).where(Person.id == number).with_for_update()
        return session.scalars(query.execution_options(populate_existing=True)).one()


def _shut(session: Session, now: datetime, person: Person) -> SignInRefused | None:
    """Why nobody signs in to this account now, to be told to its owner alone."""
    if person.disabled_at is not None:
        return SignInRefused("This account is disabled.", "Ask an administrator.")
    if links.stands(session, now, person.id):
        return SignInRefused(
            "This account is being recovered.",
            "Use the link that an administrator gave you. If you asked for none, tell them now.",
        )
    return None


def _wrong() -> SignInRefused:
    return SignInRefused("The name or the password is wrong.", "Try again.")


def late() -> Result:
    """What a session that ended meanwhile comes to."""
    return Result(refused=SignInRefused("This took too long.", "Sign in again."))


def _locked(left: timedelta) -> Result:
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    return Result(
        refused=SignInRefused(
            "Too many wrong tries.",
            f"Wait about {minutes} minute{'s' * (minutes > 1)}, or use a passkey.",
        )
    )

"""People who sign in by a clock that a test moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pyotp
from sqlalchemy import select

from people.authenticator import Authenticator
from tutela.audit import service
from tutela.people import accounts, factors, passkeys, passwords, roles, sessions, totp
from tutela.people.models import Person
from tutela.people.options import Oidc, Site
from tutela.people.permissions import Caller, Permission
from tutela.people.signing_in import Result, SigningIn
from tutela.sealing import Sealing
from tutela.storage import Database

GOOD = "the bicycle stands in the rain"
SHELL = Caller("shell:ann", frozenset(Permission))
SITE = Site("http://localhost:8377")


@cache
def hashed(password: str) -> str:
    """Made once for all tests: to hash is slow on purpose."""
    return passwords.hashed(password)


class Desk:
    """A database with roles, and what a console would do with it."""

    def __init__(self, database: Database, options: Oidc | None = None) -> None:
        self.now = datetime(2031, 5, 1, 12, tzinfo=UTC)
        database.now = lambda: self.now
        self.database = database
        self.sealing = Sealing(bytes(range(32)))
        self.flow = SigningIn(database, self.sealing, options)
        with database.writing() as session:
            roles.ensure(session, self.now, "shell:ann")

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def person(self, name: str = "ann", *given: str, password: str = GOOD) -> Person:
        """Someone who joined, with a password and no other factor."""
        with self.database.writing() as session:
            person = accounts.new(session, self.now, name)
            person.password = hashed(password)
            accounts.set_roles(session, self.now, SHELL, name, given)
            return person

    def with_app(self, name: str = "ann", *given: str) -> pyotp.TOTP:
        """Someone with a password and an authenticator app."""
        person = self.person(name, *given)
        with self.database.writing() as session:
            person = session.get_one(Person, person.id)
            secret = totp.enrol_begin(session, self.now, self.sealing, person).secret
            app = pyotp.TOTP(secret)
            totp.enrol_confirm(session, self.now, self.sealing, person, app.at(self.now))
        self.later(minutes=1)
        return app

    def with_passkey(self, name: str = "ann", *given: str, counts: bool = True) -> Authenticator:
        """Someone with a password and a passkey."""
        person, device = self.person(name, *given), Authenticator(counts=counts)
        with self.database.writing() as session:
            person = session.get_one(Person, person.id)
            options = passkeys.registration_options(session, self.now, SITE, person)
            passkeys.register(session, self.now, SITE, person, "phone", device.make(options))
        return device

    def password(self, name: str = "ann", password: str = GOOD) -> Result:
        with self.database.writing() as session:
            return self.flow.with_password(session, self.now, name, password, "Browser", "::1")

    def code(self, result: Result, code: str) -> Result:
        with self.database.writing() as session:
            return self.flow.with_code(session, self.now, result.secret, code)

    def passkey(self, device: Authenticator, secret: str = "") -> Result:
        with self.database.writing() as session:
            options = passkeys.signing_in_options(session, self.now, SITE)
        return self.credential(device.sign(options), secret)

    def credential(self, given: str, secret: str = "") -> Result:
        with self.database.writing() as session:
            return self.flow.with_passkey(session, self.now, SITE, given, secret=secret)

    def signed_in(self, app: pyotp.TOTP, name: str = "ann") -> Result:
        return self.code(self.password(name), app.at(self.now))

    def opened(self, secret: str) -> sessions.Opened | None:
        return sessions.opened(self.database, secret)

    def remove_totp(self, secret: str) -> Result:
        with self.database.writing() as session:
            return factors.remove_totp(session, self.now, secret)

    def get(self, name: str = "ann") -> Person:
        with self.database.reading() as session:
            return session.scalars(select(Person).where(Person.name == name)).one()

    def acts(self, action: str = "person.") -> list[tuple[str, str, dict[str, object]]]:
        """Actor, action and facts of what the log holds of an action."""
        with self.database.reading() as session:
            return [
                (entry.actor, entry.action, json.loads(entry.facts))
                for entry in service.entries(session)
                if entry.action.startswith(action)
            ]

"""People and keys that stand in a test's database."""

from __future__ import annotations

from tutela.people import accounts, callers, keys, links, roles
from tutela.people.permissions import Caller
from tutela.storage import Database, Session

SHELL = callers.shell("shell:root")


def everyone(database: Database, **people: tuple[str, ...]) -> dict[str, Caller]:
    """People who can sign in, each with a role of their own that gives these permissions."""
    with database.writing() as session:
        now = database.now()
        for name, permissions in people.items():
            roles.create(session, now, SHELL, f"of-{name}", "", permissions)
            accounts.invite(session, now, SHELL, name, name.title(), [f"of-{name}"])
            one = accounts.named(session, name)
            one.password = "set"
            links.void(session, now, one.id)
        session.flush()
        return {name: person(session, name) for name in people}


def person(session: Session, name: str) -> Caller:
    return accounts.caller(session, accounts.named(session, name))


def key_of(database: Database, name: str, by: str, *scopes: str) -> Caller:
    """A key that an actor made."""
    with database.writing() as session:
        maker = callers.current(session, by)
        assert maker is not None
        key, _ = keys.create(session, database.now(), maker, name, scopes)
        return callers.of_key(session, key)

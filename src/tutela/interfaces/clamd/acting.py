"""As which key what comes through this door is screened: it is named in the settings, since the
protocol has no place for a secret."""

from __future__ import annotations

import time

from sqlalchemy import select

from tutela.errors import TutelaError
from tutela.interfaces.api.access import FRESH, Holder
from tutela.people import callers
from tutela.people.models import Key
from tutela.people.permissions import Permission
from tutela.storage import Database, Session


class KeyMissing(TutelaError):
    """The key of this door is none, was revoked, or may not screen."""


class Acting:
    """The key that this door acts as, looked up at most once in `FRESH` seconds."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name
        self._held: Holder | None = None
        self._until = 0.0

    def held(self) -> Holder | None:
        """The key as it was found a moment ago, if it was."""
        return self._held if time.monotonic() < self._until else None

    def look_up(self) -> Holder:
        """The key as it is now. Raises `KeyMissing` or `StorageError`."""
        with self.database.reading() as session:
            found = holder(session, self.name)
        self._held, self._until = found, time.monotonic() + FRESH
        return found


def holder(session: Session, name: str) -> Holder:
    """Raises `KeyMissing`."""
    key = session.scalar(select(Key).where(Key.name == name))
    hint = f"Run: tutela key create {name} --scope screen; or name another in clamd.key."
    if key is None or key.revoked_at is not None:
        raise KeyMissing(f"There is no key {name!r} for the clamd door.", hint)
    found = Holder(key.id, key.name, callers.of_key(session, key), key.rate)
    if not found.may(Permission.SCREEN):
        raise KeyMissing(f"The key {name!r} of the clamd door may not screen.", hint)
    return found

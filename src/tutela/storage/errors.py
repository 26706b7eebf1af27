"""What can go wrong with the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tutela.errors import TutelaError


class StorageError(TutelaError):
    """The database cannot be reached, is not set up, or refused to store."""

    exit_code = 3


class Busy(StorageError):
    """Others wrote for too long: nothing was changed, and the same can be tried again."""


class NotSetUp(StorageError):
    """There is no database of Tutela, or one of another version."""

    exit_code = 1


HINTS = (
    (("no such table", "does not exist"), "Run: tutela init"),
    (("full", "no space"), "Free disk space: what was committed is kept, and nothing else is."),
    (("locked",), "Another process has been writing for long: try again, or use Postgres."),
    (("malformed", "not a database", "corrupt"), "Restore the database from its last backup."),
    (("readonly", "read-only", "permission", "unable to open"),
     "Run as the service's user, in a folder that it may write to."),
)  # fmt: skip
"""What the drivers' texts hold, and what to do then."""

WAITED = ("database is locked", "deadlock detected")
"""What they say where somebody else was in the way, of SQLite and of Postgres."""

OTHERWISE = "See that it runs, and that database_url and its disk are right."


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Errors of the driver, as errors that say what to do, without the values of a statement.

    An IntegrityError passes: it means something to who wrote the row.
    """
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as error:
        text = str(getattr(error, "orig", error)).split("\n", 1)[0]
        hint = next((h for words, h in HINTS if any(w in text.lower() for w in words)), OTHERWISE)
        waited = isinstance(error, PoolTimeout) or any(one in text.lower() for one in WAITED)
        raise (Busy if waited else StorageError)(
            f"The database {where} failed: {text}.", hint
        ) from error
